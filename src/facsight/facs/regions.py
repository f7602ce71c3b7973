"""Where on the face each action unit shows, as soft strokes laid over the 68 landmarks.

A region is a stroke on the picture's left half of the face and its mirror image, made by `MIRROR`: symmetry
is not a matter of care. A stroke is a path through anchors with a radius. An anchor is a combination of
landmarks whose weights sum to 1, so it moves, turns, grows and foreshortens with the face; a radius is a
fraction of the face's own unit of length (`face_unit`). Strokes follow the muscle or the skin it folds, after
the appearance changes that the FACS manual (Ekman, Friesen & Hager 2002) lists per unit; placing action
units at offsets from landmarks, scaled with the eyes, is due to Li et al., "EAC-Net", TPAMI 2018.

Units of one muscle, or that differ in strength or duration only, share a region: 43, 45 and 46.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from facsight.core.errors import UnknownName
from facsight.core.landmarks import LEFT_EYE, MIRROR, POINT_COUNT, RIGHT_EYE
from facsight.facs.action_units import ACTION_UNITS

#: How many soft spots stand for one stroke.
SPOTS_PER_SIDE = 4

#: Distance from between the eyes to between the mouth corners, in inter-ocular distances, on a frontal face.
#: The mean of 74 neutral studio portraits has 1.07, dlib's mean face 1.08; a little more is taken, so that
#: frontal faces are measured by their eyes.
EYES_TO_MOUTH = 1.1

Anchor = np.ndarray

#: P[i] is landmark i, written as a combination of landmarks: anchors are sums of these.
P = np.eye(POINT_COUNT)


@dataclass(frozen=True)
class Stroke:
    """A soft path on the picture's left half of the face; `radius` is a standard deviation in face units."""

    path: tuple[Anchor, ...]
    radius: float

    def spots(self) -> Float[np.ndarray, "spot point"]:
        """Equally spaced places along the path and then their mirror images, as combinations of landmarks."""
        at = np.linspace(0, len(self.path) - 1, SPOTS_PER_SIDE)
        corner = np.minimum(at.astype(int), len(self.path) - 2)
        rest = (at - corner)[:, None]
        anchors = np.stack(self.path)
        left = (1 - rest) * anchors[corner] + rest * anchors[corner + 1]
        return np.concatenate([left, left[:, list(MIRROR)]])


def mean(*points: int) -> Anchor:
    return P[list(points)].mean(axis=0)


def towards(start: Anchor, goal: Anchor, share: float) -> Anchor:
    """The place that lies `share` of the way from start to goal; a negative share is away from the goal."""
    return start + share * (goal - start)


_CHEEKBONE = mean(36, 2)
_LID_GAP = towards(mean(37, 38), mean(40, 41), 0.5)
_ABOVE_LIPS, _BELOW_LIPS = towards(P[50], P[32], 0.4), towards(P[58], P[7], 0.25)
_EYE_OPENING = Stroke((towards(P[36], P[39], 0.1), _LID_GAP, towards(P[39], P[36], 0.1)), 0.09)

