"""All pairs of small pictures that may be copies: two quick looks at every pair, then a thorough one.

First the cosine of whitened low frequencies, of the pictures and of one with the mirror image of the other: a
matrix product. Then, to first order, how much of one picture the other explains when it is moved a little:
the projection on the span of that other and of its changes under affine motion (the tangent distance of
Simard, LeCun and Denker, NIPS 1992). Both let too much through; `same_picture.difference` then decides, and
`alike` takes back what is no nearer than usual.
"""

import math
from collections.abc import Callable, Iterator
from itertools import product

import torch
import torch.nn.functional as F
from jaxtyping import Float, Float16, Int, UInt8
from torch import Tensor

from facsight.data.same_picture import blur, difference, motions, window
from facsight.data.thumbnails import SIDE

#: Up to this difference two aligned pictures are copies.
LIKE = 0.22
#: The steps before: the least cosine of coarse descriptions, the least share that motion explains.
COARSE, EXPLAINED = 0.6, 0.78
#: Frequencies a side of a coarse description; the side at which motion is looked at.
FREQUENCIES, SMALL = 12, 24
#: Pictures that are compared with so many others at a time; pairs that are aligned at a time.
ROWS, COLUMNS, PAIRS = 1024, 16384, 256
#: Pairs of one picture, and such bundles, that are looked at together.
WIDTH, PIECES = 32, 128

Found = tuple[Int[Tensor, "pair"], Int[Tensor, "pair"], Float[Tensor, "pair"], bool]


def search(pixels: UInt8[Tensor, "n side side"]) -> Iterator[Found]:
    """Rows of the first and of the other picture, their difference, and whether one is mirrored, in parts."""
    coarse, views = _in_parts(describe, pixels), _in_parts(seen, pixels)
    for first, mirrored in product(range(0, len(pixels), ROWS), (False, True)):
        mine = pixels[first : first + ROWS]
        mine = mine.flip(2) if mirrored else mine
        descriptions, tangents = describe(mine), tangent_spaces(mine)
        for second in range(first, len(pixels), COLUMNS):
            others = slice(second, second + COLUMNS)
            near = (descriptions @ coarse[others].T > COARSE).nonzero()
            near = near[near[:, 0] + first < near[:, 1] + second]
            for one, other in _explained(near, tangents, views[others]):
                apart = difference(mine[one], pixels[other + second])
                like = apart < LIKE
                yield one[like] + first, other[like] + second, apart[like], mirrored


def describe(pixels: UInt8[Tensor, "n side side"]) -> Float[Tensor, "n frequency"]:
    """Low frequencies of each picture, its middle counting most, weighed by frequency; of length 1."""
    side = torch.arange(SIDE)
    waves = torch.cos(math.pi * torch.arange(FREQUENCIES).unsqueeze(1) * (2 * side + 1) / (2 * SIDE))
    order = torch.arange(FREQUENCIES).float()
    weight = torch.hypot(order.unsqueeze(1), order)
    return F.normalize((weight * (waves @ centred(pixels.float()) @ waves.T)).flatten(1), dim=1)


def tangent_spaces(pixels: UInt8[Tensor, "n side side"]) -> Float[Tensor, "n 7 pixel"]:
    """An orthonormal basis of each picture and its changes under motion, brightness apart."""
    small = _small(pixels)
    changes = motions(small)[:, 1:].unflatten(2, small.shape[1:])
    faded = centred(changes.flatten(0, 1)).view(len(small), 7, -1)
    return torch.linalg.qr(faded.transpose(1, 2))[0].transpose(1, 2).contiguous()


def seen(pixels: UInt8[Tensor, "n side side"]) -> Float16[Tensor, "n pixel"]:
    """What tangent spaces explain: the faded picture, of length 1."""
    return F.normalize(centred(_small(pixels)).flatten(1), dim=1).half()


def centred(pictures: Float[Tensor, "n height width"]) -> Float[Tensor, "n height width"]:
    """Each picture less its mean, faded out towards the edges."""
    weight = window(pictures.shape[-1])
    mean = (pictures * weight).sum(dim=(1, 2), keepdim=True) / weight.sum()
    return (pictures - mean) * weight


def _small(pixels: Tensor) -> Tensor:
    return F.avg_pool2d(blur(pixels.float(), 1.0).unsqueeze(1), SIDE // SMALL).squeeze(1)


def _in_parts(make: Callable[[Tensor], Tensor], pixels: Tensor) -> Tensor:
    return torch.cat([make(part) for part in pixels.split(ROWS)])


def _explained(
    near: Int[Tensor, "pair 2"], tangents: Tensor, views: Tensor
) -> Iterator[tuple[Tensor, Tensor]]:
    """Those of the pairs, sorted by the first, in which motion of the first explains enough of the other.

    Pairs of one first are looked at together, `WIDTH` at a time, many firsts in one product: a product a
    picture would be so small that threads only wait for each other.
    """
    share = torch.empty(len(near))
    for rows, places in _runs(near[:, 0]):
        others = views[near[places.clamp(max=len(near) - 1), 1]].float()
        found = (others @ tangents[rows].transpose(1, 2)).square().sum(dim=2)
        inside = places < len(near)
        share[places[inside]] = found[inside]
    kept = near[share > EXPLAINED]
    return ((part[:, 0], part[:, 1]) for part in kept.split(PAIRS) if len(part))


def _runs(rows: Int[Tensor, "pair"]) -> Iterator[tuple[Tensor, Tensor]]:
    """Runs of equal numbers, cut into pieces: numbers (piece), places in `rows` (piece, `WIDTH`).

    A place after the end of a piece is that of no pair: the length of `rows`.
    """
    if not len(rows):
        return
    numbers, counts = rows.unique_consecutive(return_counts=True)
    pieces = (counts + WIDTH - 1).div(WIDTH, rounding_mode="floor")
    ends = counts.cumsum(0).repeat_interleave(pieces)
    nth = torch.arange(len(ends)) - (pieces.cumsum(0) - pieces).repeat_interleave(pieces)
    starts = (counts.cumsum(0) - counts).repeat_interleave(pieces) + nth * WIDTH
    places = starts.unsqueeze(1) + torch.arange(WIDTH)
    places = torch.where(places < ends.unsqueeze(1), places, len(rows))
    yield from zip(numbers.repeat_interleave(pieces).split(PIECES), places.split(PIECES), strict=True)
