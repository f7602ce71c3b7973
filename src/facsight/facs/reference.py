"""AU maps as published: the pipeline of the reference paper's released code, to compare with its numbers.

Paper    Belharbi, Pedersoli, Koerich, Bacon and Granger, "Guided Interpretable Facial Expression Recognition
         via Spatial Action Unit Cues", FG 2024, https://arxiv.org/abs/2402.00281
Differs  written anew after github.com/sbelharbi/interpretable-fer-aus at 66e2bde; its bugs are switches
         (`ReferenceBugs`); invalid maps are flagged, not filled with infinity; ellipses are drawn by their
         equation instead of OpenCV's polygon, which moves single pixels of their outline

Filled axis-aligned ellipses, several of fixed size in pixels, are drawn per action unit on the picture,
sampled down to 28 x 28, blurred and enlarged again; the largest value over an expression's units is stretched
to [0, 1]. For training and evidence use `facs.au_maps`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from facsight.core.errors import BadCodebook, UnknownName, did_you_mean
from facsight.facs.codebook import load_codebook

#: The action units that the published code draws.
REFERENCE_UNITS = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 16, 17, 20, 23, 24, 25, 26, 27, 43)

_GRID = 28
_EMPTY, _FILLED = 1e-4, 255.0
_DISC = (20, 20)

#: Centre x, centre y, half width, half height, in whole pixels.
Ellipse = tuple[int, int, int, int]

#: The 68 landmarks in whole pixels (x, y).
Points = list[tuple[int, int]]


@dataclass(frozen=True)
class ReferenceBugs:
    """The published code's bugs, each as a switch; all on reproduces it.

    disgust_lids: disgust draws AU5 (upper lid raiser) instead of AU10 (upper lip raiser).
    au4_roll: the height of the AU4 region is how much lower the picture-right brow lies, and the region
    vanishes
        where that is a few pixels. Mended: at least 10 pixels, whichever brow is lower.
    au10_right: the right region is centred on (x52, y54) instead of (x54, y52), the mirror image of the left.
    au17_off_centre: the chin region lies between 8 and the lower lip's left point 59. Mended: between 8 and
    57.
    au20_right: the right region lies between 10 and the upper lip's 50 instead of the mouth corner 54.
    point_sampling: shapes are shrunk to 28 x 28 by looking at four pixels a cell, which loses most of what is
        thinner than eight pixels. Mended: by averaging every pixel.
    """

    disgust_lids: bool = True
    au4_roll: bool = True
    au10_right: bool = True
    au17_off_centre: bool = True
    au20_right: bool = True
    point_sampling: bool = True


AS_PUBLISHED = ReferenceBugs()
MENDED = ReferenceBugs(*(False,) * 6)


def reference_expression_units(expression: str, bugs: ReferenceBugs = AS_PUBLISHED) -> tuple[int, ...]:
    """The action units that the published code draws for an expression; none for neutral."""
    if expression == "neutral":
        return ()
    entries = load_codebook("belharbi2024").expressions
    if expression not in entries:
        raise BadCodebook(
            f"the reference has no action units for {expression!r}: {did_you_mean(expression, entries)}"
        )
    units = set(entries[expression])
    if expression == "disgust" and bugs.disgust_lids:
        units = units - {10} | {5}
    return tuple(sorted(units))


def reference_expression_map(
    landmarks: Float[Tensor, "point=68 xy=2"],
    expression: str,
    size: tuple[int, int] = (224, 224),
    *,
    bugs: ReferenceBugs = AS_PUBLISHED,
) -> tuple[Float[Tensor, "height width"], bool]:
    """The map A of an expression on a picture of `size` (height, width), and whether there is one."""
    return reference_union(landmarks, reference_expression_units(expression, bugs), size, bugs=bugs)


def reference_union(
    landmarks: Float[Tensor, "point=68 xy=2"],
    action_units: Sequence[int],
    size: tuple[int, int] = (224, 224),
    *,
    bugs: ReferenceBugs = AS_PUBLISHED,
) -> tuple[Float[Tensor, "height width"], bool]:
    """The largest value over the units' maps, stretched to [0, 1]; False where no unit could be drawn.

    With `REFERENCE_UNITS` this is the paper's generic, class-agnostic map.
    """
    if not action_units:
        return torch.zeros(size), False
    maps, valid = reference_au_maps(landmarks, action_units, size, bugs=bugs)
    if not valid.any():
        return torch.zeros(size), False
    union = maps[valid].amax(dim=0)
    low, high = union.min(), union.max()
    return (union - low) / torch.where(high > low, high - low, 1.0), True


def reference_au_maps(
    landmarks: Float[Tensor, "point=68 xy=2"],
    action_units: Sequence[int] = REFERENCE_UNITS,
    size: tuple[int, int] = (224, 224),
    *,
    bugs: ReferenceBugs = AS_PUBLISHED,
) -> tuple[Float[Tensor, "au height width"], Bool[Tensor, "au"]]:
    """Each unit's map, from 0.0001 to 255 as published, and whether any of it lies inside the picture.

    `landmarks` are pixels of the picture; NaN or infinity (the published mark of a failure) anywhere makes
    every map invalid. Invalid maps are zero.
    """
    unknown = [unit for unit in action_units if unit not in REFERENCE_UNITS]
    if unknown:
        raise UnknownName(f"the reference draws no region for AU {unknown}; it knows {list(REFERENCE_UNITS)}")
    if not landmarks.isfinite().all():
        return torch.zeros(len(action_units), *size), torch.zeros(len(action_units), dtype=torch.bool)
    points = landmarks.trunc().long()
    canvases = torch.stack([_filled(_ellipses(unit, points, size, bugs), size) for unit in action_units])
    valid = (canvases > _EMPTY).any(dim=(1, 2))
    return torch.where(valid[:, None, None], _soften(canvases, bugs), 0.0), valid


def _filled(ellipses: Sequence[Ellipse], size: tuple[int, int]) -> Float[Tensor, "height width"]:
    """The ellipses drawn on an empty picture, half a pixel larger: OpenCV fills up to the outline."""
    y, x = torch.meshgrid(torch.arange(size[0]), torch.arange(size[1]), indexing="ij")
    canvas = torch.full(size, _EMPTY)
    for centre_x, centre_y, half_width, half_height in ellipses:
        across, down = (x - centre_x) / (half_width + 0.5), (y - centre_y) / (half_height + 0.5)
        canvas[across.square() + down.square() <= 1] = _FILLED
    return canvas


def _soften(
    canvases: Float[Tensor, "au height width"], bugs: ReferenceBugs
) -> Float[Tensor, "au height width"]:
    """Shrink to 28 x 28, blur over 3 x 3 with mirrored borders, enlarge; OpenCV's half-pixel centres."""
    size = (canvases.shape[1], canvases.shape[2])
    if bugs.point_sampling:
        small = F.interpolate(canvases[None], size=(_GRID, _GRID), mode="bilinear", align_corners=False)
    else:
        small = F.interpolate(canvases[None], size=(_GRID, _GRID), mode="area")
    blurred = F.avg_pool2d(F.pad(small, (1, 1, 1, 1), mode="reflect"), kernel_size=3, stride=1)
    return F.interpolate(blurred, size=size, mode="bilinear", align_corners=False)[0]


