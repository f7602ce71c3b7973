"""One pixel and one shape at a time, with plain trigonometry."""

import math

Point = tuple[float, float]


def distance_to_segment(place: Point, start: Point, end: Point, steps: int = 4000) -> float:
    """The least distance to a fine row of places along the segment."""
    return min(
        math.dist(
            place, (start[0] + k / steps * (end[0] - start[0]), start[1] + k / steps * (end[1] - start[1]))
        )
        for k in range(steps + 1)
    )


def surrounded(place: Point, corners: list[Point]) -> bool:
    """Whether the corners, walked round, turn once round the place."""
    turned = 0.0
    for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True):
        before, after = math.atan2(y0 - place[1], x0 - place[0]), math.atan2(y1 - place[1], x1 - place[0])
        turned += math.remainder(after - before, math.tau)
    return abs(turned) > math.pi


def slow_polygon_coverage(place: Point, corners: list[Point], edge: float) -> float:
    sides = zip(corners, corners[1:] + corners[:1], strict=True)
    distance = min(distance_to_segment(place, start, end) for start, end in sides)
    signed = -distance if surrounded(place, corners) else distance
    return min(1.0, max(0.0, 0.5 - signed / edge))
