"""Shares of attention, by hand."""

import pytest
import torch

from facsight.facs.au_maps import AuMaps, render_au_maps
from facsight.facs.codebook import load_codebook
from facsight.facs.evidence import action_unit_shares


def units(*maps, valid=None):
    stacked = torch.tensor([[[row] for row in maps]])
    return AuMaps(stacked, torch.tensor([valid or [True] * len(maps)]), tuple(range(1, len(maps) + 1)))


def test_by_hand():
    # attention 3 1 0 1 is 3 1 0 1 above its minimum, as mass .6 .2 0 .2
    # place 1: unit A alone covers it fully: .6 to A
    # place 2: A at .5, B at 1: cover 1, divided 1 : 2, so .2/3 to A and .4/3 to B
    # place 4: A at 0, B at .5: half of .2 to B, half elsewhere
    au = units([1.0, 0.5, 1.0, 0.0], [0.0, 1.0, 1.0, 0.5])
    shares, elsewhere = action_unit_shares(torch.tensor([[[4.0, 2.0, 1.0, 2.0]]]), au, torch.ones(1, 2))
    torch.testing.assert_close(shares, torch.tensor([[0.6 + 0.2 / 3, 0.4 / 3 + 0.1]]))
    torch.testing.assert_close(elsewhere, torch.tensor([0.1]))


def test_weights_scale_the_claims():
    # all attention where A's map is 1, with weight .5: half is A's; the unit of weight 0 gets nothing
    au = units([1.0, 0.0], [1.0, 0.0])
    shares, elsewhere = action_unit_shares(torch.tensor([[[1.0, 0.0]]]), au, torch.tensor([[0.5, 0.0]]))
    torch.testing.assert_close(shares, torch.tensor([[0.5, 0.0]]))
    torch.testing.assert_close(elsewhere, torch.tensor([0.5]))


def test_invalid_units_take_no_part():
    au = units([1.0, 0.0], [0.0, 0.0], valid=[True, False])
    shares, elsewhere = action_unit_shares(torch.tensor([[[1.0, 0.0]]]), au, torch.ones(1, 2))
    assert shares[0, 0] == 1
    assert shares[0, 1].isnan()
    assert elsewhere[0] == 0


@pytest.mark.parametrize("case", ["no valid unit", "no weight", "constant attention", "NaN attention"])
def test_what_cannot_be_known_is_nan(case):
    au = units([1.0, 0.0], valid=[case != "no valid unit"])
    attention = {"constant attention": [2.0, 2.0], "NaN attention": [torch.nan, 1.0]}.get(case, [1.0, 0.0])
    weights = torch.full((1, 1), 0.0 if case == "no weight" else 1.0)
    shares, elsewhere = action_unit_shares(torch.tensor([[attention]]), au, weights)
    assert shares.isnan().all()
    assert elsewhere.isnan().all()


def test_shares_and_elsewhere_sum_to_one(crop48, generator):
    book = load_codebook("du2014")
    faces = crop48.float() + torch.randn(6, 68, 2, generator=generator)
    faces[5, 17:27] = torch.nan
    au = render_au_maps(faces, (12, 12), extent=(48, 48), action_units=book.action_units)
    weights = book.weights(["happiness", "fear", "anger", "awed", "sadness", "surprise"], book.action_units)
    shares, elsewhere = action_unit_shares(torch.rand(6, 12, 12, generator=generator) - 0.5, au, weights)
    torch.testing.assert_close(shares.nansum(dim=1) + elsewhere, torch.ones(6))
    assert (shares.isnan() == ~au.valid).all()
    assert (shares[au.valid] >= 0).all()
    assert ((shares > 0) == (au.valid & (weights > 0))).all()


def test_shift_and_scale_of_attention_do_not_matter(crop48, generator):
    au = render_au_maps(crop48.float()[None], (12, 12), extent=(48, 48), action_units=(6, 12, 25))
    attention = torch.rand(1, 12, 12, generator=generator)
    for ours, theirs in zip(
        action_unit_shares(attention, au, torch.ones(1, 3)),
        action_unit_shares(7 * attention - 3, au, torch.ones(1, 3)),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs)


def test_attention_that_is_the_map_of_a_unit_falls_on_that_unit(crop48):
    au = render_au_maps(crop48.float()[None], (12, 12), extent=(48, 48), action_units=(1, 6, 12, 17))
    for index in range(4):
        shares, _ = action_unit_shares(au.maps[:, index].square(), au, torch.ones(1, 4))
        assert shares.argmax() == index
