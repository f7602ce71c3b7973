"""R(2+1)D: convolutions over the picture and then over time, on the frames of a step or on faces along steps.

Paper    Tran, Wang, Torresani, Ray, LeCun and Paluri, "A closer look at spatiotemporal convolutions for
         action recognition", CVPR 2018, https://arxiv.org/abs/1711.11248
Needs    several pictures a step, (frame, channel, height, width) or (frame, side, side, 3) as `face:crop`
         gives them with `frames` of the modality; or a face a step, (side, side) or (side, side, 3)
Learns   everything, from scratch
Differs  group instead of batch normalisation, as few steps fit into a batch; fewer and narrower blocks (the
         paper's R(2+1)D-18 is widths 64, 128, 256, 512 with 2 blocks each); the stem's kernels are 5 wide,
         not 7. With a face a step, time is never made shorter and a step sees others, as in `inflated`
"""

from collections.abc import Sequence
from math import gcd

import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from facsight.core.errors import BadRecipe
from facsight.nn.clips import along_clips, grey_faces
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
        fits = len(shape) in (2, 4) or (len(shape) == 3 and shape[-1] == 3)
        if not fits or len(widths) != len(blocks) or any(width % GROUP for width in widths):
            raise BadRecipe(
                "r2plus1d expects steps of (frame, channel, height, width), or of one face, and as many "
                f"depths as widths, which are multiples of {GROUP}; found {shape}, widths {list(widths)}, "
                f"blocks {list(blocks)}"
            )
        self.size, self.along = size, len(shape) < 4
        self.last = not self.along and shape[-1] == 3 and shape[1] == shape[2]
        channels = 1 if self.along else 3 if self.last else shape[1]
        self.stem = nn.Sequential(_conv(channels, widths[0], stride=(1, 1), kernel=5), _norm(widths[0]))
        stages: list[nn.Module] = []
        inputs, halving = widths[0], (1 if self.along else 2, 2)
        for stage, (width, depth) in enumerate(zip(widths, blocks, strict=True)):
            stages.append(_Residual(inputs, width, halving if stage else (1, 1)))
            stages.extend(_Residual(width, width, (1, 1)) for _ in range(depth - 1))
            inputs = width
        self.stages = nn.Sequential(*stages)
        self.project = nn.Linear(inputs, size)

    def forward(
        self, stream: Float[Tensor, "batch step *picture"], known: Bool[Tensor, "batch step"]
    ) -> Float[Tensor, "batch step encoded"]:
        read = along_clips if self.along else where_known
        return read(self._faces if self.along else self._frames, stream, known, self.size)

    def _faces(self, clips: Float[Tensor, "n step *picture"]) -> Float[Tensor, "n step encoded"]:
        maps = self._maps(grey_faces(clips).to(self.project.weight.dtype))
        return self.project(maps.mean(dim=(3, 4)).transpose(1, 2))

    def _frames(self, clips: Float[Tensor, "n frame x y z"]) -> Float[Tensor, "n encoded"]:
        maps = self._maps(clips.permute(0, 4, 1, 2, 3) if self.last else clips.transpose(1, 2))
        return self.project(maps.mean(dim=(2, 3, 4)))

    def _maps(self, clips: Float[Tensor, "n channel t h w"]) -> Float[Tensor, "n width t2 h2 w2"]:
        return self.stages(F.relu(self.stem(clips)))


def _norm(channels: int) -> nn.GroupNorm:
    """Group normalisation with groups of about `GROUP` channels, as many as divide them."""
    return nn.GroupNorm(gcd(channels, max(1, channels // GROUP)), channels)


def middle_channels(inputs: int, outputs: int, kernel: int, frames: int = 3) -> int:
    r"""How many channels lie between both parts, so that they have about the weights of one convolution.

    .. math:: M = \left\lfloor \frac{t d^2 N_{in} N_{out}}{d^2 N_{in} + t N_{out}} \right\rfloor

    (section 3.5) with t `frames` and kernels of d x d. At least 1.

    >>> middle_channels(64, 64, 3), middle_channels(64, 128, 3)
    (144, 230)
    """
    return max(1, frames * kernel**2 * inputs * outputs // (kernel**2 * inputs + frames * outputs))


def _conv(inputs: int, outputs: int, *, stride: tuple[int, int], kernel: int = 3) -> nn.Module:
    """A (2+1)D convolution in place of one over 3 frames of kernel x kernel; `stride` in time and picture."""
    middle, (along, across) = middle_channels(inputs, outputs, kernel), stride
    return nn.Sequential(
        nn.Conv3d(
            inputs,
            middle,
            (1, kernel, kernel),
            (1, across, across),
            (0, kernel // 2, kernel // 2),
            bias=False,
        ),
        _norm(middle),
        nn.ReLU(),
        nn.Conv3d(middle, outputs, (3, 1, 1), (along, 1, 1), (1, 0, 0), bias=False),
    )


class _Residual(nn.Module):
    """Two (2+1)D convolutions beside a shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: tuple[int, int]):
        super().__init__()
        self.body = nn.Sequential(
            _conv(inputs, outputs, stride=stride),
            _norm(outputs),
            nn.ReLU(),
            _conv(outputs, outputs, stride=(1, 1)),
            _norm(outputs),
        )
        straight = stride == (1, 1) and inputs == outputs
        along, across = stride
        skip = nn.Conv3d(inputs, outputs, 1, (along, across, across), bias=False)
        self.shortcut = nn.Identity() if straight else skip

    def forward(self, maps: Float[Tensor, "n channel t h w"]) -> Float[Tensor, "n out t2 h2 w2"]:
        return F.relu(self.body(maps) + self.shortcut(maps))
