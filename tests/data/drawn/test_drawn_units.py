import itertools
from dataclasses import replace

import pytest
import torch

from facsight.core.errors import BadCodebook, BadLabels
from facsight.data.drawn import PAIRED, Cooccurrence, as_bytes, draw_faces, draw_units, load_drawn_units
from facsight.data.drawn.portrait import paint
from facsight.data.drawn.template import ACTION_UNITS
from facsight.data.drawn.units import units_of

THREE = Cooccurrence((6, 12, 9), ((6, 12, 0.3),), rate=0.4)


def test_the_table_of_a_pair_by_hand():
    expected = torch.tensor([[0.4, 0.3, 0.16], [0.3, 0.4, 0.16], [0.16, 0.16, 0.4]])
    torch.testing.assert_close(THREE.joint, expected)
    assert THREE.partners.nonzero().tolist() == [[0, 1], [1, 0]]


def test_what_a_partner_tells_by_hand():
    told = THREE.told_by_partner(torch.tensor([[1.0, 0.0, 1.0]]))
    # AU 6 without AU 12: (0.4 - 0.3) / 0.6; AU 12 with AU 6: 0.3 / 0.4; AU 9 is in no pair
    torch.testing.assert_close(told, torch.tensor([[1 / 6, 0.75, 0.4]]))


def test_a_pair_that_always_goes_together_and_one_that_never_does(generator):
    together = Cooccurrence((6, 12), ((6, 12, 0.4),), rate=0.4).draw(500, generator)
    assert torch.equal(together[:, 0], together[:, 1])
    never = Cooccurrence((6, 12), ((6, 12, 0.0),), rate=0.4).draw(500, generator)
    assert never.any(dim=0).all()
    assert not never.all(dim=1).any()


def test_draws_follow_the_table(generator):
    shown = PAIRED.draw(40_000, generator).float()
    # four standard errors of a share of 40,000 are below 0.01
    torch.testing.assert_close(shown.T @ shown / len(shown), PAIRED.joint, atol=0.01, rtol=0)


def test_pairs_tell_nothing_of_other_units(generator):
    shown = PAIRED.draw(40_000, generator).float()
    centred = shown - shown.mean(dim=0)
    for one, other in itertools.combinations(range(len(PAIRED.action_units)), 2):
        if not PAIRED.partners[one, other]:
            assert (centred[:, one] * centred[:, other]).mean().abs() < 0.01


@pytest.mark.parametrize(
    ("units", "pairs", "rate", "message"),
    [
        ((6, 99), (), 0.4, "AU 99 is not drawn"),
        ((6, 12), ((6, 9, 0.2),), 0.4, "AU 9 is not drawn here; drawn are 6, 12"),
        ((6, 12, 9), ((6, 12, 0.2), (12, 9, 0.2)), 0.4, "in one pair at most"),
        ((6, 6), (), 0.4, "each unit once"),
        ((6, 12), (), 1.0, r"below 1, found 1\.0"),
        ((6, 12), ((6, 12, 0.5),), 0.4, r"to 0\.4, found 0\.5"),
        ((6, 12), ((6, 12, 0.3),), 0.7, r"found 0\.3"),
    ],
)
def test_tables_that_cannot_be(units, pairs, rate, message):
    with pytest.raises(BadCodebook, match=message):
        Cooccurrence(units, pairs, rate)


def test_presence_is_what_the_scene_shows(generator):
    drawn = draw_units(64, generator=generator, size=24)
    columns = [ACTION_UNITS.index(unit) for unit in PAIRED.action_units]
    assert torch.equal(drawn.units.presence, (drawn.scene.intensities[:, columns] > 0).float())
    assert drawn.scene.intensities.sum() == drawn.scene.intensities[:, columns].sum()


