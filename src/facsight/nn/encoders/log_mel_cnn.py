"""A small residual network over time and mel bands, for voices; it looks across the borders of steps.

Paper    residual blocks: He, Zhang, Ren and Sun, "Deep residual learning for image recognition", CVPR 2016,
         https://arxiv.org/abs/1512.03385; as an encoder of log-mel spectra for affect: ResNet-18 in Kuhnke,
         Rumberg and Ostermann, "Two-stream aural-visual affect analysis in the wild", FG 2020,
         https://arxiv.org/abs/2002.03399
Needs    several frames of a log-mel spectrum a step, (frame, band); a power of 2 divides the frames well
Learns   everything, from scratch
Differs  far smaller; average-pooled shortcuts; batch normalisation counts known frames only, so that neither
         padding nor gaps reach it; means and maxima over bands, means over the frames of a step
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from facsight.core.errors import BadRecipe
from facsight.nn.masked import MaskedBatchNorm, by_step, spread


class LogMelCNN(nn.Module):
    """Stages of `widths` channels, each halving the bands; time is halved as often as `frames` can be.

    At most twice: with 4 frames of a hundredth of a second and more, features are one in 40 ms. `blocks` are
    the depths of the stages; `dropout` is before the last layer.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        *,
        size: int = 128,
        widths: Sequence[int] = (32, 64, 96),
        blocks: Sequence[int] = (1, 1, 1),
        dropout: float = 0.1,
    ):
        super().__init__()
        if len(shape) != 2 or len(widths) != len(blocks) or shape[1] < 2 ** len(widths):
            raise BadRecipe(
                f"log_mel_cnn expects steps of (frame, band), a depth for each width, and at least "
                f"{2 ** len(widths)} bands; found {shape}, widths {list(widths)}, blocks {list(blocks)}"
            )
        self.size, self.frames = size, shape[0]
        self.stages = nn.ModuleList()
        inputs = 1
        for stage, (width, depth) in enumerate(zip(widths, blocks, strict=True)):
            halves = stage < 2 and self.frames % 2 == 0
            self.frames //= 2 if halves else 1
            first = _Residual(inputs, width, (2 if halves else 1, 2))
            self.stages.extend([first, *(_Residual(width, width, (1, 1)) for _ in range(depth - 1))])
            inputs = width
        self.project = nn.Sequential(nn.Dropout(dropout), nn.Linear(2 * inputs, size), nn.LayerNorm(size))

    def forward(
        self, stream: Float[Tensor, "batch step frame band"], known: Bool[Tensor, "batch step"]
    ) -> Float[Tensor, "batch step encoded"]:
        there = known.repeat_interleave(stream.shape[2], dim=1)
        maps = torch.where(there.unsqueeze(-1), stream.flatten(1, 2), 0.0).unsqueeze(1)
        for stage in self.stages:
            maps, there = stage(maps, there)
        columns = torch.cat([maps.mean(dim=3), maps.amax(dim=3)], dim=1).to(stream.dtype)
        return self.project(by_step(columns, there, self.frames))


class _Residual(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut; starts as the shortcut alone (last scale 0)."""

    def __init__(self, inputs: int, outputs: int, stride: tuple[int, int]):
        super().__init__()
        self.stride = stride
        self.first = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norms = nn.ModuleList([MaskedBatchNorm(outputs), MaskedBatchNorm(outputs)])
        nn.init.zeros_(self.norms[1].weight)  # pyright: ignore
        self.shortcut = None if inputs == outputs else nn.Conv2d(inputs, outputs, 1)

    def forward(
        self, maps: Float[Tensor, "batch channel time band"], known: Bool[Tensor, "batch time"]
    ) -> tuple[Tensor, Tensor]:
        past = known[:, :: self.stride[0]]
        body = F.relu(self.norms[0](self.first(maps), past))
        body = self.norms[1](self.second(body), past)
        kept = maps if self.stride == (1, 1) else F.avg_pool2d(maps, self.stride, ceil_mode=True)
        kept = kept if self.shortcut is None else self.shortcut(kept)
        return torch.where(spread(past, body), F.relu(body + kept), 0.0), past
