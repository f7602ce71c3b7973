"""Places of the same size elsewhere on the face, to compare with what happens where action units show.

Everything is drawn in the face's own frame: origin between the eyes, x along them to the right of the
picture, y down the face, in face units. A control has a mirror image of itself on the other side of the face,
as regions of action units have, so that the controls of a mirrored face are the mirrored controls.

The numbers that are drawn depend on the generator only, not on the faces: a face has the same controls
whichever faces come with it.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from facsight.core.landmarks import JAW, LEFT_BROW, LEFT_EYE, RIGHT_BROW, RIGHT_EYE
from facsight.facs.regions import face_unit
from facsight.functional.geometry import warp

#: How far above the brows the face goes on, in face units: 68 points have no forehead.
FOREHEAD = 0.5

#: Directions in which the outline of a face is measured.
OUTLINE_DIRECTIONS = 32

#: The halves of a region fade into each other over so many face units on each side of the midline.
MIDLINE = 0.15

#: Where the middle of the left half of a control may lie, in face units: x from, to, y from, to.
PLACES = (-1.1, 0.0, -1.0, 1.7)

#: So many places are tried, at a resolution of at least so many cells a side.
CANDIDATES = 96
COARSE_SIDE = 24

#: A place is good enough if at most so much of it lies off the face, on the region itself, on the regions to
#: avoid: the first places that are good enough are taken, then those that miss it least.
TOLERATED = (0.1, 0.05, 0.2)

#: Waves that make one patchy control, and how many radians they turn within a face unit.
WAVES, WAVE_NUMBER = 16, 5.0


@dataclass(frozen=True)
class FaceFrame:
    """Where the face's own axes lie in the picture: pixels of the origin, unit vectors, the face unit."""

    origin: Float[Tensor, "face xy=2"]
    across: Float[Tensor, "face xy=2"]
    down: Float[Tensor, "face xy=2"]
    unit: Float[Tensor, "face"]

    @classmethod
    def of(cls, landmarks: Float[Tensor, "face point=68 xy=2"]) -> "FaceFrame":
        """NaN for a face without eyes."""
        left, right = (landmarks[:, list(eye)].mean(dim=1) for eye in (LEFT_EYE, RIGHT_EYE))
        across = F.normalize(right - left, dim=1)
        down = torch.stack([-across[:, 1], across[:, 0]], dim=1)
        return cls((left + right) / 2, across, down, face_unit(landmarks))

    def rows(self, chosen: Int[Tensor, "chosen"]) -> "FaceFrame":
        return FaceFrame(self.origin[chosen], self.across[chosen], self.down[chosen], self.unit[chosen])

    def coordinates(self, size: tuple[int, int]) -> Float[Tensor, "xy=2 face height width"]:
        """The place of every pixel of a picture of `size` in each face's frame."""
        rows, columns = (torch.arange(side, device=self.unit.device) + 0.5 for side in size)
        x, y = columns - self.origin[:, :1, None], rows[:, None] - self.origin[:, 1:, None]
        along = [axis[:, :1, None] * x + axis[:, 1:, None] * y for axis in (self.across, self.down)]
        return torch.stack(along) / self.unit[:, None, None]

    def place(self, coordinates: Float[Tensor, "face 2"]) -> Float[Tensor, "face 2"]:
        """Pixels of places in the frame."""
        x, y = coordinates[:, :1], coordinates[:, 1:]
        return self.origin + self.unit[:, None] * (x * self.across + y * self.down)


