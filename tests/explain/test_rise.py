import pytest
import torch
from torch import nn

from facsight.core.errors import BadRecipe
from facsight.explain.rise import _draw_masks, _kept_cells, rise
from facsight.probe.probe import Probe
from small_networks import CurvedCNN, faces, seeded

CELLS, SIDE = 2, 6


class Weighted(nn.Module):
    """One class: the weighted sum of the pixels."""

    def __init__(self, weights: torch.Tensor):
        super().__init__()
        self.weights = weights

    def forward(self, pixels):
        return (self.weights * pixels).sum(dim=(1, 2, 3)).unsqueeze(1)


def hat(shift: float) -> torch.Tensor:
    """How much of each of the cells is in each pixel of a row, one at a time."""
    found = torch.zeros(SIDE, CELLS + 1, dtype=torch.float64)
    for pixel in range(SIDE):
        place = min(max((pixel + 0.5) * CELLS / SIDE - 0.5 + shift, 0.0), float(CELLS))
        below = min(int(place), CELLS - 1)
        found[pixel, below] = 1 - (place - below)
        found[pixel, below + 1] = place - below
    return found


def truth_of_a_linear_score(worth: torch.Tensor, keep: float) -> torch.Tensor:
    r"""The limit for a score that is the sum of what each pixel is worth.

    A mask is m(p) = sum_c a_c(p) b_c with cells b_c of variance keep (1 - keep) and independent, and
    sum_c a_c(p) = 1. So E[m(q) m(p)] = keep^2 + keep (1 - keep) E[sum_c a_c(q) a_c(p)], and the map, the mean
    score weighted with m(p) over the mean of m(p), tends to

        keep sum_q v(q) + (1 - keep) sum_q v(q) E[sum_c a_c(q) a_c(p)]

    The last mean, over shifts, is a product of the two axes: taken at the middles of many equal steps.
    """
    steps = 400
    along = sum(hat((i + 0.5) / steps) @ hat((i + 0.5) / steps).T for i in range(steps)) / steps
    return keep * worth.sum() + (1 - keep) * along @ worth @ along


@pytest.mark.parametrize(
    ("keep", "samples", "tolerance"),
    # orthogonal cells leave only the spread of the shifts; independent ones fall with the root of the samples
    [(0.5, 4096, 0.01), (0.3, 20000, 0.06), (0.8, 20000, 0.06)],
)
def test_converges_to_the_truth_of_a_linear_score(keep, samples, tolerance, generator):
    weights = torch.randn(1, SIDE, SIDE, generator=generator).double()
    pixels = torch.rand(2, 1, SIDE, SIDE, generator=generator).double()
    found = rise(
        Probe(Weighted(weights)),
        pixels,
        torch.tensor([0, 0]),
        cells=CELLS,
        keep=keep,
        samples=samples,
        of="logit",
        at_once=4096,
    )
    for told, face in zip(found, pixels, strict=True):
        truth = truth_of_a_linear_score((weights * face)[0], keep)
        assert (told - truth).abs().max() < tolerance * (truth.max() - truth.min())


def test_a_score_that_sees_nothing_gives_a_flat_map():
    class Deaf(nn.Module):
        def forward(self, pixels):
            return pixels.new_tensor([[2.0, 5.0]]).expand(len(pixels), 2)

    found = rise(Probe(Deaf()), faces(2, 8, 8), torch.tensor([0, 1]), samples=40, of="logit")
    torch.testing.assert_close(found, torch.tensor([2.0, 5.0]).view(2, 1, 1).expand(2, 8, 8))


