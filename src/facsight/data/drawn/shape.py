"""Where the points of drawn faces lie: person and action units move the template, the pose projects it."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from facsight.core.landmarks import POINT_COUNT
from facsight.data.drawn.creases import CREASES
from facsight.data.drawn.scene import Scene
from facsight.data.drawn.template import ACTION_UNITS, AU_MOVES, PERSON_MOVES, movements, neutral

#: Upper lid points over the lower lid points, left and right eye.
_LIDS = ((37, 41), (38, 40), (43, 47), (44, 46))
#: Upper over lower points of the closing lips.
_LIPS = ((61, 67), (62, 66), (63, 65))
#: Outer over inner points of the upper lip, inner over outer points of the lower lip.
_LIP_BODIES = ((50, 61), (51, 62), (52, 63), (67, 58), (66, 57), (65, 56))
_THINNEST_LIP = 0.02


def face_points(scene: Scene) -> Float[Tensor, "n point=77 xyz=3"]:
    """The 68 landmarks and the skull of each face, in template units, before any pose.

    Point = template + sum of person moves + sum of action unit moves; then lids and lips are kept from
    crossing, and AU 43 and 45 bring the upper lids down on the lower ones.
    """
    points = neutral() + torch.einsum("nk,kpc->npc", scene.people.shape, movements(PERSON_MOVES))
    points = points + torch.einsum("nk,kpc->npc", scene.intensities, movements(AU_MOVES))
    closing = scene.intensities[:, [ACTION_UNITS.index(43), ACTION_UNITS.index(45)]].amax(dim=1)
    for upper, lower in _LIDS:
        points[:, upper] = torch.lerp(points[:, upper], points[:, lower], closing.unsqueeze(1))
    for above, below in _LIDS + _LIPS:
        points = _keep_above(points, above, below)
    for above, below in _LIP_BODIES[:3]:
        points = _keep_above(points, above, below, gap=_THINNEST_LIP, move="above")
    for above, below in _LIP_BODIES[3:]:
        points = _keep_above(points, above, below, gap=_THINNEST_LIP, move="below")
    return points


def crease_points(scene: Scene, points: Float[Tensor, "n point=77 xyz=3"]) -> list[Float[Tensor, "n _ 3"]]:
    """The line of each of `CREASES` on each face, in template units."""
    moved = points - neutral()
    return [
        torch.tensor(crease.line) + crease.follow * moved[:, crease.carrier : crease.carrier + 1]
        for crease in CREASES
    ]


@dataclass(frozen=True)
class Projection:
    """From template units to pixels: a turn in space, seen from afar, then placed in the picture."""

    turn: Float[Tensor, "n 2 3"]
    centre: Float[Tensor, "n 2"]

    @classmethod
    def of(cls, scene: Scene, size: int) -> "Projection":
        """The projection of each face of `scene` into a picture of `size` x `size` pixels.

        The head nods first (pitch), then turns (yaw), then tilts (roll).
        """
        yaw, pitch, roll = (scene.pose * torch.tensor([-1.0, 1.0, -1.0])).deg2rad().unbind(dim=1)
        zero, one = torch.zeros_like(yaw), torch.ones_like(yaw)
        turn_y = _matrix([[yaw.cos(), zero, yaw.sin()], [zero, one, zero], [-yaw.sin(), zero, yaw.cos()]])
        turn_x = _matrix(
            [[one, zero, zero], [zero, pitch.cos(), -pitch.sin()], [zero, pitch.sin(), pitch.cos()]]
        )
        turn_z = _matrix([[roll.cos(), -roll.sin(), zero], [roll.sin(), roll.cos(), zero]])
        scale = size * scene.placement[:, 2, None, None]
        return cls(scale * turn_z @ turn_y @ turn_x, size * scene.placement[:, :2])

    def __call__(self, points: Float[Tensor, "n point 3"]) -> Float[Tensor, "n point 2"]:
        """Pixels of points of each face."""
        return points @ self.turn.transpose(1, 2) + self.centre[:, None]


def landmarks(scene: Scene, size: int) -> Float[Tensor, "n point=68 xy=2"]:
    """The 68 points of each face, in pixels of a picture of `size` x `size`."""
    return Projection.of(scene, size)(face_points(scene)[:, :POINT_COUNT])


def _keep_above(points: Tensor, above: int, below: int, *, gap: float = 0.0, move: str = "both") -> Tensor:
    """Parts two points that crossed: by `gap` at least, moving both halfway, or only one."""
    lack = (points[:, above, 1] + gap - points[:, below, 1]).clamp(min=0)
    share = {"both": 0.5, "above": 1.0, "below": 0.0}[move]
    points = points.clone()
    points[:, above, 1] -= share * lack
    points[:, below, 1] += (1 - share) * lack
    return points


def _matrix(rows: list[list[Tensor]]) -> Tensor:
    return torch.stack([torch.stack(row, dim=-1) for row in rows], dim=-2)
