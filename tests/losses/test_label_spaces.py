import math

import pytest
import torch
import torch.nn.functional as F

from facsight.core.errors import BadRecipe
from facsight.core.labels import LabelSpace
from facsight.losses.label_spaces import label_terms

CLASSES = LabelSpace("classes", ("a", "b"))
UNITS = LabelSpace("units", ("AU01", "AU12"), kind="units")
AFFECT = LabelSpace("affect", ("valence",), kind="values", low=-1.0, high=1.0)


def test_hand_values():
    said = {
        "classes": torch.zeros(1, 2),
        "units": torch.zeros(1, 2),
        "affect": torch.tensor([[[1.0], [2.0], [3.0]]]),
    }
    truth = {
        "classes": torch.tensor([[1.0, 0.0]]),
        "units": torch.tensor([[1.0, 0.0]]),
        "affect": torch.tensor([[[2.0], [3.0], [4.0]]]),
    }
    terms = label_terms(said, truth, (CLASSES, UNITS, AFFECT))
    assert terms["classes"].item() == pytest.approx(math.log(2))
    assert terms["units"].item() == pytest.approx(math.log(2))
    assert terms["affect"].item() == pytest.approx(1 - 4 / 7, abs=1e-5)


def test_every_label_is_masked_by_itself():
    generator = torch.Generator().manual_seed(0)
    said = torch.randn(3, 4, 2, generator=generator)
    units = torch.randint(2, (3, 4, 2), generator=generator).float()
    units[0, :, 1], units[2] = math.nan, math.nan
    cost = F.binary_cross_entropy_with_logits(said, units.nan_to_num(), reduction="none")
    found = label_terms({"units": said}, {"units": units}, (UNITS,))["units"]
    torch.testing.assert_close(found, cost[units.isfinite()].mean())
    classes = torch.eye(2)[torch.randint(2, (3, 4), generator=generator)]
    classes[1] = math.nan
    found = label_terms({"classes": said}, {"classes": classes}, (CLASSES,))["classes"]
    kept = [0, 2]
    torch.testing.assert_close(found, F.cross_entropy(said[kept].flatten(0, 1), classes[kept].flatten(0, 1)))


def test_nothing_known_costs_nothing_and_moves_nothing():
    said = torch.randn(2, 2, requires_grad=True)
    for space in (CLASSES, UNITS):
        term = label_terms({space.name: said}, {space.name: torch.full((2, 2), math.nan)}, (space,))[
            space.name
        ]
        (gradient,) = torch.autograd.grad(term, said)
        assert term.item() == 0
        assert gradient.eq(0).all()


def test_weights_are_of_spaces_that_are_there():
    said, truth = {"classes": torch.zeros(1, 2)}, {"classes": torch.tensor([[1.0, 0.0]])}
    term = label_terms(said, truth, (CLASSES,), weights={"classes": 2.0})["classes"]
    assert term.item() == pytest.approx(2 * math.log(2))
    with pytest.raises(BadRecipe, match="not of 'clases': did you mean 'classes'"):
        label_terms(said, truth, (CLASSES,), weights={"clases": 2.0})


def test_a_value_may_weigh_more_than_its_neighbour():
    space = LabelSpace("va", ("valence", "arousal"), kind="values", low=-1.0, high=1.0)
    # valence costs 1 - 4/7 (by hand above), arousal is the very truth and costs nothing
    said, truth = (torch.tensor([[v, 0.0], [v + 1, 1.0], [v + 2, 0.5]]) for v in (1.0, 2.0))
    for weights, factor in (
        ({}, 1),
        ({"valence": 3.0}, 3),
        ({"arousal": 3.0}, 1),
        ({"valence": 2.0, "va": 2.0}, 4),
    ):
        term = label_terms({"va": said}, {"va": truth}, (space,), weights=weights)["va"]
        assert term.item() == pytest.approx(factor * 3 / 7 / 2, abs=1e-6)


def test_importance_of_classes_is_that_of_torch():
    """Oracle: torch's weighted cross entropy, a mean over the weights of the true classes."""
    draw = torch.Generator().manual_seed(0)
    said, place = torch.randn(6, 2, generator=draw), torch.randint(2, (6,), generator=draw)
    truth = torch.eye(2)[place]
    truth[4] = math.nan
    found = label_terms({"classes": said}, {"classes": truth}, (CLASSES,), importance={"classes": [0.5, 3.0]})
    kept = [0, 1, 2, 3, 5]
    wanted = F.cross_entropy(said[kept], place[kept], weight=torch.tensor([0.5, 3.0]))
    torch.testing.assert_close(found["classes"], wanted)


def test_importance_of_units_is_of_those_that_are_there():
    # logits of 0 cost log 2 each: 3 log 2 for the unit that is there, log 2 for the other, over two
    said, truth = {"units": torch.zeros(1, 2)}, {"units": torch.tensor([[1.0, 0.0]])}
    found = label_terms(said, truth, (UNITS,), importance={"units": [3.0, 5.0]})["units"]
    assert found.item() == pytest.approx(4 * math.log(2) / 2)
