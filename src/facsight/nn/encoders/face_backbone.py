"""Faces through a backbone for pictures; the mean over places, and over the frames of a step.

Source   ours; backbones: nn/small_resnet.py, nn/auto_backbone.py
Needs    grey faces, (side, side) or several a step, (frame, side, side)
Learns   the backbone and a linear layer
Differs  the backbone never sees steps without a face: its batch normalisation counts faces only
"""

from collections.abc import Mapping
from typing import Any, Literal

from jaxtyping import Bool, Float
from torch import Tensor, nn

from facsight.core.errors import BadRecipe
from facsight.nn.auto_backbone import TransformersBackbone
from facsight.nn.masked import where_known
from facsight.nn.small_resnet import SmallResNet


class FaceBackbone(nn.Module):
    """`backbone` with its `options`: a small ResNet, or any that `transformers` knows."""

    scaled = False

    def __init__(
        self,
        shape: tuple[int, ...],
        *,
        size: int = 128,
        backbone: Literal["small_resnet", "transformers"] = "small_resnet",
        options: Mapping[str, Any] | None = None,
    ):
        super().__init__()
        if len(shape) not in (2, 3):
            raise BadRecipe(f"face_backbone expects (side, side) or (frame, side, side), found {shape}")
        self.size = size
        made = SmallResNet if backbone == "small_resnet" else TransformersBackbone
        self.backbone = made(**(options or {}))
        self.project = nn.Linear(self.backbone.channels[-1], size)

    def forward(
        self, stream: Float[Tensor, "batch step *picture"], known: Bool[Tensor, "batch step"]
    ) -> Float[Tensor, "batch step encoded"]:
        return where_known(self._faces, stream, known, self.size)

    def _faces(self, faces: Float[Tensor, "n *picture"]) -> Float[Tensor, "n encoded"]:
        pictures = faces.reshape(-1, 1, *faces.shape[-2:])
        maps = self.backbone(pictures)[-1].mean(dim=(2, 3))
        return self.project(maps.unflatten(0, (len(faces), -1)).mean(dim=1))
