"""Neutral faces and people for the small reader of `planted`, made up: every value known."""

from pathlib import Path

import torch

from facsight.analysis.reader import Reader
from facsight.analysis.translating import train_translation
from facsight.core.people import People
from facsight.hub import sha256
from facsight.nn.neutral_people import NeutralPeople
from facsight.nn.translation import Translation


def neutral_people(
    weights: Path, *, channels: int = 16, spread: float = 0.1, mean: float = 0.5
) -> NeutralPeople:
    """Of 100 people: maps of 12 x 12 places with `mean` everywhere, and as much `spread` in each channel."""
    card = {"base": sha256(weights), "data": "made up", "faces": 100}
    return NeutralPeople(torch.full((channels, 12, 12), mean), torch.full((channels,), spread), 2.0, card)


def saved_neutral_people(path: Path, weights: Path, **options: float) -> Path:
    """The same as a file."""
    neutral_people(weights, **options).save(path)
    return path


def resting_people(reader: Reader, persons: int, *, seed: int, channels: int = 16) -> People:
    """Features of people at rest and smiling, 8 rows each: what a smile adds, and of each person an offset.

    At rest all would lie at 0.5; a smile adds less than what the reader's head needs to call it one.
    """
    generator = torch.Generator().manual_seed(seed)
    label = torch.arange(2).repeat_interleave(8).repeat(persons)
    person = torch.arange(persons).repeat_interleave(16)
    offset = 0.3 * torch.randn(persons, channels, generator=generator)
    weight = reader.plain.head.weight.detach()
    smile = 0.2 * (weight[1] - weight[0]) / (weight[1] - weight[0]).norm()
    noise = 0.01 * torch.randn(len(label), channels, generator=generator)
    rows = 0.5 + offset[person] + label[:, None] * smile + noise
    return People(rows, label, person, 2 * person + label, tuple(map(str, range(persons))))


def tiny_translation(reader: Reader, *, persons: int = 20) -> Translation:
    """What such people teach."""
    return train_translation(reader, resting_people(reader, persons, seed=1), {"data": "made up"})