#: The region of every action unit that shows at a place the landmarks can point to.
REGIONS: dict[int, Stroke] = {
    # forehead and brows
    1: Stroke((towards(P[21], P[39], -0.3), towards(P[20], P[38], -0.45)), 0.14),
    2: Stroke(
        (towards(P[19], P[37], -0.35), towards(P[18], P[37], -0.25), towards(P[17], P[36], -0.2)), 0.12
    ),
    4: Stroke((towards(P[21], P[27], 0.35), P[20]), 0.11),
    # eyes: above, below and on the opening
    5: Stroke((towards(mean(36, 37), P[18], 0.2), towards(mean(38, 39), P[20], 0.2)), 0.07),
    7: Stroke((towards(mean(36, 41), P[37], -0.35), towards(mean(39, 40), P[38], -0.35)), 0.07),
    43: _EYE_OPENING,
    45: _EYE_OPENING,
    46: _EYE_OPENING,
    # cheeks and nose
    6: Stroke((towards(P[36], P[1], 0.3), 0.55 * mean(40, 41) + 0.28 * P[48] + 0.17 * P[2]), 0.15),
    9: Stroke((mean(27, 39), towards(P[31], P[30], 0.25)), 0.09),
    11: Stroke((0.65 * P[31] + 0.25 * P[48] + 0.1 * P[2], 0.3 * P[31] + 0.6 * P[48] + 0.1 * P[3]), 0.08),
    # the upper lip, and what leaves the mouth corner in each direction
    10: Stroke((towards(P[31], P[40], 0.2), mean(49, 50)), 0.09),
    12: Stroke((towards(P[48], _CHEEKBONE, 0.05), towards(P[48], _CHEEKBONE, 0.5)), 0.1),
    13: Stroke((towards(P[48], mean(40, 41), 0.1), towards(P[48], mean(40, 41), 0.35)), 0.08),
    14: Stroke((towards(P[48], P[4], 0.02), towards(P[48], P[4], 0.25)), 0.09),
    15: Stroke((towards(P[48], P[6], 0.1), towards(P[48], P[6], 0.5)), 0.09),
    20: Stroke((mean(48, 59), towards(P[48], mean(4, 5), 0.5)), 0.1),
    # the lips: round them, along them, between them
    18: Stroke((towards(P[51], P[33], 0.3), P[61], P[67], towards(P[57], P[8], 0.1)), 0.12),
    22: Stroke((P[51], P[49], P[59], P[57]), 0.14),
    23: Stroke((mean(50, 51), P[49], P[59], mean(57, 58)), 0.07),
    24: Stroke((mean(62, 66), mean(48, 60)), 0.08),
    25: Stroke((mean(60, 61), mean(61, 62), mean(66, 67), mean(60, 67)), 0.1),
    28: Stroke((_ABOVE_LIPS, towards(P[49], P[31], 0.3), towards(P[59], P[7], 0.25), _BELOW_LIPS), 0.09),
    # below the lips
    16: Stroke((mean(58, 59), towards(mean(58, 59), P[7], 0.35)), 0.09),
    17: Stroke((towards(P[57], P[8], 0.5), towards(P[58], P[7], 0.5)), 0.13),
    26: Stroke((mean(62, 66), towards(P[57], P[8], 0.7)), 0.16),
    27: Stroke((P[50], towards(P[48], P[4], 0.1), mean(59, 6), towards(mean(57, 58), mean(7, 8), 0.7)), 0.2),
}


@lru_cache(maxsize=64)
def region_spots(action_units: tuple[int, ...]) -> tuple[Float[Tensor, "au spot point"], Float[Tensor, "au"]]:
    """The spots of each unit's region as combinations of landmarks, and their radii in face units.

    `UnknownName` says which unit has no region.
    """
    missing = [unit for unit in action_units if unit not in REGIONS]
    if missing:
        named = ", ".join(
            str(ACTION_UNITS.get(unit, f"AU{unit}, which FACS does not have")) for unit in missing
        )
        raise UnknownName(f"no facial region is drawn for {named}; regions exist for AU {sorted(REGIONS)}")
    spots = np.stack([REGIONS[unit].spots() for unit in action_units])
    return torch.from_numpy(spots), torch.tensor([REGIONS[unit].radius for unit in action_units])


def face_unit(landmarks: Float[Tensor, "batch point=68 xy=2"]) -> Float[Tensor, "batch"]:
    r"""The face's own unit of length: the inter-ocular distance it would have seen from the front.

    .. math:: u = \max\left(\lVert e_R - e_L \rVert, \; \lVert m - e \rVert / 1.1 \right)

    with the eyes' centres :math:`e_L, e_R`, the point between them `e` and the point between the mouth
    corners `m`: turning the head shortens the first, nodding the second, so that the larger of them does not
    collapse in profile. In pixels. Without mouth corners the eyes alone decide; without eyes it is NaN.
    """
    left, right = landmarks[:, list(LEFT_EYE)].mean(dim=1), landmarks[:, list(RIGHT_EYE)].mean(dim=1)
    between_eyes, mouth = (left + right) / 2, landmarks[:, [48, 54]].mean(dim=1)
    mouth = torch.where(mouth.isfinite(), mouth, between_eyes)
    across = torch.linalg.vector_norm(right - left, dim=1)
    down = torch.linalg.vector_norm(mouth - between_eyes, dim=1)
    return torch.maximum(across, down / EYES_TO_MOUTH)
