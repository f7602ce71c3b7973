"""A small residual network for small faces, which keeps its last features at a quarter of the input side.

Residual blocks: He et al., "Deep residual learning", CVPR 2016; average-pooled shortcuts ("ResNet-D"): He
et al., "Bag of tricks", CVPR 2019. The last stage does not shrink, so that attention stays fine enough to
point at a brow (12 x 12 cells for a face of 48 pixels), as the large maps of AU-guided learning do.
"""

from collections.abc import Sequence

from torch import Tensor, nn


class SmallResNet(nn.Module):
    """Grey faces `(batch, 1, side, side)` to one feature map per stage, finest first.

    `widths` are the channels of the three stages, at 1/2, 1/4 and 1/4 of the input side; `blocks` their
    depths; `stem` the channels at full resolution.
    """

    def __init__(
        self, *, widths: Sequence[int] = (64, 128, 256), blocks: Sequence[int] = (2, 2, 2), stem: int = 32
    ):
        super().__init__()
        self.channels = tuple(widths)
        self.stem = nn.Sequential(
            nn.Conv2d(1, stem, 3, padding=1, bias=False), nn.BatchNorm2d(stem), nn.ReLU(inplace=True)
        )
        self.stages = nn.ModuleList()
        inputs = stem
        for width, depth, stride in zip(widths, blocks, (2, 2, 1), strict=True):
            first = _Residual(inputs, width, stride)
            self.stages.append(nn.Sequential(first, *(_Residual(width, width, 1) for _ in range(depth - 1))))
            inputs = width

    def forward(self, pixels: Tensor) -> list[Tensor]:
        maps = [self.stem(pixels)]
        for stage in self.stages:
            maps.append(stage(maps[-1]))
        return maps[1:]


class _Residual(nn.Module):
    """Two 3x3 convolutions beside a shortcut; starts as the identity (last scale 0)."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        last_norm = nn.BatchNorm2d(outputs)
        nn.init.zeros_(last_norm.weight)
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
            last_norm,
        )
        self.shortcut = _shortcut(inputs, outputs, stride)
        self.activation = nn.ReLU(inplace=True)

    def forward(self, features: Tensor) -> Tensor:
        return self.activation(self.body(features) + self.shortcut(features))


def _shortcut(inputs: int, outputs: int, stride: int) -> nn.Module:
    if stride == 1 and inputs == outputs:
        return nn.Identity()
    shrink = nn.AvgPool2d(stride, ceil_mode=True) if stride > 1 else nn.Identity()
    return nn.Sequential(shrink, nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs))
