"""R(2+1)D: convolutions over the picture and then over time, on the frames of a step.

Paper    Tran, Wang, Torresani, Ray, LeCun and Paluri, "A closer look at spatiotemporal convolutions for
         action recognition", CVPR 2018, https://arxiv.org/abs/1711.11248
Needs    several pictures a step, (frame, channel, height, width)
Learns   everything, from scratch
Differs  group instead of batch normalisation, as few steps fit into a batch: a step does not see the others;
         fewer and narrower blocks (the paper's R(2+1)D-18 is widths 64, 128, 256, 512 with 2 blocks each)
"""

from collections.abc import Sequence

import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from facsight.core.errors import BadRecipe
from facsight.nn.masked import where_known

#: Channels that are normalised together.
GROUP = 8


class R2Plus1D(nn.Module):
    """Stages of `widths` channels with `blocks` residual blocks each; all but the first halve their maps."""

    scaled = False

    def __init__(
        self,
        shape: tuple[int, ...],
        *,
        size: int = 128,
        widths: Sequence[int] = (16, 32, 64),
        blocks: Sequence[int] = (1, 1, 1),
    ):
        super().__init__()
        if len(shape) != 4 or len(widths) != len(blocks) or any(width % GROUP for width in widths):
            raise BadRecipe(
                "r2plus1d expects steps of (frame, channel, height, width), and as many depths as widths, "
                f"which are multiples of {GROUP}; found {shape}, widths {list(widths)}, blocks {list(blocks)}"
            )
        self.size = size
        self.stem = nn.Sequential(
            _conv(shape[1], widths[0], stride=1, kernel=5), nn.GroupNorm(widths[0] // GROUP, widths[0])
        )
        stages: list[nn.Module] = []
        inputs = widths[0]
        for stage, (width, depth) in enumerate(zip(widths, blocks, strict=True)):
            stages.append(_Residual(inputs, width, 2 if stage else 1))
            stages.extend(_Residual(width, width, 1) for _ in range(depth - 1))
            inputs = width
        self.stages = nn.Sequential(*stages)
        self.project = nn.Linear(inputs, size)

    def forward(
        self, stream: Float[Tensor, "batch step frame channel h w"], known: Bool[Tensor, "batch step"]
    ) -> Float[Tensor, "batch step encoded"]:
        return where_known(self._clips, stream, known, self.size)

    def _clips(self, clips: Float[Tensor, "n frame channel h w"]) -> Float[Tensor, "n encoded"]:
        maps = self.stages(F.relu(self.stem(clips.transpose(1, 2))))
        return self.project(maps.mean(dim=(2, 3, 4)))


def _conv(inputs: int, outputs: int, *, stride: int, kernel: int = 3) -> nn.Module:
    """A (2+1)D convolution with about the weights of one over 3 frames of kernel x kernel (section 3.5)."""
    equal = 3 * kernel**2 * inputs * outputs // (kernel**2 * inputs + 3 * outputs)
    middle = max(GROUP, equal // GROUP * GROUP)
    return nn.Sequential(
        nn.Conv3d(
            inputs,
            middle,
            (1, kernel, kernel),
            (1, stride, stride),
            (0, kernel // 2, kernel // 2),
            bias=False,
        ),
        nn.GroupNorm(middle // GROUP, middle),
        nn.ReLU(),
        nn.Conv3d(middle, outputs, (3, 1, 1), (stride, 1, 1), (1, 0, 0), bias=False),
    )


class _Residual(nn.Module):
    """Two (2+1)D convolutions beside a shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.body = nn.Sequential(
            _conv(inputs, outputs, stride=stride),
            nn.GroupNorm(outputs // GROUP, outputs),
            nn.ReLU(),
            _conv(outputs, outputs, stride=1),
            nn.GroupNorm(outputs // GROUP, outputs),
        )
        straight = stride == 1 and inputs == outputs
        self.shortcut = nn.Identity() if straight else nn.Conv3d(inputs, outputs, 1, stride, bias=False)

    def forward(self, maps: Float[Tensor, "n channel t h w"]) -> Float[Tensor, "n out t2 h2 w2"]:
        return F.relu(self.body(maps) + self.shortcut(maps))
