"""Files for tiny copies of datasets: drawn faces as pictures, text with the line ends of other systems."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from facsight.core.labels import EXPRESSIONS


def mock_faces(
    words: Sequence[str], *, seed: int, size: int = 64, persons: Sequence[int] | None = None
) -> UInt8[np.ndarray, "n size size"]:
    """Drawn grey faces, one for each word: an expression, or anything else for a neutral face.

    `persons` are the numbers of who is drawn, else all are different.
    """
    import torch  # here, so that opening a dataset does not wait for it

    from facsight.data.drawn.conditions import Conditions, draw_scene
    from facsight.data.drawn.expressions import PROTOTYPES, draw_intensities, probabilities
    from facsight.data.drawn.persons import people
    from facsight.data.drawn.portrait import as_bytes, paint

    generator = torch.Generator().manual_seed(seed)
    label = torch.tensor([EXPRESSIONS.index(word) if word in EXPRESSIONS else 0 for word in words])
    conditions = Conditions.at(0.6)  # or drawn faces are near copies of one another
    sitters = people(torch.tensor(list(range(len(words)) if persons is None else persons)))
    table = probabilities(PROTOTYPES, EXPRESSIONS)
    scene = draw_scene(sitters, draw_intensities(label, table, conditions, generator), conditions, generator)
    noise = conditions.noise * torch.randn(len(words), 1, size, size, generator=generator)
    return as_bytes(paint(scene, size=size)[0] + noise).squeeze(1).numpy()


def write_picture(path: Path, picture: UInt8[np.ndarray, "..."]) -> None:
    """A picture file of the kind that its name says; its folder is made."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path)


def write_lines(path: Path, lines: Sequence[str], *, end: str = "\n", last: str = "\n") -> None:
    """A text file; `end` stands between lines and `last` after the last, so a blank line can follow it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((end.join(lines) + last).encode())
