"""Drawn faces under a dataset's name, for recipes."""

from typing import Literal

import torch

from facsight.core.errors import BadLabels, did_you_mean
from facsight.core.labels import FERPLUS
from facsight.data.drawn.faces import draw_faces
from facsight.data.drawn.units import PAIRED, draw_units, units_of
from facsight.data.face_set import FaceSet
from facsight.data.unit_set import UnitSet

#: The persons of each split, so that nobody is in two.
PERSONS = {"train": range(800), "val": range(800, 900), "test": range(900, 1000)}


def load_drawn(
    *, split: str, faces: int = 2000, size: int = 48, difficulty: float = 0.5, series: int = 0
) -> FaceSet:
    """Drawn faces with the eight expressions of FER+; the same numbers give the same faces.

    `faces` is the number of training faces, the other splits have a quarter of it; `series` draws others.
    """
    count, people, generator = _split(split, faces, series)
    drawn = draw_faces(
        count, generator=generator, size=size, space=FERPLUS, people=people, difficulty=float(difficulty)
    )
    return drawn.faces


def load_drawn_units(
    *,
    split: str,
    faces: int = 2000,
    size: int = 48,
    difficulty: float = 0.3,
    occluded: float = 0.5,
    by: Literal["pairs", "expression"] = "pairs",
    people: int = 800,
    series: int = 0,
) -> UnitSet:
    """Drawn faces with action units, for recipes; the same numbers give the same faces.

    By "pairs" units go together as in `units.PAIRED`, and on a share `occluded` one is hidden; by
    "expression" faces show prototypes of the eight expressions of FER+, which then are known beside the
    units, and nothing is hidden. Units are the same. `people` is how many there are to draw from in training,
    at most 800; the other splits have 100 each.
    """
    count, persons, generator = _split(split, faces, series)
    if people < 1:
        raise BadLabels(f"expected one of the people or more to draw faces of, found {people}")
    shown = persons[:people]
    if by == "pairs":
        return draw_units(
            count, generator=generator, size=size, people=shown, difficulty=difficulty, occluded=occluded
        ).units
    drawn = draw_faces(count, generator=generator, size=size, people=shown, difficulty=difficulty)
    return units_of(drawn, PAIRED.action_units)


def _split(split: str, faces: int, series: int) -> tuple[int, range, torch.Generator]:
    """How many faces of whom a split has, and its numbers."""
    if split not in PERSONS:
        raise BadLabels(f"drawn faces have no split {split!r}: {did_you_mean(split, PERSONS)}")
    generator = torch.Generator().manual_seed(10 * series + list(PERSONS).index(split))
    return (faces if split == "train" else max(1, faces // 4)), PERSONS[split], generator
