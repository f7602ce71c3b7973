"""Pictures of any size as small grey ones, all that a search for near copies keeps of them."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, UInt8
from PIL import Image
from torch import Tensor

from facsight.core.errors import BadFaces

#: Pixels of a thumbnail's side.
SIDE = 48
#: A picture whose grey levels have a smaller standard deviation shows nothing that could be compared.
BLANK = 2.0


@dataclass(frozen=True)
class Thumbnails:
    """Grey pictures of `SIDE` x `SIDE`, sorted by their samples' ids; `blank`: nothing is to be seen."""

    samples: tuple[str, ...]
    pixels: UInt8[Tensor, "n side side"]
    blank: Bool[Tensor, "n"]

    def __len__(self) -> int:
        return len(self.samples)


def make_thumbnails(pictures: Iterable[tuple[str, np.ndarray]]) -> Thumbnails:
    """Shrink (id, picture) pairs one by one: 2.3 kB stay of each.

    A picture is uint8, (height, width) grey or (height, width, 3) RGB, of any size. `BadFaces` names the
    sample whose picture is not, and an id that comes twice.
    """
    small: dict[str, np.ndarray] = {}
    for sample, picture in pictures:
        if sample in small:
            raise BadFaces(f"expected every sample once, found {sample!r} twice")
        small[sample] = _shrink(sample, picture)
    samples = tuple(sorted(small))
    pixels = torch.empty(len(samples), SIDE, SIDE, dtype=torch.uint8)
    blank = [bool(small[sample].std() < BLANK) for sample in samples]
    for row, sample in enumerate(samples):
        pixels[row] = torch.from_numpy(small.pop(sample))
    return Thumbnails(samples, pixels, torch.tensor(blank, dtype=torch.bool))


def _shrink(sample: str, picture: np.ndarray) -> np.ndarray:
    shape = picture.shape
    if picture.dtype != np.uint8 or len(shape) not in (2, 3) or shape[2:] not in ((), (3,)) or 0 in shape:
        raise BadFaces(
            f"{sample}: expected a picture (height, width) or (height, width, 3) uint8, found {shape} "
            f"{picture.dtype}"
        )
    grey = Image.fromarray(np.ascontiguousarray(picture)).convert("L")
    return np.array(grey.resize((SIDE, SIDE), Image.Resampling.BILINEAR))