def test_a_hidden_unit_leaves_no_trace(generator):
    """The oracle paints every face again without the hidden unit: what that changes is covered."""
    drawn = draw_units(48, generator=generator, size=32, occluded=1.0, difficulty=0.0)
    columns = torch.tensor([ACTION_UNITS.index(unit) for unit in PAIRED.action_units])
    patched = drawn.units.images != as_bytes(paint(drawn.scene, size=32)[0])
    other = drawn.scene.intensities.clone()
    rows, unit = torch.arange(48), columns[drawn.occluded]
    present = drawn.units.presence[rows, drawn.occluded].bool()
    other[rows, unit] = 0.0
    without = paint(replace(drawn.scene, intensities=other), size=32)[0]
    moved = (without != paint(drawn.scene, size=32)[0]) & present[:, None, None, None]
    assert moved.flatten(1).any(dim=1)[present].all()
    # grey noise may leave a pixel as it was by chance: nearly all of what moved is covered
    assert (patched & moved).sum() / moved.sum() > 0.9


def test_the_same_lot_draws_the_same_picture_whether_a_hidden_unit_is_there_or_not():
    """A table in which AU 12 never shows, and one in which it mostly does; all else is drawn alike."""

    def pictures(rate):
        table = Cooccurrence((12,), (), rate)
        drawn = draw_units(24, generator=torch.Generator().manual_seed(3), table=table, size=32, occluded=1.0)
        return drawn.units.images, drawn.units.presence

    (seldom, rarely), (often, mostly) = pictures(1e-6), pictures(1 - 1e-6)
    assert rarely.sum() == 0
    assert mostly.sum() == 24
    assert torch.equal(seldom, often)


def test_the_share_of_hidden_faces_and_the_lot_of_units(generator):
    drawn = draw_units(600, generator=generator, size=8, occluded=0.5)
    share = (drawn.occluded >= 0).float().mean().item()
    assert share == pytest.approx(0.5, abs=0.09)  # four standard errors
    assert set(drawn.occluded.tolist()) == set(range(-1, 10))
    assert torch.equal(drawn.hidden.sum(dim=1), (drawn.occluded >= 0).long())
    assert (draw_units(20, generator=generator, size=16, occluded=0.0).occluded == -1).all()


def test_a_subset_keeps_what_is_known_of_each_face(generator):
    drawn = draw_units(20, generator=generator, size=16)
    part = drawn.subset(drawn.occluded >= 0)
    assert torch.equal(part.occluded, drawn.occluded[drawn.occluded >= 0])
    assert len(part) == len(part.scene) == len(part.units)


def test_units_of_faces_drawn_by_expression(generator):
    drawn = draw_faces(20, generator=generator, size=24)
    units = units_of(drawn, (12, 4))
    expected = drawn.intensities[:, [ACTION_UNITS.index(12), ACTION_UNITS.index(4)]] > 0
    assert torch.equal(units.presence, expected.float())
    assert torch.equal(units.expression, drawn.faces.expression)
    assert torch.equal(units.person, drawn.identity)


def test_splits_share_no_person_and_the_same_numbers_give_the_same_faces():
    sets = {split: load_drawn_units(split=split, faces=40, size=8) for split in ("train", "val", "test")}
    for one, other in itertools.combinations(sets.values(), 2):
        assert not set(one.person.tolist()) & set(other.person.tolist())
    again = load_drawn_units(split="val", faces=40, size=8)
    assert torch.equal(again.images, sets["val"].images)
    assert len(again) == 10


def test_few_people_and_faces_by_expression():
    few = load_drawn_units(split="train", faces=60, size=16, people=3)
    assert len(set(few.person.tolist())) == 3
    by_expression = load_drawn_units(split="val", faces=40, size=16, by="expression")
    assert by_expression.expression is not None
    assert few.expression is None


def test_bad_options():
    with pytest.raises(BadLabels, match="did you mean 'val'"):
        load_drawn_units(split="vall")
    with pytest.raises(BadLabels, match="people"):
        load_drawn_units(split="train", people=0)
