"""RISE: what the score is worth on average when a place can be seen, under random masks.

Paper    Petsiuk, Das and Saenko, "RISE: randomized input sampling for explanation of black-box models",
         BMVC 2018, https://arxiv.org/abs/1806.07421
Needs    nothing but the scores
Shows    the mean score of the masked pictures, each weighted with how much of the place it kept
Differs  divided by how much of each place the masks really kept, not by what is expected (eq. 6): chance in
         the coverage does not show as evidence. Where half is kept, masks come in blocks whose cells are
         orthogonal, with every mask's complement (Hadamard matrices; the paper: independent draws), and the
         blocks are shifted evenly: the same map from far fewer masks. All faces see the same masks. What is
         hidden becomes 0, the mean of a standardised face (the paper: black)
"""

from collections.abc import Iterator

import torch
from jaxtyping import Float, Int
from torch import Tensor

from facsight.core.errors import BadRecipe
from facsight.probe.fused import fused_scores
from facsight.probe.pixels import Score, as_pictures, own_score
from facsight.probe.probe import Probe, at_least_single

#: Steps that fill a square evenly however many are taken: powers of the real root of x^3 = x + 1, inverted.
EVEN_STEPS = (0.7548776662466927, 0.5698402909980532)


def rise(
    probe: Probe,
    pixels: Float[Tensor, "batch channel height width"],
    about: Int[Tensor, "batch"],
    *,
    samples: int = 1024,
    cells: int = 7,
    keep: float = 0.5,
    baseline: float | Tensor = 0.0,
    of: Score = "probability",
    seed: int = 0,
    generator: torch.Generator | None = None,
    at_once: int = 32,
) -> Float[Tensor, "batch height width"]:
    r"""RISE maps of the class `about` each face.

    .. math:: \frac{\sum_i y_c(m_i x + (1 - m_i) x')\, m_i(p)}{\sum_i m_i(p)}

    `samples` masks with values in [0, 1]: cells that are kept with probability `keep`, `cells` across the
    picture, blended bilinearly and shifted by up to a cell. `baseline` is a value or a tensor that broadcasts
    to the faces. Draws come from `generator`, or a new one with `seed`: the global state is untouched. About
    `at_once` pictures go through the network together. Values are scores: NaN where no mask kept anything.
    Raises `BadRecipe` for numbers that make no masks, `BadFaces` for a baseline of another shape.
    """
    if samples < 1 or cells < 1 or not 0 < keep < 1:
        raise BadRecipe(
            "expected at least one sample and one cell, and a share to keep between 0 and 1, "
            f"found samples={samples}, cells={cells} and keep={keep}"
        )
    hidden, faces = as_pictures(baseline, pixels), len(pixels)
    several = max(1, at_once // max(1, faces))
    scores_of = fused_scores(probe, pixels.repeat(several, 1, 1, 1), runs=samples // several)
    source = generator or torch.Generator().manual_seed(seed)
    seen = at_least_single(pixels).new_zeros(faces, *pixels.shape[-2:])
    kept = seen.new_zeros(pixels.shape[-2:])
    for drawn in _draw_masks(pixels.shape[-2:], samples, several, cells, keep, source):
        masks = drawn.to(seen)
        pictures = torch.lerp(hidden, pixels, masks[:, None, None].to(pixels.dtype)).flatten(0, 1)
        worth = own_score(scores_of(pictures), about.repeat(len(masks)), of).view(len(masks), faces)
        seen += torch.einsum("sb,shw->bhw", worth, masks)
        kept += masks.sum(dim=0)
    return seen / kept


def _draw_masks(
    size: tuple[int, ...], samples: int, several: int, cells: int, keep: float, source: torch.Generator
) -> Iterator[Float[Tensor, "several height width"]]:
    """All masks of values in [0, 1], several at a time."""
    values, together = _kept_cells(samples, (cells + 1) ** 2, keep, source)
    block = torch.arange(samples, device=source.device) // together
    start = torch.rand(2, generator=source, device=source.device)
    shifts = (start + block.unsqueeze(1) * torch.tensor(EVEN_STEPS, device=source.device)) % 1
    grids = values.view(samples, cells + 1, cells + 1)
    for some, shift in zip(grids.split(several), shifts.split(several), strict=True):
        down, across = (_blend(side, cells, shift[:, axis]) for axis, side in enumerate(size))
        yield down @ some @ across.transpose(1, 2)


def _blend(
    side: int, cells: int, shift: Float[Tensor, "several"]
) -> Float[Tensor, "several side cells_and_one"]:
    """How much of each cell is in each pixel of a row whose grid is shifted by a share of a cell."""
    pixel = (torch.arange(side, device=shift.device) + 0.5) * (cells / side) - 0.5
    place = (pixel + shift.unsqueeze(1)).clamp(0, cells)
    return (1 - (place.unsqueeze(2) - torch.arange(cells + 1, device=shift.device)).abs()).relu()


def _kept_cells(
    samples: int, cells: int, keep: float, source: torch.Generator
) -> tuple[Float[Tensor, "samples cells"], int]:
    """Which cells each mask keeps, 1 or 0, and how many masks form a block.

    Each mask by itself is an independent draw of every cell also where cells are orthogonal, since the signs
    of a block's columns are: only masks of one block depend on each other.
    """
    device = source.device
    if keep != 0.5:
        return (torch.rand(samples, cells, generator=source, device=device) < keep).float(), 1
    order = 1 << cells.bit_length()
    signs = _hadamard(order).to(device)
    blocks = []
    for _ in range(0, samples, 2 * order):
        # the first column is constant: it is no cell
        columns = 1 + torch.randperm(order - 1, generator=source, device=device)[:cells]
        rows = torch.randperm(order, generator=source, device=device)
        flips = 2 * torch.randint(2, (cells,), generator=source, device=device) - 1
        half = signs[rows][:, columns] * flips
        blocks.append(torch.stack([half, -half], dim=1).flatten(0, 1))
    return (torch.cat(blocks)[:samples] + 1) / 2, 2 * order


def _hadamard(order: int) -> Float[Tensor, "order order"]:
    """Rows and columns of signs that are orthogonal, for a power of two (Sylvester's construction)."""
    signs = torch.ones(1, 1)
    while len(signs) < order:
        signs = torch.cat([torch.cat([signs, signs], dim=1), torch.cat([signs, -signs], dim=1)])
    return signs
