"""Simulated recordings under a dataset's name, for recipes."""

import torch

from facsight.core.errors import BadLabels, did_you_mean
from facsight.data.sequence_set import SequenceSet
from facsight.data.simulated.recordings import Labels, Scenario, simulate

#: The first person of each split, so that nobody is in two.
FIRST = {"train": 0, "val": 100_000, "test": 200_000}


def load_simulated(
    *,
    split: str,
    scenario: Scenario = "copies",
    recordings: int = 60,
    steps: int = 96,
    noise: float = 1.0,
    missing: float = 0.0,
    labels: Labels = "affect",
    series: int = 0,
) -> SequenceSet:
    """Simulated recordings of face and voice; the same numbers give the same ones.

    `recordings` is the number for training, the other splits have a third of it; `series` draws others.
    """
    if split not in FIRST:
        raise BadLabels(f"simulated recordings have no split {split!r}: {did_you_mean(split, FIRST)}")
    return simulate(
        recordings if split == "train" else max(1, recordings // 3),
        generator=torch.Generator().manual_seed(10 * series + list(FIRST).index(split)),
        scenario=scenario,
        steps=steps,
        noise=noise,
        people=FIRST[split],
        missing=missing,
        labels=labels,
        name=f"simulated-{scenario}-{split}",
    )
