"""How long scores of many frames take, and how much memory: python benchmarks/scoring.py

2.8 million frames of 600 videos with valence and arousal, expressions and action units, some of them not
labelled, as Aff-Wild2 has them. The targets are 5 seconds and 1.5 GB for all three scores, on two cores. Each
part runs in a process of its own, so that its peak memory is its own: Python, torch and the frames included.

Peers score the same frames in the same run: NumPy's moments with scikit-learn's F1, and torchmetrics where it
is installed (python -m pip install torchmetrics). For resampling over videos the peer is a loop that scores
drawn frames again; it is timed for a few resamples and told per resample.

Tuning chooses widths, thresholds, biases and scales for all three kinds together, cross-fitted over 5 folds
of videos, on made-up probabilities of the same frames. It runs once.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import polars as pl

    from facsight.data.predictions import Predictions
    from facsight.data.protocol import Protocol
    from facsight.scoring.truth import Truth

FRAMES, VIDEOS, UNITS, CLASSES = 2_800_000, 600, 12, 8
TARGETS = {"seconds": 5.0, "gigabytes": 1.5}
RESAMPLES, LOOPED = 1000, 2
ONCE = ("looped", "tuned")

Frames = dict[str, tuple[np.ndarray, np.ndarray]]


def frames(count: int) -> tuple[Frames, np.ndarray]:
    """Predictions and labels of each kind, and each frame's video; whole numbers of 64 bits, as in tables."""
    draw = np.random.default_rng(0)
    video = np.sort(draw.integers(VIDEOS, size=count))
    level = draw.normal(0, 0.3, size=(VIDEOS, 2)).astype(np.float32)[video]
    va = np.clip(level + draw.normal(0, 0.2, size=(count, 2)), -1, 1).astype(np.float32)
    guess = np.clip(0.6 * va + draw.normal(0, 0.1, size=va.shape), -1, 1).astype(np.float32)
    va[draw.random(count) < 0.005] = -5
    expr = draw.integers(CLASSES, size=count)
    answer = np.where(draw.random(count) < 0.4, expr, draw.integers(CLASSES, size=count))
    expr[draw.random(count) < 0.4] = -1
    units = (draw.random((count, UNITS), dtype=np.float32) < 0.2).astype(np.int64)
    seen = units ^ (draw.random((count, UNITS), dtype=np.float32) < 0.1)
    units[draw.random(count) < 0.05, 3] = -1
    return {"VA": (guess, va), "EXPR": (answer, expr), "AU": (seen, units)}, video


def ours(data: Frames) -> dict[str, float]:
    from facsight.metrics import abaw_score

    return {task: abaw_score(task, 10, *pair).value for task, pair in data.items()}


def scikit_learn(data: Frames) -> dict[str, float]:
    """NumPy's moments and scikit-learn's F1, with the labels named and invalid rows taken out by hand."""
    from sklearn.metrics import f1_score

    found = {"VA": float(np.mean([_concordance(*pair) for pair in _valid(data["VA"], -5)]))}
    answer, expr = data["EXPR"]
    rows = expr >= 0
    labels = list(range(CLASSES))
    found["EXPR"] = f1_score(expr[rows], answer[rows], average="macro", labels=labels, zero_division=0)
    units = [f1_score(truth, seen, zero_division=0) for seen, truth in _valid(data["AU"], -1)]
    return found | {"AU": float(np.mean(units))}


def torchmetrics(data: Frames) -> dict[str, float]:
    """Its functional scores; its CCC divides by n - 1, so the last digits differ."""
    import torch
    from torchmetrics.functional.classification import multiclass_f1_score, multilabel_f1_score
    from torchmetrics.functional.regression import concordance_corrcoef

    va, (answer, expr), units = _valid(data["VA"], -5), data["EXPR"], data["AU"]
    found = {"VA": float(np.mean([concordance_corrcoef(*map(torch.from_numpy, pair)) for pair in va]))}
    options = {"num_classes": CLASSES, "average": "macro", "ignore_index": -1}
    found["EXPR"] = float(multiclass_f1_score(torch.from_numpy(answer), torch.from_numpy(expr), **options))
    rows = (units[1] >= 0).all(axis=1)
    seen, truth = (torch.from_numpy(table[rows]) for table in units)
    return found | {"AU": float(multilabel_f1_score(seen, truth, num_labels=UNITS, average="macro"))}


