"""Simulated recordings under a dataset's name, for recipes."""

from collections.abc import Mapping, Sequence

import torch

from facsight.core.errors import BadLabels, did_you_mean
from facsight.data.sequence_set import SequenceSet
from facsight.data.simulated.recordings import Labels, Scenario, simulate
from facsight.data.simulated.tasks import Overlap, simulate_tasks

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
    return simulate(
        recordings if split == "train" else max(1, recordings // 3),
        generator=_generator(split, series),
        scenario=scenario,
        steps=steps,
        noise=noise,
        people=FIRST[split],
        missing=missing,
        labels=labels,
        name=f"simulated-{scenario}-{split}",
    )


def load_tasks(
    *,
    split: str,
    overlap: Overlap = "shared",
    recordings: int = 60,
    steps: int = 64,
    noise: float = 0.5,
    labelled: Mapping[str, float] | None = None,
    doubt: Mapping[str, float] | None = None,
    fast: Sequence[str] = (),
    series: int = 0,
) -> SequenceSet:
    """Simulated recordings with labels of three tasks (`data.simulated.tasks`), as many as `load_simulated`.

    Labels are missing and wrong in the recordings for training only.
    """
    generator, learnt = _generator(split, series), split == "train"
    return simulate_tasks(
        recordings if learnt else max(1, recordings // 3),
        generator=generator,
        overlap=overlap,
        steps=steps,
        noise=noise,
        labelled=labelled if learnt else None,
        doubt=doubt if learnt else None,
        fast=fast,
        people=FIRST[split],
        name=f"simulated-tasks-{overlap}-{split}",
    )


def _generator(split: str, series: int) -> torch.Generator:
    if split not in FIRST:
        raise BadLabels(f"simulated recordings have no split {split!r}: {did_you_mean(split, FIRST)}")
    return torch.Generator().manual_seed(10 * series + list(FIRST).index(split))
