"""Folds and wrinkles of the skin that action units raise: what a person sees beside the moved points."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from facsight.core.landmarks import MIRROR


@dataclass(frozen=True)
class Crease:
    """A dark fold along a line of the left half or across the midline, in units of the template.

    Its points follow the landmark `carrier` by the share `follow` of that landmark's movement. `depth` is
    how dark each action unit makes it at full intensity (0 to 1); `age` what an old face shows at rest.
    """

    line: tuple[tuple[float, float, float], ...]
    carrier: int
    depth: Mapping[int, float] = field(repr=False)
    follow: float = 0.7
    radius: float = 0.05
    age: float = 0.0
    midline: bool = False

    def mirrored(self) -> "Crease":
        """The same crease of the right half."""
        line = tuple((-x, y, z) for x, y, z in self.line)
        return Crease(line, MIRROR[self.carrier], self.depth, self.follow, self.radius, self.age)


_LEFT = (
    # brows raised: lines across the outer and the inner forehead
    Crease(((-0.86, -0.54, 0.0), (-0.66, -0.60, 0.1), (-0.46, -0.58, 0.2)), 18, {2: 0.6}, age=0.1),
    Crease(((-0.80, -0.70, 0.0), (-0.62, -0.75, 0.1), (-0.44, -0.73, 0.2)), 18, {2: 0.5}, age=0.1),
    # brows drawn together: upright lines between them
    Crease(((-0.10, -0.46, 0.29), (-0.08, -0.18, 0.29)), 21, {4: 0.75, 9: 0.3}, follow=0.3, age=0.1),
    # crow's feet, and the fold under the eye
    Crease(((-0.80, -0.05, 0.0), (-0.96, -0.13, 0.0)), 36, {6: 0.6}, radius=0.04, age=0.15),
    Crease(((-0.80, 0.04, 0.0), (-0.97, 0.08, 0.0)), 36, {6: 0.6}, radius=0.04, age=0.15),
    Crease(
        ((-0.70, 0.14, 0.0), (-0.52, 0.21, 0.1), (-0.32, 0.16, 0.1)), 41, {6: 0.55, 7: 0.35, 9: 0.2}, age=0.2
    ),
    # side of the nose
    Crease(((-0.26, 0.30, 0.2), (-0.14, 0.36, 0.35)), 31, {9: 0.6}, follow=0.3, radius=0.04),
    # fold from the nose wing to beside the mouth, upper and lower half
    Crease(
        ((-0.25, 0.60, 0.2), (-0.38, 0.74, 0.15), (-0.47, 0.90, 0.1)),
        49,
        {12: 0.45, 10: 0.7, 9: 0.5, 11: 0.8, 6: 0.1},
        follow=0.5,
        age=0.3,
    ),
    Crease(((-0.47, 0.90, 0.1), (-0.54, 1.06, 0.1)), 48, {12: 0.6, 10: 0.2, 20: 0.2}, age=0.2),
    # dimple beside the corner of the mouth; the line below it; the stretch line further out
    Crease(((-0.45, 0.98, 0.1), (-0.50, 1.07, 0.1), (-0.45, 1.16, 0.1)), 48, {14: 0.9, 12: 0.15}, follow=1.0),
    Crease(((-0.42, 1.10, 0.1), (-0.47, 1.26, 0.1)), 48, {15: 0.65}, follow=1.0, age=0.1),
    Crease(((-0.56, 0.96, 0.0), (-0.58, 1.20, 0.0)), 48, {20: 0.6}, follow=1.0),
)

_MIDLINE = (
    Crease(
        ((-0.32, -0.58, 0.25), (0.0, -0.63, 0.3), (0.32, -0.58, 0.25)), 27, {1: 0.6}, age=0.1, midline=True
    ),
    Crease(
        ((-0.30, -0.74, 0.25), (0.0, -0.79, 0.3), (0.30, -0.74, 0.25)), 27, {1: 0.5}, age=0.1, midline=True
    ),
    # bridge of the nose
    Crease(((-0.13, 0.04, 0.3), (0.0, -0.01, 0.32), (0.13, 0.04, 0.3)), 27, {9: 0.8}, midline=True),
    Crease(((-0.11, 0.15, 0.35), (0.0, 0.11, 0.37), (0.11, 0.15, 0.35)), 28, {9: 0.6}, midline=True),
    # under the lower lip, and the pushed-up chin
    Crease(
        ((-0.20, 1.35, 0.15), (0.0, 1.32, 0.18), (0.20, 1.35, 0.15)),
        57,
        {17: 0.5, 16: 0.4, 24: 0.3, 23: 0.2},
        age=0.2,
        midline=True,
    ),
    Crease(((-0.16, 1.47, 0.1), (0.0, 1.42, 0.12), (0.16, 1.47, 0.1)), 8, {17: 0.7}, midline=True),
)

CREASES = (*_LEFT, *(crease.mirrored() for crease in _LEFT), *_MIDLINE)