def resampled(data: Frames, video: np.ndarray) -> dict[str, float]:
    """1000 resamples of videos for each score, from the sums of each video."""
    import torch

    from facsight.metrics import abaw_tally, cluster_bootstrap

    generator = torch.Generator().manual_seed(0)
    cluster = torch.from_numpy(video)
    found = {}
    for task, pair in data.items():
        tally = abaw_tally(task, 10, *pair, cluster=cluster)
        interval = cluster_bootstrap(tally, generator=generator, resamples=RESAMPLES)
        found |= {f"{task} low": interval.low, f"{task} high": interval.high}
    return found


def looped(data: Frames, video: np.ndarray) -> dict[str, float]:
    """A few resamples as a loop makes them: frames of drawn videos together, scored again."""
    draw = np.random.default_rng(1)
    starts = np.searchsorted(video, np.arange(VIDEOS + 1))
    found = {}
    for _ in range(LOOPED):
        drawn = draw.integers(VIDEOS, size=VIDEOS)
        rows = np.concatenate([np.arange(starts[k], starts[k + 1]) for k in drawn])
        found = scikit_learn({task: (pair[0][rows], pair[1][rows]) for task, pair in data.items()})
    return found


def tuned(data: Frames, video: np.ndarray) -> dict[str, float]:
    """All that can be tuned of valence and arousal, expressions and action units, at 30 frames a second."""
    from facsight.data.protocol import load_protocol
    from facsight.scoring.tuning import tune

    protocol = load_protocol("abaw7-mtl")
    found = tune(
        protocol, *_as_tables(protocol, data, video), ["smooth", "threshold", "bias", "scale"], fps=30.0
    )
    cross = found.crossfitted.official.estimate
    return {"untuned": found.untuned.estimate, "cross-fitted": cross, "in sample": found.insample}


def _as_tables(protocol: "Protocol", data: Frames, video: np.ndarray) -> "tuple[Truth, Predictions]":
    """Labels and predictions as they are once files are read; the answers get probabilities around them."""
    import polars as pl

    from facsight.data.prediction_columns import Columns
    from facsight.data.predictions import Predictions
    from facsight.data.text_blocks import Findings
    from facsight.scoring.truth import Truth

    draw, (va, expr, units) = np.random.default_rng(2), protocol.spaces
    table = pl.DataFrame({"video": video}).with_columns(number=pl.int_range(pl.len()).over("video"))
    table = table.select(
        pl.format("v{}/{}.jpg", "video", pl.col("number").cast(pl.String).str.zfill(5)).alias("sample"),
        pl.format("v{}", "video").alias("cluster"),
    )
    (guess, level), (answer, label), (seen, shown) = (data[task] for task in ("VA", "EXPR", "AU"))
    truth = [_column(name, level[:, k], -5) for k, name in enumerate(va.columns)]
    truth += [_column(name, shown[:, k].astype(np.float32), -1) for k, name in enumerate(units.columns)]
    words = pl.Series(expr.column, np.where(label < 0, 0, label))
    words = words.replace_strict(range(CLASSES), expr.classes, return_dtype=pl.Enum(expr.classes))
    labels = table.with_columns(*truth, words, counts=pl.lit(value=True))
    labels = labels.with_columns(pl.when(pl.Series(label >= 0)).then(expr.column).alias(expr.column))
    shares = draw.random((len(video), CLASSES), dtype=np.float32)
    shares[np.arange(len(video)), answer] += 1
    shares /= shares.sum(axis=1, keepdims=True)
    said = {name: guess[:, k] for k, name in enumerate(va.columns)}
    said |= {name.replace("share_of_", "probability_of_"): shares[:, k] for k, name in enumerate(expr.shares)}
    chances = 0.3 * seen.astype(np.float32) + 0.4 * draw.random(seen.shape, dtype=np.float32)
    said |= {name: chances[:, k] for k, name in enumerate(units.columns)}
    answers = pl.Series(expr.column, shares.argmax(axis=1))
    answers = answers.replace_strict(range(CLASSES), expr.classes, return_dtype=pl.Enum(expr.classes))
    predicted = table.select("sample").with_columns(
        pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("line"), answers, **said
    )
    known = Predictions(Path("made-up"), predicted, Columns("sample"), len(predicted), Findings("made-up"))
    return Truth(labels, "made-up", "val", "video", opened_test=False), known


