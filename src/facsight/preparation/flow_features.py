"""How the parts of a face have moved since the first frame of a recording: a stream of optical flow."""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float32, UInt8

from facsight.analysis.apex import NOSE, within
from facsight.core.errors import BadRecipe
from facsight.functional.optical_flow import flow_between
from facsight.nn.pixels import grey
from facsight.preparation.crop_type import CropType, crop_type
from facsight.preparation.ledger import key_of

#: Pixels of a crop's side, and cells that its flow is averaged in, along each side.
SIDE, CELLS = 48, 12
_AT_ONCE = 32


class FaceFlow:
    """The flow (`functional.optical_flow`) since the first frame with the face, less that of the nose.

    A row has, cell by cell, line after line from the top left of the crop, the mean movement to the right and
    down, in pixels of a crop of 48. For brief expressions the first frame should be at rest.
    """

    source = "pictures"
    side = SIDE
    size = (2 * CELLS * CELLS,)

    def __init__(self, path: Path | None = None, *, crop: CropType):
        if path is not None:
            raise BadRecipe(f"face:flow takes no file, found {str(path)!r}")
        self.crop = crop_type(SIDE, crop.finder)
        self.version = key_of("face:flow", 1, self.crop.describe())
        self.about = (
            f"TV-L1 flow since the first frame less that of the nose, x and y in {CELLS} x {CELLS} cells, "
            f"pixels; crop: {self.crop}"
        )

    def rows(self, crops: UInt8[np.ndarray, "face side side 3"]) -> UInt8[np.ndarray, "face side side"]:
        """What is kept until all frames are seen: grey levels."""
        pixels = grey(torch.from_numpy(crops).permute(0, 3, 1, 2))[:, 0]
        return pixels.round().to(torch.uint8).numpy()

    def of_all(self, rows: UInt8[np.ndarray, "frame side side"]) -> Float32[np.ndarray, "frame number"]:
        """The flow of each frame of one face, from what `rows` kept."""
        pixels = torch.from_numpy(rows).float()
        found = [_flow(pixels[0], some) for some in pixels.split(_AT_ONCE)] if len(rows) else []
        return torch.cat([*found, torch.zeros(0, *self.size)]).numpy()


def _flow(first: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
    flow = flow_between(first.expand_as(others), others)
    own = flow - flow[:, :, within(NOSE, SIDE)].mean(dim=2)[:, :, None, None]
    return F.avg_pool2d(own, SIDE // CELLS).permute(0, 2, 3, 1).flatten(1)
