"""Soft shapes: how much of each pixel a polygon, a stroke or a disc covers, in batches.

A shape's edge is `edge` pixels wide: coverage falls linearly from 1 to 0 across it, and is exactly 0
beyond it, so that a change in one place changes no pixel elsewhere.
"""

import torch
from jaxtyping import Float
from torch import Tensor

Coverage = Float[Tensor, "n side side"]


def over(picture: Coverage, ink: Float[Tensor, "n"] | float, coverage: Coverage) -> Coverage:
    """The picture with `ink` (grey, 0 to 1) laid over it where there is coverage."""
    tone = ink[:, None, None] if isinstance(ink, Tensor) else ink
    return picture + coverage * (tone - picture)


def inside(corners: Float[Tensor, "n corner 2"], size: int, *, edge: float = 1.0) -> Coverage:
    """Coverage of a closed polygon (even-odd), `corners` in pixels."""
    rows, columns = _window(corners, edge, size)
    y, x = _pixel_centres(rows, columns)
    square = torch.full((len(corners), len(y), x.shape[-1]), torch.inf)
    within = torch.zeros_like(square, dtype=torch.bool)
    for i in range(corners.shape[1]):
        start, end = corners[:, i], corners[:, i - 1]
        square = torch.minimum(square, _square_distance(x, y, start, end)[0])
        within ^= _crosses(x, y, start, end)
    distance = square.sqrt()
    signed = torch.where(within, -distance, distance)
    return _placed((0.5 - signed / edge).clamp(0, 1), rows, columns, size)


def along(
    line: Float[Tensor, "n vertex 2"],
    radius: Float[Tensor, "n vertex"],
    size: int,
    *,
    edge: Tensor | float = 1.0,
) -> Coverage:
    """Coverage of an open stroke with round ends, as thick as `radius` (pixels) says at its nearest vertices.

    `edge` may differ from face to face (a tensor of n); a wide edge and a small radius make a soft shade.
    """
    edge = torch.as_tensor(edge, dtype=line.dtype).expand(len(line))[:, None, None]
    rows, columns = _window(line, float(radius.max() + edge.max()), size)
    y, x = _pixel_centres(rows, columns)
    nearest = torch.full((len(line), len(y), x.shape[-1]), torch.inf)
    thick = torch.zeros_like(nearest)
    for i in range(line.shape[1] - 1):
        square, share = _square_distance(x, y, line[:, i], line[:, i + 1])
        here = torch.lerp(radius[:, i, None, None], radius[:, i + 1, None, None], share)
        thick = torch.where(square < nearest, here, thick)
        nearest = torch.minimum(nearest, square)
    return _placed((0.5 - (nearest.sqrt() - thick) / edge).clamp(0, 1), rows, columns, size)


def disc(
    centre: Float[Tensor, "n 2"], radius: Float[Tensor, "n"], size: int, *, edge: Tensor | float = 1.0
) -> Coverage:
    """Coverage of a disc; a wide edge makes a glow. Nothing where the radius is 0 and the edge a pixel."""
    line = torch.stack([centre, centre], dim=1)
    drawn = ((radius > 0) | (torch.as_tensor(edge) > 1)).float()
    return drawn[:, None, None] * along(line, torch.stack([radius, radius], dim=1), size, edge=edge)


def smooth(
    line: Float[Tensor, "n vertex 2"], *, closed: bool = False, steps: int = 3
) -> Float[Tensor, "n more 2"]:
    """The line through the same vertices with `steps` pieces between two of them (Catmull-Rom spline)."""
    if closed:
        line = torch.cat([line[:, -1:], line, line[:, :2]], dim=1)
    else:
        line = torch.cat([2 * line[:, :1] - line[:, 1:2], line, 2 * line[:, -1:] - line[:, -2:-1]], dim=1)
    a, b, c, d = (line[:, i : line.shape[1] - 3 + i, None] for i in range(4))
    t = torch.linspace(0, 1, steps + 1)[:-1].view(1, 1, -1, 1)
    curve = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    curve = curve.flatten(1, 2)
    return curve if closed else torch.cat([curve, line[:, -2:-1]], dim=1)


def _window(points: Tensor, margin: float, size: int) -> tuple[slice, slice]:
    """Rows and columns beyond which the shape covers nothing in any picture of the batch."""
    low = (points.amin(dim=(0, 1)) - margin - 1).floor().clamp(0, size).int().tolist()
    high = (points.amax(dim=(0, 1)) + margin + 1).ceil().clamp(0, size).int().tolist()
    return slice(low[1], max(low[1], high[1])), slice(low[0], max(low[0], high[0]))


def _pixel_centres(rows: slice, columns: slice) -> tuple[Tensor, Tensor]:
    y = torch.arange(rows.start, rows.stop, dtype=torch.float32) + 0.5
    x = torch.arange(columns.start, columns.stop, dtype=torch.float32) + 0.5
    return y[:, None], x[None, :]


def _placed(patch: Tensor, rows: slice, columns: slice, size: int) -> Tensor:
    whole = torch.zeros(len(patch), size, size)
    whole[:, rows, columns] = patch
    return whole


def _square_distance(x: Tensor, y: Tensor, start: Tensor, end: Tensor) -> tuple[Tensor, Tensor]:
    """Squared distance of every pixel to a segment, and where on it (0 to 1) the nearest point lies."""
    step = end - start
    length = step.square().sum(dim=1).clamp(min=1e-12)[:, None, None]
    dx, dy = x - start[:, 0, None, None], y - start[:, 1, None, None]
    step_x, step_y = step[:, 0, None, None], step[:, 1, None, None]
    share = ((dx * step_x + dy * step_y) / length).clamp(0, 1)
    return (dx - share * step_x).square() + (dy - share * step_y).square(), share


def _crosses(x: Tensor, y: Tensor, start: Tensor, end: Tensor) -> Tensor:
    """Whether the ray from a pixel to the right crosses the edge from `start` to `end`."""
    (x0, y0), (x1, y1) = (point[:, :, None, None].unbind(dim=1) for point in (start, end))
    spans = (y0 > y) != (y1 > y)
    return spans & (x < x0 + (y - y0) * (x1 - x0) / torch.where(y1 == y0, 1.0, y1 - y0))
