"""Clips of a video drawn where they say most, against clips drawn evenly and whole videos, on planted clips.

    python benchmarks/stochastic_softmax.py [--seeds 5]

160 drawn clips of 96 steps for training and 80 for testing, each with one of four expressions in 8 to 12
steps somewhere; `recipes/clips/temporal_stochastic_softmax.toml` says the network and the rest. "dense"
trains on whole clips with the same pooling, half as many epochs; "uniform" never leaves the warm-up. Told
are the accuracy on the test clips, the steps that the network read in training, after how many of them the
accuracy was 95 % for the first time (looked at ten times a training, none: never), the probability of drawing
a clip of 16 steps that shows half of the expression or more, and the seconds of training. Then the seconds of
an epoch on videos of 64, 256 and 1024 steps.
"""

import argparse
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any

import polars as pl
import torch

from facsight.data.drawn import DrawnClips, draw_clips
from facsight.data.sequence_set import Recording, SequenceSet
from facsight.data.simulated import MOOD
from facsight.data.windows import WindowPlan, Windows
from facsight.fusion.concatenation import Concatenation
from facsight.methods.clips.temporal_stochastic_softmax import TemporalStochasticSoftmax
from facsight.nn.encoders.inflated import InflatedBackbone
from facsight.nn.sequence_network import SequenceNetwork
from facsight.nn.weights import load_tensors
from facsight.recipe import Recipe, read_recipe
from facsight.sequence_experiment import train_sequences
from facsight.training.run_folder import CHECKPOINT
from record import record

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from planted_clips import mass_on_part, shows_half

ROOT = Path(__file__).parent.parent
RECIPE = ROOT / "recipes" / "clips" / "temporal_stochastic_softmax.toml"
CLIPS, TESTED, STEPS, ENOUGH, WORKERS = 160, 80, 96, 0.95, 2
LENGTHS = (64, 256, 1024)
#: What each way of training changes of the recipe.
WAYS = {
    "stochastic": [],
    "uniform": ["method.warmup=1000000"],
    "dense": ["method.name=supervised_sequences", "training.epochs={half}"],
}


def recipe_of(way: str, seed: int) -> Recipe:
    epochs = read_recipe(RECIPE).sections["training"]["epochs"]
    return read_recipe(RECIPE, [text.format(half=epochs // 2) for text in WAYS[way]] + [f"seed={seed}"])


def drawn(seed: int, clips: int) -> DrawnClips:
    return draw_clips(clips, generator=torch.Generator().manual_seed(seed), steps=STEPS)


def trained(way: str, seed: int) -> dict[str, Any]:
    torch.set_num_threads(1)
    recipe = recipe_of(way, seed)
    train, test = drawn(2 * seed, CLIPS), drawn(2 * seed + 1, TESTED)
    span = int(recipe.sections["network"]["span"])
    epochs = int(recipe.sections["training"]["epochs"])
    parts = {"train": train.recordings, "val": test.recordings}
    each = len(train.recordings) * (STEPS if way == "dense" else span)
    with tempfile.TemporaryDirectory() as folder:
        begun = perf_counter()
        run = train_sequences(recipe, Path(folder) / "run", read=lambda _, split, __: (parts[str(split)], {}))
        seconds = perf_counter() - begun
        curve = pl.read_csv(run.path / "epochs.csv")
        tensors, _ = load_tensors(run.path / CHECKPOINT)
    good = curve.filter(pl.col("accuracy") >= ENOUGH)["epoch"]
    found: dict[str, Any] = {
        "accuracy": curve["accuracy"][-1],
        "steps_read": epochs * each,
        "seconds": round(seconds, 1),
    }
    found["steps_to_95"] = None if good.is_empty() else good[0] * each
    return found | chances(tensors, train, span, recipe, way)


def chances(
    tensors: Mapping[str, torch.Tensor], train: DrawnClips, span: int, recipe: Recipe, way: str
) -> dict[str, float]:
    """How likely it is that a clip shows the expression: as it is drawn, and drawn evenly."""
    shown = shows_half(train, span)
    even = torch.full(shown.shape, 1 / shown.shape[1])
    if way == "dense":
        return {}
    scores = tensors["current.bank.scores"]
    by_score = (float(recipe.sections["network"]["sharpness"]) * scores).softmax(dim=1)
    return {
        "on_part": round(mass_on_part(by_score, train, span), 3),
        "evenly": round(mass_on_part(even, train, span), 3),
    }


def seconds_of_an_epoch(steps: int, videos: int = 32) -> float:
    """Of drawing a clip of each of so many videos of noise and learning from it; the best of three."""
    recipe = recipe_of("stochastic", 0).sections
    encoder = InflatedBackbone((20, 20), options=recipe["modalities"]["face"]["options"])
    fusion = Concatenation({"face": encoder.size}, layers=0)
    network = SequenceNetwork(fusion, {MOOD.name: len(MOOD)}, encoders={"face": encoder}, **recipe["network"])
    method = TemporalStochasticSoftmax(network, spaces=(MOOD,)).train()
    known, truth = {"face": torch.ones(steps, dtype=torch.bool)}, {MOOD.name: torch.eye(len(MOOD))[0]}
    made = [
        Recording(f"{k}", None, {"face": 255 * torch.rand(steps, 20, 20)}, known, truth)
        for k in range(videos)
    ]
    examples = method.examples(Windows(SequenceSet("noise", 0.04, (MOOD,), tuple(made)), WindowPlan()))
    optimizer, best = torch.optim.AdamW(method.parameters()), float("inf")
    for epoch in range(3):
        begun = perf_counter()
        for rows in torch.arange(videos).split(8):
            method.update(examples(rows, torch.Generator().manual_seed(epoch)), optimizer, 0.0)
        best = min(best, perf_counter() - begun)
    return round(best, 3)


def summed(found: list[dict[str, Any]]) -> dict[str, Any]:
    """The mean over seeds of everything, beside the accuracies of each."""
    told: dict[str, Any] = {"accuracies": [round(one["accuracy"], 3) for one in found]}
    for name in found[0]:
        values = [one[name] for one in found]
        told[name] = None if None in values else round(sum(values) / len(values), 3)
    return told


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--seeds", type=int, default=5)
    chosen = options.parse_args()
    torch.set_num_threads(1)
    lengths = {str(steps): seconds_of_an_epoch(steps) for steps in LENGTHS}
    print("seconds of an epoch of 32 videos, by their steps:", lengths, flush=True)
    found: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
    jobs = [(way, seed) for seed in range(chosen.seeds) for way in WAYS]
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        for (way, seed), one in zip(jobs, pool.map(trained, *zip(*jobs, strict=True)), strict=True):
            found[way].append(one)
            print(seed, way, one, flush=True)
    results = {way: summed(each) for way, each in found.items()}
    print(record("stochastic_softmax", {"seeds": chosen.seeds, "ways": results, "epoch_seconds": lengths}))


if __name__ == "__main__":
    main()