def _ellipses(
    unit: int, points: Int[Tensor, "point=68 xy=2"], size: tuple[int, int], bugs: ReferenceBugs
) -> list[Ellipse]:
    """Where the published code draws a unit; many sizes are fixed pixels or fractions of the picture."""
    p = [(x, y) for x, y in points.tolist()]
    return _upper_face(unit, p, size, bugs) or _lower_face(unit, p, size[1], bugs)


def _upper_face(unit: int, p: Points, size: tuple[int, int], bugs: ReferenceBugs) -> list[Ellipse]:
    """Brows, eyes, cheeks and nose; empty for other units."""
    height, width = size
    brow = (round(width / 8), round(height / 10))
    match unit:
        case 1:
            return [(*p[20], *brow), (*p[23], *brow)]
        case 2:
            return [(*p[18], *brow), (*p[25], *brow)]
        case 4:
            return [_between_brows(p, bugs)]
        case 5:
            return _eyes(p, taller=0, floor=5)
        case 6:
            return [
                (x, y + round(height / 6), round(width / 10), round(height / 10)) for x, y in (p[41], p[46])
            ]
        case 7:
            return _eyes(p, taller=20, floor=5)
        case 9:
            return [(p[31][0], p[29][1], *_DISC), (p[35][0], p[29][1], *_DISC)]
        case 43:
            return _eyes(p, taller=20, floor=0)
    return []


