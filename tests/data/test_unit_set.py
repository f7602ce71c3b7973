import pytest
import torch

from facsight.core.errors import BadFaces, BadLabels
from facsight.core.labels import LabelSpace
from facsight.data.unit_set import UnitSet

NAN = float("nan")
TWO = LabelSpace("two", ("neutral", "happiness"))


def unit_set(**changes) -> UnitSet:
    fields = {
        "name": "three faces",
        "action_units": (1, 12),
        "images": torch.arange(3, dtype=torch.uint8).view(3, 1, 1, 1).expand(3, 1, 4, 4),
        "landmarks": torch.zeros(3, 68, 2),
        "presence": torch.tensor([[1.0, 0.0], [NAN, 0.6], [0.0, NAN]]),
        "person": torch.tensor([0, 0, -1]),
        "ids": ("a", "b", "c"),
    }
    return UnitSet(**fields | changes)


def test_subset_keeps_rows_together_and_in_order():
    shares = torch.tensor([[1.0, 0.0], [0.25, 0.75], [0.5, 0.5]])
    part = unit_set(space=TWO, expression=shares).subset([2, 0])
    assert part.ids == ("c", "a")
    assert part.images[:, 0, 0, 0].tolist() == [2, 0]
    assert part.person.tolist() == [-1, 0]
    assert part.presence[1].tolist() == [1.0, 0.0]
    assert part.presence[0].isnan().tolist() == [False, True]
    assert part.expression is not None
    assert part.expression.tolist() == [[0.5, 0.5], [1.0, 0.0]]
    assert len(unit_set().subset(torch.tensor([False, True, False]))) == 1


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"presence": torch.zeros(3, 3)}, r"expected presence \(3, 2\).*found \(3, 3\)"),
        ({"presence": torch.zeros(3, 2, dtype=torch.long)}, "floating type"),
        ({"presence": torch.tensor([[0.0, 0], [0, 3], [0, 0]])}, "found 3 for AU12 in row 1; divide"),
        ({"presence": torch.tensor([[0.0, 0], [0, 0], [-1, 0]])}, "found -1 for AU1 in row 2"),
        ({"action_units": (1, 3)}, "3 is none"),
        ({"action_units": (1, 1)}, "distinct"),
        ({"action_units": (), "presence": torch.zeros(3, 0)}, "distinct"),
        ({"person": torch.zeros(2, dtype=torch.long)}, "a person for each of 3 faces"),
        ({"person": torch.zeros(3)}, "whole number"),
        ({"space": TWO}, "come together"),
        ({"space": TWO, "expression": torch.ones(3, 2)}, "sum to 1"),
    ],
)
def test_what_no_set_has_is_refused(changes, message):
    with pytest.raises(BadLabels, match=message):
        unit_set(**changes)


@pytest.mark.usefixtures("unchecked")
def test_faces_are_checked_as_those_of_any_set():
    with pytest.raises(BadFaces, match="one id a face, found 1 for 3"):
        unit_set(ids=("a",))
    with pytest.raises(BadFaces, match="uint8"):
        unit_set(images=torch.zeros(3, 1, 4, 4))