def test_equals_the_plain_sum_over_its_masks():
    network, pixels, about = seeded(CurvedCNN).double(), faces(2, 10, 8).double(), torch.tensor([2, 0])
    found = rise(Probe(network), pixels, about, samples=50, cells=3, baseline=0.5, seed=4)
    (masks,) = _draw_masks((10, 8), 50, 50, 3, 0.5, torch.Generator().manual_seed(4))
    for face, told, label in zip(pixels, found, about.tolist(), strict=True):
        total, kept = torch.zeros(10, 8).double(), torch.zeros(10, 8).double()
        for mask in masks.double():
            with torch.no_grad():
                score = network((mask * face + (1 - mask) * 0.5)[None]).softmax(dim=1)[0, label]
            total += score * mask
            kept += mask
        torch.testing.assert_close(told, total / kept)


def test_masks_blend_their_cells():
    source = torch.Generator().manual_seed(2)
    (masks,) = _draw_masks((12, 12), 300, 300, 3, 0.4, source)
    assert 0 <= masks.min() <= masks.max() <= 1
    # every place is kept as often as asked: 300 draws of variance at most 0.24 have a mean within 0.03 (1 sd)
    assert (masks.mean(dim=0) - 0.4).abs().max() < 0.15
    # a quarter of a cell from one pixel to the next, in both directions
    assert masks.diff(dim=1).abs().max() <= 0.25 + 1e-6
    assert masks.diff(dim=2).abs().max() <= 0.25 + 1e-6


@pytest.mark.parametrize("cells", [1, 9, 49, 64])
def test_a_block_of_cells_is_balanced_and_orthogonal(cells, generator):
    _, together = _kept_cells(1, cells, 0.5, generator)
    kept, _ = _kept_cells(together, cells, 0.5, generator)
    signs = 2 * kept - 1
    assert torch.equal(signs.T @ signs, together * torch.eye(cells))
    assert torch.equal(signs.sum(dim=0), torch.zeros(cells))
    assert torch.equal(signs[::2], -signs[1::2])


def test_blocks_of_cells_differ(generator):
    kept, together = _kept_cells(96, 9, 0.5, generator)
    assert kept.shape == (96, 9)
    assert not torch.equal(
        kept[:together].sort(dim=0).indices, kept[together : 2 * together].sort(dim=0).indices
    )


def test_finds_the_one_pixel_that_counts():
    weights = torch.zeros(1, 16, 16)
    weights[0, 4, 11] = 1.0
    found = rise(
        Probe(Weighted(weights)), torch.ones(1, 1, 16, 16), torch.tensor([0]), samples=512, of="logit"
    )[0]
    top, left = divmod(int(found.argmax()), 16)
    assert abs(top - 4) <= 1
    assert abs(left - 11) <= 1


def test_the_seed_decides_and_the_global_state_is_untouched():
    probe, pixels, about = Probe(seeded(CurvedCNN)), faces(2), torch.tensor([0, 1])
    before = torch.random.get_rng_state()
    one, same = (rise(probe, pixels, about, samples=20, seed=3) for _ in range(2))
    assert torch.equal(one, same)
    assert not torch.equal(one, rise(probe, pixels, about, samples=20, seed=4))
    given = rise(probe, pixels, about, samples=20, generator=torch.Generator().manual_seed(3))
    assert torch.equal(one, given)
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("at_once", [1, 7, 1000])
def test_a_faces_map_does_not_depend_on_the_faces_beside_it(at_once):
    probe, pixels, about = Probe(seeded(CurvedCNN).double()), faces(3).double(), torch.tensor([0, 3, 1])
    together = rise(probe, pixels, about, samples=33, at_once=at_once)
    alone = [rise(probe, pixels[i : i + 1], about[i : i + 1], samples=33) for i in range(3)]
    torch.testing.assert_close(together, torch.cat(alone))


@pytest.mark.parametrize(
    ("options", "told"),
    [({"samples": 0}, "samples=0"), ({"cells": 0}, "cells=0"), ({"keep": 1.0}, "keep=1.0")],
)
def test_refuses_what_makes_no_masks(options, told):
    with pytest.raises(BadRecipe, match=told):
        rise(Probe(seeded(CurvedCNN)), faces(1), torch.tensor([0]), **options)
