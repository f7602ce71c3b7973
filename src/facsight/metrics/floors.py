"""Maps that know nothing of a face's expression: what any score of a map must be seen beside."""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from facsight.functional.imputation import gaussian_blur

#: Standard deviation of what smooths the random maps, as a share of a map's longer side.
SMOOTHNESS = 1 / 8

#: A turn of less than this is the rounding error of going straight on.
STRAIGHT = 1e-9


def floor_maps(
    class_maps: Float[Tensor, "n class height width"],
    valid: Bool[Tensor, "n class"],
    *,
    generator: torch.Generator,
    hull: Float[Tensor, "n height width"] | None = None,
) -> dict[str, Float[Tensor, "n height width"]]:
    """Maps that do not know the class, for each face.

    constant         the same everywhere
    centred_blob     a Gaussian on the middle of the crop, its standard deviation a quarter of each side
    face_hull        `hull`, the face's outline filled in (see `face_hull`); not available (NaN) without it
    all_units        the union (largest value) of the action unit maps of all classes
    mean_class_map   the mean of the action unit maps of all classes
    random_smooth    noise of no face, smoothed to the coarseness of attention, drawn from `generator`
    """
    count, _, height, width = class_maps.shape
    known = valid[:, :, None, None]
    across, down = (_bell(side, class_maps) for side in (width, height))
    return {
        "constant": class_maps.new_ones(count, height, width),
        "centred_blob": (down[:, None] * across).expand(count, height, width),
        "face_hull": class_maps.new_full((count, height, width), torch.nan) if hull is None else hull,
        "all_units": torch.where(known, class_maps, 0.0).amax(dim=1),
        "mean_class_map": torch.where(known, class_maps, 0.0).sum(dim=1) / known.sum(dim=1),
        "random_smooth": random_smooth_maps(count, (height, width), generator=generator).to(class_maps),
    }


def random_smooth_maps(
    count: int, size: tuple[int, int], *, generator: torch.Generator
) -> Float[Tensor, "count height width"]:
    """White noise smoothed with a Gaussian of an eighth of the longer side, alike everywhere in the map."""
    deviation = SMOOTHNESS * max(size)
    margin = math.ceil(3 * deviation)
    noise = torch.randn(count, 1, size[0] + 2 * margin, size[1] + 2 * margin, generator=generator)
    smooth = gaussian_blur(noise, torch.full((count,), deviation)).squeeze(1)
    return smooth[:, margin : margin + size[0], margin : margin + size[1]]


def face_hull(
    landmarks: Float[Tensor, "batch point xy=2"], size: tuple[int, int], *, extent: tuple[int, int]
) -> Float[Tensor, "batch height width"]:
    """1 at cells whose centre lies inside the convex hull of the landmarks, 0 elsewhere.

    `landmarks` are pixels of a crop of `extent` = (height, width) pixels, `size` is the map's. NaN for a face
    that misses a point, or whose points lie on one line.
    """
    present = landmarks.isfinite().all(dim=(1, 2))
    corners = hull_corners(torch.where(present[:, None, None], landmarks, 0.0).double())
    sides = corners.roll(-1, dims=1) - corners
    (height, width), far = size, corners.roll(-1, dims=1)
    area = (corners[..., 0] * far[..., 1] - corners[..., 1] * far[..., 0]).sum(dim=1) / 2
    y = (torch.arange(height).to(corners) + 0.5)[:, None] * extent[0] / height
    x = (torch.arange(width).to(corners) + 0.5) * extent[1] / width
    inside = torch.ones(len(landmarks), height, width, dtype=torch.bool, device=landmarks.device)
    for (corner_x, corner_y), (along_x, along_y) in zip(
        corners.permute(1, 2, 0), sides.permute(1, 2, 0), strict=True
    ):
        inside &= along_x[:, None, None] * (y - corner_y[:, None, None]) >= (
            along_y[:, None, None] * (x - corner_x[:, None, None]) - STRAIGHT
        )
    usable = (present & (area > STRAIGHT))[:, None, None]
    return torch.where(usable, inside.to(landmarks), torch.nan)


def hull_corners(points: Float[Tensor, "batch point xy=2"]) -> Float[Tensor, "batch corner xy=2"]:
    """The corners of the convex hull of each row's points in order, some of them repeated.

    From the topmost point on, always to the point for which the path turns least (Jarvis 1973, "On the
    identification of the convex hull of a finite set of points in the plane"), all rows at once.
    """
    rows = torch.arange(len(points), device=points.device)
    at = start = points[..., 1].argmin(dim=1)
    heading = points.new_zeros(len(points), 1)
    corners = [points[rows, at]]
    closed = torch.zeros_like(rows, dtype=torch.bool)
    for _ in range(points.shape[1]):
        away = points - corners[-1].unsqueeze(1)
        direction = torch.atan2(away[..., 1], away[..., 0])
        turn = (direction - heading + STRAIGHT).remainder(2 * torch.pi)
        here = (away == 0).all(dim=-1)
        at = torch.where(closed, start, torch.where(here, torch.inf, turn).argmin(dim=1))
        heading = direction.gather(1, at.unsqueeze(1))
        corners.append(points[rows, at])
        closed |= at == start
        if bool(closed.all()):
            break
    return torch.stack(corners, dim=1)


def _bell(side: int, like: Tensor) -> Tensor:
    place = (torch.arange(side, dtype=like.dtype, device=like.device) + 0.5) / side - 0.5
    return torch.exp(-0.5 * (place / 0.25).square())