def face_outline(
    landmarks: Float[Tensor, "face point=68 xy=2"], size: tuple[int, int]
) -> Float[Tensor, "face height width"]:
    """1 where the face is, 0 elsewhere: the convex hull of jaw, brows and a forehead above the brows.

    The hull is the intersection of half planes in 32 directions. Missing points are left out.
    """
    frame = FaceFrame.of(landmarks)
    brows = landmarks[:, list(LEFT_BROW + RIGHT_BROW)]
    lifted = brows - FOREHEAD * (frame.unit[:, None] * frame.down)[:, None]
    points = torch.cat([landmarks[:, list(JAW)], brows, lifted], dim=1)
    angle = (torch.arange(OUTLINE_DIRECTIONS, device=points.device) + 0.5) * (
        2 * math.pi / OUTLINE_DIRECTIONS
    )
    directions = torch.stack([angle.cos(), angle.sin()]).to(points)
    reach = (points @ directions).nan_to_num(nan=-torch.inf).amax(dim=1)
    rows, columns = (torch.arange(side, device=points.device, dtype=points.dtype) + 0.5 for side in size)
    within = [
        columns * direction[0] + rows[:, None] * direction[1] <= most[:, None, None]
        for direction, most in zip(directions.T, reach.T, strict=True)
    ]
    return torch.stack(within).all(dim=0).to(points)


def draw_motions(generator: torch.Generator) -> Float[Tensor, "candidate 3"]:
    """Places tried for the left half of a control: x, y in face units, and a turn in radians."""
    low, high = torch.tensor([PLACES[0], PLACES[2], -math.pi]), torch.tensor([PLACES[1], PLACES[3], math.pi])
    drawn = torch.rand(CANDIDATES, 3, generator=generator, device=generator.device)
    return low.to(drawn) + (high - low).to(drawn) * drawn


