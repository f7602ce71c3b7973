"""Neutral faces and people for the small reader of `planted`, made up: every value known."""

from pathlib import Path

import torch

from facsight.hub import sha256
from facsight.nn.neutral_people import NeutralPeople


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
