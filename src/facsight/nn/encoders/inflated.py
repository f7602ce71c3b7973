"""Clips of faces through an inflated network for pictures: features of steps that also see their neighbours.

Paper    the inflated network of Ayral, Pedersoli, Bacon and Granger, "Temporal stochastic softmax for 3D
         CNNs: an application in facial expression recognition", WACV 2021, arXiv 2011.05227; inflation:
         Carreira and Zisserman, "Quo vadis, action recognition?", CVPR 2017, section 2.4
Needs    a face a step, (side, side) grey or (side, side, 3) as `face:crop` gives it, 0 to 255
Learns   the backbone, from a reader's weights (`start` of the modality) or from scratch; its features are the
         means of its last maps, and time is never made shorter
Differs  a small ResNet in place of VGG-16; before the first picture and after the last these are repeated,
         in place of zeros, so that a clip in which nothing moves is read as its picture, ends included;
         kernels of 1 x 1 stay as they are. A step without a face shows the face before it
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jaxtyping import Bool, Float
from torch import Tensor, nn

from facsight.core.errors import BadCheckpoint, BadRecipe
from facsight.nn.clips import along_clips, grey_faces
from facsight.nn.inflated import inflated
from facsight.nn.small_resnet import SmallResNet
from facsight.nn.weights import load_network, load_state


class InflatedBackbone(nn.Module):
    """A small ResNet with its `options`, every kernel of which sees `kernel` steps: 1 reads each face alone.

    A recording is read from its first face to its last, each by itself, however long others of the batch are:
    those of the same length go together.
    """

    scaled = False

    def __init__(
        self,
        shape: tuple[int, ...],
        *,
        kernel: int = 3,
        options: Mapping[str, Any] | None = None,
    ):
        super().__init__()
        if len(shape) not in (2, 3) or (len(shape) == 3 and shape[-1] != 3):
            raise BadRecipe(
                f"inflated expects one face a step, (side, side) or (side, side, 3), found {shape}: a clip "
                "is its steps, so leave `frames` of the modality out and make data.step shorter"
            )
        flat = SmallResNet(**(options or {}))
        self.size, self.kernel = flat.channels[-1], kernel
        self.backbone = inflated(flat, frames=kernel)

    def start_from(self, weights: Path) -> None:
        """Take over the backbone of a trained reader of faces, inflated; its head is left.

        `BadCheckpoint` where its backbone is no small ResNet with these options.
        """
        network, card = load_network(weights)
        if not isinstance(network.backbone, SmallResNet):
            raise BadCheckpoint(
                f"{weights} has the backbone {card['architecture']['name']}, not small_resnet"
            )
        flat = inflated(network.backbone, frames=self.kernel)
        load_state(self.backbone, flat.state_dict(), weights)

    def forward(
        self, stream: Float[Tensor, "batch step *picture"], known: Bool[Tensor, "batch step"]
    ) -> Float[Tensor, "batch step encoded"]:
        return along_clips(self._clips, stream, known, self.size)

    def _clips(self, clips: Float[Tensor, "n step *picture"]) -> Float[Tensor, "n step encoded"]:
        grey = grey_faces(clips).to(next(self.backbone.parameters()).dtype)
        return self.backbone(grey)[-1].mean(dim=(3, 4)).transpose(1, 2)