def _lower_face(unit: int, p: Points, width: int, bugs: ReferenceBugs) -> list[Ellipse]:
    """Lips, mouth corners and chin; the units that are not named share one ellipse over the mouth."""
    match unit:
        case 10:
            right = (p[52][0], p[54][1]) if bugs.au10_right else (p[54][0], p[52][1])
            return [(p[48][0], p[50][1], *_DISC), (*right, *_DISC)]
        case 12 | 15:
            return [(*p[48], *_DISC), (*p[54], *_DISC)]
        case 14:
            return [(max(p[48][0] - 20, 0), p[48][1], *_DISC), (min(p[54][0] + 20, width), p[54][1], *_DISC)]
        case 16:
            return [(*p[59], *_DISC), (*p[55], *_DISC)]
        case 17:
            return [_chin(p, bugs)]
        case 20:
            right = p[50] if bugs.au20_right else p[54]
            return [(*_middle(p[48], p[6]), *_DISC), (*_middle(right, p[10]), *_DISC)]
        case 25:
            return [(*p[51], 25, 10), (*p[57], 25, 10)]
    centre = _half(p[48][0] + p[54][0]), _half(p[51][1] + p[57][1])
    return [(*centre, _extent(p[54][0] - p[48][0], 5), _extent(p[57][1] - p[51][1], 5))]


def _half(number: int) -> int:
    return int(number / 2)


def _extent(length: int, floor: int) -> int:
    """Half a length; the floor only where nothing is left."""
    return max(_half(length), 0) or floor


def _middle(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    return _half(a[0] + b[0]), _half(a[1] + b[1])


def _between_brows(p: Points, bugs: ReferenceBugs) -> Ellipse:
    lower = p[24][1] - p[19][1]
    half_height = _extent(lower, 10) if bugs.au4_roll else max(_half(abs(lower)), 10)
    return (*_middle(p[19], p[24]), _extent(p[24][0] - p[19][0], 10), half_height)


def _eyes(p: Points, *, taller: int, floor: int) -> list[Ellipse]:
    """Over each eye, from its corners and its upper and lower lid; `taller` adds to the opening."""
    ellipses = []
    for start, upper, end, lower in ((36, 38, 39, 41), (42, 44, 45, 47)):
        centre = _half(p[start][0] + p[end][0]), _half(p[upper][1] + p[lower][1])
        width, opening = p[end][0] - p[start][0], p[lower][1] - p[upper][1]
        ellipses.append((*centre, _extent(width, floor), _extent(opening + taller, floor)))
    return ellipses


def _chin(p: Points, bugs: ReferenceBugs) -> Ellipse:
    lip = p[59] if bugs.au17_off_centre else p[57]
    width = p[8][0] - p[59][0] if bugs.au17_off_centre else p[55][0] - p[59][0]
    return (*_middle(lip, p[8]), _extent(width, 5), _extent(p[8][1] - lip[1], 5))
