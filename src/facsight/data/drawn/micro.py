"""Drawn clips of a faint and brief expression, whose onset, apex and offset are known."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from facsight.core.errors import BadLabels
from facsight.core.landmarks import RIGID, RIGID_TEMPLATE
from facsight.data.drawn.expressions import PROTOTYPES, probabilities
from facsight.data.drawn.faces import SCENARIO_SPACE
from facsight.data.drawn.persons import people
from facsight.data.drawn.portrait import paint
from facsight.data.drawn.scene import studio
from facsight.data.drawn.template import ACTION_UNITS
from facsight.functional.geometry import fit_similarity, warp

#: Steps that an expression rises and falls, the fewest and the most of each; what a blink shows.
RISE, FALL, BLINK = (4, 8), (5, 10), (0.5, 1.0, 0.5)
#: Units that a face of a class shows: those that more than this share of its prototypes do.
_SURE = 0.55


@dataclass(frozen=True)
class MicroClips:
    """Aligned grey faces, 0 to 255, and the steps in which expressions begin, are strongest and have gone."""

    faces: UInt8[Tensor, "n step side side"]
    onset: Int[Tensor, "n"]
    apex: Int[Tensor, "n"]
    offset: Int[Tensor, "n"]


def draw_micro_clips(
    n: int,
    *,
    generator: torch.Generator,
    steps: int = 40,
    side: int = 64,
    strength: float = 0.3,
    noise: float = 2.0,
    tremble: float = 0.1,
    flicker: float = 0.03,
    first: int = 0,
) -> MicroClips:
    """Clips of one of four expressions at a share `strength` of its intensity, of people from `first` on.

    It rises from rest to the apex and falls in straight lines; everybody blinks once, anywhere. Pictures have
    `noise` in grey levels, their contrast flickers by a share, and faces are aligned by points that `tremble`
    by so many pixels (standard deviations).
    """
    if steps < 1 + RISE[1] + FALL[1]:
        raise BadLabels(f"a clip has room for {1 + RISE[1] + FALL[1]} steps, found {steps} steps")
    rise, fall = (_between(low, high, n, generator) for low, high in (RISE, FALL))
    onset = 1 + (torch.rand(n, generator=generator) * (steps - 1 - rise - fall)).long()
    apex, offset = onset + rise, onset + rise + fall
    step = torch.arange(steps)
    shown = torch.minimum((step - onset[:, None]) / rise[:, None], (offset[:, None] - step) / fall[:, None])
    table = probabilities(PROTOTYPES, SCENARIO_SPACE.classes)
    full = (table * (table > _SURE))[torch.randint(len(table), (n,), generator=generator)]
    intensities = strength * shown.clamp(min=0)[:, :, None] * full[:, None]
    intensities[:, :, ACTION_UNITS.index(45)] = _blinks(n, steps, generator)
    faces = [
        _aligned(intensities[k], first + k, side, tremble=tremble, generator=generator) for k in range(n)
    ]
    pixels = torch.stack(faces)
    light = 1 + flicker * torch.randn(n, steps, 1, 1, generator=generator)
    pixels = light * pixels + noise * torch.randn(pixels.shape, generator=generator)
    return MicroClips(pixels.round().clamp(0, 255).to(torch.uint8), onset, apex, offset)


def _between(low: int, high: int, n: int, generator: torch.Generator) -> Int[Tensor, "n"]:
    return torch.randint(low, high + 1, (n,), generator=generator)


def _blinks(n: int, steps: int, generator: torch.Generator) -> Float[Tensor, "n step"]:
    """How far lids are closed: one blink in each clip, not in its first step."""
    start = _between(1, steps - len(BLINK), n, generator)
    closed = torch.zeros(n, steps)
    return closed.scatter(1, start[:, None] + torch.arange(len(BLINK)), torch.tensor(BLINK).expand(n, -1))


def _aligned(
    intensities: Float[Tensor, "step au"],
    person: int,
    side: int,
    *,
    tremble: float,
    generator: torch.Generator,
) -> Float[Tensor, "step side side"]:
    """The face in each step, painted in its place and brought onto the template of crops."""
    steps: Sequence[int] = [person] * len(intensities)
    pictures, points = paint(
        replace(studio(len(intensities), people=people(steps)), intensities=intensities), size=side * 3 // 2
    )
    rigid = points[:, list(RIGID)] + tremble * torch.randn(len(points), len(RIGID), 2, generator=generator)
    upright = fit_similarity(rigid, side * torch.tensor(RIGID_TEMPLATE))
    return warp(pictures, upright, (side, side))[:, 0]
