from dataclasses import replace

import pytest
import torch

from facsight.core.batch import LabelledUnits
from facsight.core.errors import BadLabels, BadRecipe
from facsight.core.labels import LabelSpace
from facsight.data.crops import UnitCropper
from facsight.data.drawn import draw_faces
from facsight.data.drawn.units import units_of
from facsight.methods.action_units.weak_units import WeakUnits
from facsight.nn.pixels import standardise
from facsight.nn.unit_weights import build_unit_network
from planted_batch import batch

SPACE = LabelSpace("three", ("happiness", "neutral", "sadness"))
UNITS = (6, 12, 15, 43)
SMALL = {"widths": (8, 12, 16), "blocks": (1, 1, 1), "stem": 4, "dropout": 0.0}
BOOK = """
name = "two"
version = "1"
source = "this test"
[expressions.happiness]
weights = { 6 = 0.5, 12 = 1.0 }
[expressions.sadness]
action_units = [15]
"""


@pytest.fixture
def book(tmp_path):
    (tmp_path / "two.toml").write_text(BOOK)
    return str(tmp_path / "two.toml")


def method(book, space=SPACE, units=UNITS, **options):
    torch.manual_seed(0)
    return WeakUnits(build_unit_network(units, **SMALL), space, codebook=book, **options)


def test_what_a_codebook_tells_by_hand(book):
    told = method(book).told
    assert told[:, :3].tolist() == [[0.5, 1.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    assert told[:, 3].isnan().all()  # no expression has AU 43


def test_shares_of_expressions_are_averaged_and_strangers_are_unknown(book):
    weak = method(book, LabelSpace("other", ("happiness", "sadness", "anger")))
    assert weak.told[2].isnan().all()  # anger has no entry, and is not neutral
    found = weak.expected(torch.tensor([[0.5, 0.5, 0.0], [0.5, 0.0, 0.5]]))
    assert found[0, :3].tolist() == [0.25, 0.5, 0.5]
    assert found[1].isnan().all()


def test_coded_units_are_not_looked_at(book, generator):
    drawn = units_of(draw_faces(12, generator=generator, size=24), UNITS)
    weak = method(book, drawn.space)
    crops = UnitCropper(drawn, size=24, standardise=standardise)
    other = UnitCropper(replace(drawn, presence=1 - drawn.presence), size=24, standardise=standardise)
    rows = torch.arange(12)
    one, two = (weak.examples(given)(rows, torch.Generator()) for given in (crops, other))
    torch.testing.assert_close(one.presence, two.presence, equal_nan=True)
    torch.testing.assert_close(one.presence, weak.expected(drawn.expression), equal_nan=True)
    assert torch.equal(one.faces.pixels, crops(rows, torch.Generator()).faces.pixels)


def test_terms(book):
    faces = batch().faces
    given = LabelledUnits(faces, torch.full((4, 4), 0.5), torch.zeros(4, dtype=torch.long))
    assert method(book).objective(given, 0.0).keys() == {"units", "alignment"}
    weak = method(book, alignment=0.0)
    terms = weak.objective(given, 0.0)
    assert terms.keys() == {"units"}
    terms.total.backward()
    assert all(weight.grad.abs().sum() > 0 for weight in weak.network.head.parameters())


def test_bad_input(book):
    with pytest.raises(BadLabels, match="learns from expressions, and these faces have none"):
        method(book).expected(None)
    with pytest.raises(BadRecipe, match=r"nothing of \[43\]"):
        method(book, units=(43,))
    with pytest.raises(BadRecipe, match="found -1"):
        method(book, alignment=-1.0)
