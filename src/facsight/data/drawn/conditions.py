"""How hard the drawn pictures are: what varies beside person and expression, and how widely."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from facsight.data.drawn.persons import People
from facsight.data.drawn.scene import BLOBS, STUDIO_BACKGROUND, STUDIO_LIGHT, STUDIO_PLACEMENT, Scene


@dataclass(frozen=True)
class Conditions:
    """Ranges of everything that is not the expression.

    weakest      lowest intensity of a shown action unit, 0 to 1
    distractors  probability of each action unit that does not belong to the expression
    pose         largest yaw, pitch and roll, degrees
    wander       largest shift of the face, share of the side; its size shrinks by up to 4 times that
    light        0 even studio light .. 1 hard side light, dark or faint pictures
    clutter      0 plain wall .. 1 things behind the head
    noise        standard deviation, grey levels of 255
    """

    weakest: float = 0.5
    distractors: float = 0.15
    pose: tuple[float, float, float] = (12.0, 8.0, 11.0)
    wander: float = 0.02
    light: float = 0.5
    clutter: float = 0.5
    noise: float = 8.0

    @classmethod
    def at(cls, difficulty: float) -> "Conditions":
        """From 0, every expression in full before a plain wall, to 1, faint ones in poor pictures."""
        if not 0 <= difficulty <= 1:
            raise ValueError(f"difficulty must lie between 0 and 1, found {difficulty}")

        def between(easy: float, hard: float) -> float:
            return easy + difficulty * (hard - easy)

        return cls(
            weakest=between(0.8, 0.2),
            distractors=between(0.0, 0.3),
            pose=(between(2.0, 22.0), between(2.0, 14.0), between(2.0, 20.0)),
            wander=between(0.005, 0.035),
            light=between(0.1, 1.0),
            clutter=between(0.0, 1.0),
            noise=between(2.0, 16.0),
        )


def draw_scene(
    sitters: People,
    intensities: Float[Tensor, "n au"],
    conditions: Conditions,
    generator: torch.Generator,
) -> Scene:
    """Places the sitters, and chooses pose, light and surroundings within the conditions."""
    count = len(intensities)

    def around(*widths: float) -> Tensor:
        """Uniform between minus and plus each width."""
        return (2 * torch.rand(count, len(widths), generator=generator) - 1) * torch.tensor(widths)

    wander, light, clutter = conditions.wander, conditions.light, conditions.clutter
    pose = around(*conditions.pose)
    placement = torch.tensor(STUDIO_PLACEMENT) + around(wander, wander, 0.0)
    placement[:, 2] *= 1 - 4 * wander * torch.rand(count, generator=generator)
    lamp = torch.cat([around(1.0, 1.0), STUDIO_LIGHT[2] + light * (0.35 + around(0.35))], dim=1)
    exposure = torch.cat([light * around(0.12), (light * around(0.4)).exp()], dim=1)
    background = torch.tensor(STUDIO_BACKGROUND) + clutter * around(0.4, 0.5, 0.5)
    blobs = torch.rand(count, BLOBS, 4, generator=generator) * torch.tensor([1.0, 1.0, 0.25 * clutter, 1.0])
    return Scene(
        people=sitters,
        intensities=intensities,
        pose=pose,
        placement=placement,
        gaze=around(2 * wander, wander),
        light=lamp,
        exposure=exposure,
        background=background,
        blobs=blobs,
        mark=torch.zeros(count, 4),
    )
