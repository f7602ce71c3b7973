import pytest
import torch

from facsight.core.errors import BadLabels
from facsight.core.labels import FERPLUS, LabelSpace, label_space
from facsight.data.compound_parts import in_parts
from facsight.data.drawn import draw_faces
from facsight.data.opening import dataset_module
from facsight.data.photos import load_photos
from planted_compound import unions


@pytest.fixture
def compounds(generator):
    space = label_space("cexpr7")
    return draw_faces(20, generator=generator, space=space, recipe=unions(space)).faces


def test_each_part_gets_half(compounds):
    """By hand, for the first two compounds of the list."""
    found = in_parts(compounds)
    assert found.space == FERPLUS
    halves = {0: {"fear", "surprise"}, 1: {"happiness", "surprise"}}
    rows = [row for row, label in enumerate(compounds.label.tolist()) if label in halves]
    assert rows
    for row in rows:
        shares = dict(zip(FERPLUS.classes, found.expression[row].tolist(), strict=True))
        assert {name for name, share in shares.items() if share} == halves[int(compounds.label[row])]
        assert set(shares.values()) == {0.0, 0.5}
    assert torch.equal(found.images, compounds.images)


def test_uncertain_compounds_share_their_parts(compounds):
    """Half happily surprised, half sadly surprised: surprise has a half, the others a quarter."""
    classes = compounds.space.classes
    compounds.expression[0] = 0
    compounds.expression[0, [classes.index("happily surprised"), classes.index("sadly surprised")]] = 0.5
    shares = dict(zip(FERPLUS.classes, in_parts(compounds).expression[0].tolist(), strict=True))
    assert {name: share for name, share in shares.items() if share} == {
        "surprise": 0.5,
        "happiness": 0.25,
        "sadness": 0.25,
    }


def test_labels_that_are_no_compounds_and_parts_that_are_missing_are_refused(compounds, generator):
    with pytest.raises(BadLabels, match="not made of two"):
        in_parts(draw_faces(3, generator=generator).faces)
    with pytest.raises(BadLabels, match="not among the classes"):
        in_parts(compounds, LabelSpace("small", ("neutral", "happiness")))


def test_photos_of_compounds_are_loaded_in_parts(tmp_path):
    dataset_module("rafdb_compound").mock(tmp_path)
    whole = load_photos("rafdb_compound", tmp_path, split="train", size=32)
    parts = load_photos("rafdb_compound", tmp_path, split="train", size=32, labels="parts")
    assert parts.space.name == "ferplus8"
    assert torch.equal(parts.expression, in_parts(whole).expression)