def moved_controls(
    regions: Float[Tensor, "region height width"],
    avoid: Float[Tensor, "region height width"],
    landmarks: Float[Tensor, "region point=68 xy=2"],
    motions: Float[Tensor, "candidate 3"],
    count: int,
) -> Float[Tensor, "region count height width"]:
    """Each region, its left half moved and turned to another place of the face, its right half mirrorwise.

    Taken are the `count` candidates that lie on the face, off the region itself and off `avoid`, as far as
    there are any (`TOLERATED`). Their mass (sum over pixels) is that of the region within 2 %, if the region
    is not larger than what the face has room for.
    """
    if not len(regions):
        return regions.new_zeros(0, count, *regions.shape[1:])
    size, tried = (regions.shape[1], regions.shape[2]), len(motions)
    step = max(1, min(size) // COARSE_SIDE)
    frame, motions = FaceFrame.of(landmarks), motions.to(regions)
    halves = _halves(regions, frame)
    middles = [_middle(half) for half in halves]
    number = torch.arange(len(regions), device=regions.device)
    coarse = [_shrunk(half, step) for half in halves]
    candidates = _moved(
        coarse, middles, frame, number.repeat_interleave(tried), motions.repeat(len(regions), 1), step
    )
    others = [_shrunk(masks, step) for masks in (regions, avoid, face_outline(landmarks, size))]
    misses = _misses(candidates.unflatten(0, (len(regions), tried)), *others)
    chosen = misses.argsort(dim=1, stable=True)[:, :count]
    rows = number.repeat_interleave(count)
    controls = _moved(halves, middles, frame, rows, motions[chosen.flatten()], 1)
    return _with_mass(controls, regions.sum(dim=(1, 2))[rows]).unflatten(0, (len(regions), count))


def _shrunk(masks: Tensor, step: int) -> Tensor:
    return F.avg_pool2d(masks.unsqueeze(1), step).squeeze(1)


def _halves(regions: Tensor, frame: FaceFrame) -> list[Tensor]:
    """What lies left and right of the line between the eyes and down the face; they sum to the region."""
    x, _ = frame.coordinates((regions.shape[1], regions.shape[2]))
    right = (0.5 + x / (2 * MIDLINE)).clamp(0, 1)
    return [regions * (1 - right), regions * right]


def _moved(
    halves: list[Tensor],
    middles: list[Tensor],
    frame: FaceFrame,
    rows: Int[Tensor, "moved"],
    motions: Float[Tensor, "moved 3"],
    step: int,
) -> Float[Tensor, "moved height width"]:
    """The halves of the regions in `rows`, shrunk by `step`, turned about their middles and set elsewhere."""
    here, parts = frame.rows(rows), []
    for half, middle, side in zip(halves, middles, (1, -1), strict=True):
        goal = here.place(motions[:, :2] * motions.new_tensor([side, 1]))
        cos, sin = motions[:, 2].cos(), side * motions[:, 2].sin()
        turn = torch.stack([torch.stack([cos, -sin], dim=1), torch.stack([sin, cos], dim=1)], dim=1)
        shift = (goal.unsqueeze(2) - turn @ middle[rows].unsqueeze(2)) / step
        size = (half.shape[1], half.shape[2])
        parts.append(warp(half[rows].unsqueeze(1), torch.cat([turn, shift], dim=2), size, "zeros"))
    return (parts[0] + parts[1]).clamp(max=1).squeeze(1)


def _middle(masks: Float[Tensor, "region height width"]) -> Float[Tensor, "region 2"]:
    """The centre of mass in pixels, the corner for an empty mask."""
    rows, columns = (torch.arange(side, device=masks.device) + 0.5 for side in masks.shape[1:])
    mass = masks.sum(dim=(1, 2))
    moments = torch.stack([masks.sum(dim=1) @ columns, masks.sum(dim=2) @ rows], dim=1)
    return moments / torch.where(mass > 0, mass, 1.0)[:, None]


def _misses(candidates: Tensor, regions: Tensor, avoid: Tensor, outline: Tensor) -> Tensor:
    """By how much each candidate misses what is tolerated; 0 for one that is good enough."""
    mass = regions.sum(dim=(1, 2))[:, None]
    on_face = (candidates * outline.unsqueeze(1)).sum(dim=(2, 3))
    on_others = [torch.minimum(candidates, other.unsqueeze(1)).sum(dim=(2, 3)) for other in (regions, avoid)]
    shares = [(mass - on_face) / mass, *(covered / mass for covered in on_others)]
    excess = [(share - most).clamp(min=0) for share, most in zip(shares, TOLERATED, strict=True)]
    return torch.stack(excess).sum(dim=0)


def _with_mass(masks: Float[Tensor, "mask h w"], mass: Float[Tensor, "mask"]) -> Float[Tensor, "mask h w"]:
    """Masks in [0, 1] scaled to a mass; the scale is found in a few steps, since values stop at 1."""
    for _ in range(8):
        found = masks.sum(dim=(1, 2))
        masks = (masks * (mass / torch.where(found > 0, found, 1.0))[:, None, None]).clamp(max=1)
    return masks


def draw_waves(count: int, generator: torch.Generator) -> Float[Tensor, "count 3 wave"]:
    """For each patchy control the two wave numbers and the phase of its waves."""
    return WAVE_NUMBER * torch.randn(count, 3, WAVES, generator=generator, device=generator.device)


def patchy_controls(
    regions: Float[Tensor, "face height width"],
    landmarks: Float[Tensor, "face point=68 xy=2"],
    waves: Float[Tensor, "count 3 wave"],
) -> Float[Tensor, "face count height width"]:
    r"""Patches all over the rest of the face, together as large as a region that is too large to be moved.

    Where :math:`f(|x|, y) = \sum_j \cos(k_j \cdot (|x|, y) + \phi_j)` of random waves is high, on the face
    and off the region; how high, is chosen so that the mass is that of the region. Where the rest of the face
    is smaller than the region, all of it is taken: its mass is less then.
    """
    size = (regions.shape[1], regions.shape[2])
    waves = waves.to(regions)
    x, y = FaceFrame.of(landmarks).coordinates(size)
    along = waves[:, 0] * x.abs()[..., None, None] + waves[:, 1] * y[..., None, None] + waves[:, 2]
    field = along.cos().sum(dim=-1).permute(0, 3, 1, 2)
    allowed = (face_outline(landmarks, size) * (1 - regions)).unsqueeze(1)
    mass = regions.sum(dim=(1, 2))[:, None, None, None]
    low, high = (torch.full_like(field[..., :1, :1], edge) for edge in (-2.0 * WAVES, 2.0 * WAVES))
    for _ in range(30):
        level = (low + high) / 2
        too_large = (allowed * torch.sigmoid(4 * (field - level))).sum(dim=(2, 3), keepdim=True) > mass
        low, high = torch.where(too_large, level, low), torch.where(too_large, high, level)
    return allowed * torch.sigmoid(4 * (field - high))
