"""Drawn faces under a dataset's name, for recipes."""

import torch

from facsight.core.errors import BadLabels, did_you_mean
from facsight.core.labels import FERPLUS
from facsight.data.drawn.faces import draw_faces
from facsight.data.face_set import FaceSet

#: The persons of each split, so that nobody is in two.
PERSONS = {"train": range(800), "val": range(800, 900), "test": range(900, 1000)}


def load_drawn(
    *, split: str, faces: int = 2000, size: int = 48, difficulty: float = 0.5, series: int = 0
) -> FaceSet:
    """Drawn faces with the eight expressions of FER+; the same numbers give the same faces.

    `faces` is the number of training faces, the other splits have a quarter of it; `series` draws others.
    """
    if split not in PERSONS:
        raise BadLabels(f"drawn faces have no split {split!r}: {did_you_mean(split, PERSONS)}")
    generator = torch.Generator().manual_seed(10 * series + list(PERSONS).index(split))
    count = faces if split == "train" else max(1, faces // 4)
    people = PERSONS[split]
    drawn = draw_faces(
        count, generator=generator, size=size, space=FERPLUS, people=people, difficulty=float(difficulty)
    )
    return drawn.faces
