"""Portraits of one studio, one pose and one light are alike without being copies: how alike is usual?

Where a picture resembles an eighth of all others, a copy of it must be much nearer than those are. Nothing
else in a pair of thumbnails parts two people on one background from two copies of one photo: in the London
portraits people differ by as little as 0.09, and copies of web photos, cropped and resampled, by up to 0.22.
"""

from collections.abc import Iterable, Iterator

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from facsight.data.copy_search import Found, describe
from facsight.data.same_picture import difference

#: A copy's difference is at most so much of the difference that is usual. That takes back less than a
#: thousandth of the listed copies in the half of FER+ on which it was chosen; 0.2 takes back 0.3 %.
SHARE = 0.25
#: Usual is the difference to the fourth nearest of so many others, evenly spaced in the list.
OTHERS, NEAREST = 32, 4
#: Those others that look most alike by their coarse descriptions are compared thoroughly.
COMPARED = 8
#: Where the fourth of them has no such cosine with a picture, nothing is usual: it stands alone.
ALIKE = 0.45


def standing_out(pixels: UInt8[Tensor, "n side side"], found: Iterable[Found]) -> Iterator[Found]:
    """Those of the pairs whose pictures differ by far less than either does from its like."""
    for one, other, apart, mirrored in _joined(found):
        rows, place = torch.cat([one, other]).unique(return_inverse=True)
        level = usual_difference(pixels, rows, mirrored)[place].view(2, -1).amin(dim=0)
        kept = apart <= SHARE * level
        yield one[kept], other[kept], apart[kept], mirrored


def usual_difference(
    pixels: UInt8[Tensor, "n side side"], rows: Int[Tensor, "row"], mirrored: bool
) -> Float[Tensor, "row"]:
    """How much each of the rows, `mirrored` or not, differs from the fourth nearest of some others.

    Infinity for a picture that is like none of them, and where there are fewer than four.
    """
    usual = torch.full((len(rows),), torch.inf)
    others = torch.linspace(0, len(pixels) - 1, min(OTHERS, len(pixels))).round().long()
    if len(others) <= NEAREST:
        return usual
    mine = pixels[rows].flip(2) if mirrored else pixels[rows]
    cosine = describe(mine) @ describe(pixels[others]).T
    cosine[rows.unsqueeze(1) == others] = -1
    best = cosine.topk(min(COMPARED, len(others) - 1), dim=1)
    for row in (best.values[:, NEAREST - 1] > ALIKE).nonzero().flatten().tolist():
        like = pixels[others[best.indices[row]]]
        usual[row] = difference(mine[row].expand_as(like), like).kthvalue(NEAREST).values
    return usual


def _joined(found: Iterable[Found]) -> Iterator[Found]:
    """All parts of a search as two: pairs that are not mirrored, and those that are."""
    parts = list(found)
    for mirrored in (False, True):
        some = [part[:3] for part in parts if part[3] == mirrored]
        if some:
            one, other, apart = (torch.cat(column) for column in zip(*some, strict=True))
            yield one, other, apart, mirrored