def _column(name: str, values: np.ndarray, mark: int) -> "pl.Series":
    """Labels of a column, null where there is a mark."""
    import polars as pl

    return pl.Series(name, values).to_frame().select(pl.when(pl.col(name) != mark).then(name)).to_series()


def _valid(pair: tuple[np.ndarray, np.ndarray], mark: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Each column of the rows that have no mark."""
    rows = (pair[1] != mark).all(axis=1)
    return [(pair[0][rows, k], pair[1][rows, k]) for k in range(pair[1].shape[1])]


def _concordance(one: np.ndarray, other: np.ndarray) -> float:
    one, other = one.astype(np.float64), other.astype(np.float64)
    both = ((one - one.mean()) * (other - other.mean())).mean()
    return float(2 * both / (one.var() + other.var() + (one.mean() - other.mean()) ** 2))


def measured(part: str, count: int) -> dict[str, object]:
    """Run one part here: seconds, peak memory, and what it found.

    Median of three runs (one for the loop and for tuning); processor seconds hardly mind a busy machine. A
    first run of few frames, untimed, imports what the part needs.
    """
    parts: dict[str, Callable[[Frames, np.ndarray], dict[str, float]]] = {
        "ours": lambda data, _: ours(data),
        "scikit-learn": lambda data, _: scikit_learn(data),
        "torchmetrics": lambda data, _: torchmetrics(data),
        "resampled": resampled,
        "looped": looped,
        "tuned": tuned,
    }
    parts[part](*frames(20 * VIDEOS))
    data, video = frames(count)
    seconds, processor, found = [], [], {}
    for _ in range(1 if part in ONCE else 3):
        start, used = time.perf_counter(), time.process_time()
        found = parts[part](data, video)
        seconds.append(time.perf_counter() - start)
        processor.append(time.process_time() - used)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    return {
        "seconds": round(statistics.median(seconds), 3),
        "processor_seconds": round(statistics.median(processor), 3),
        "peak_gigabytes": round(peak, 3),
        "found": {name: round(value, 6) for name, value in found.items()},
    }


def apart(part: str, count: int) -> dict[str, object]:
    """Run one part in a process of its own."""
    command = [sys.executable, str(Path(__file__)), "--part", part, "--frames", str(count)]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(told.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, default=FRAMES)
    parser.add_argument("--part", help="run one part in this process and print what it took")
    options = parser.parse_args()
    if options.part:
        print(json.dumps(measured(options.part, options.frames)))
        return
    from record import record

    names = ["ours", "scikit-learn", "resampled", "looped", "tuned"]
    if find_spec("torchmetrics"):
        names.insert(2, "torchmetrics")
    results: dict[str, object] = {"frames": options.frames, "videos": VIDEOS, "targets": TARGETS}
    found = {name: apart(name, options.frames) for name in names}
    for name, result in found.items():
        print(f"{name:14} {result}")
    seconds = {name: float(str(result["processor_seconds"])) for name, result in found.items()}
    loop = seconds["looped"] / LOOPED
    ratios = {
        f"{name} / ours, processor seconds": round(seconds[name] / seconds["ours"], 2)
        for name in ("scikit-learn", "torchmetrics")
        if name in seconds
    }
    ratios["a loop's resample / one of ours"] = round(loop / (seconds["resampled"] / RESAMPLES))
    print(ratios)
    print(record("scoring", results | found | {"ratios": ratios, "resamples": RESAMPLES}))


if __name__ == "__main__":
    main()
