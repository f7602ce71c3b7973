import pytest
import torch

from facsight.core.errors import BadFaces, BadLabels
from facsight.core.labels import LabelSpace
from facsight.data.face_set import FaceSet

TWO = LabelSpace("two", ("neutral", "happiness"))


def face_set(**changes) -> FaceSet:
    fields = {
        "name": "three faces",
        "space": TWO,
        "images": torch.arange(3, dtype=torch.uint8).view(3, 1, 1, 1).expand(3, 1, 4, 4),
        "landmarks": torch.zeros(3, 68, 2),
        "expression": torch.tensor([[1.0, 0.0], [0.25, 0.75], [0.5, 0.5]]),
        "ids": ("a", "b", "c"),
    }
    return FaceSet(**fields | changes)


def test_length_and_label():
    assert len(face_set()) == 3
    assert face_set().label.tolist() == [0, 1, 0]


def test_missing_landmarks_are_welcome():
    landmarks = torch.zeros(3, 68, 2)
    landmarks[0] = torch.nan
    landmarks[1, 5] = torch.nan
    assert face_set(landmarks=landmarks).landmarks[1].isnan().sum() == 2


@pytest.mark.parametrize("indices", [[2, 0], torch.tensor([2, 0]), (2, 0)])
def test_subset_keeps_rows_together_and_in_order(indices):
    part = face_set().subset(indices)
    assert part.ids == ("c", "a")
    assert part.images[:, 0, 0, 0].tolist() == [2, 0]
    assert part.expression.tolist() == [[0.5, 0.5], [1.0, 0.0]]
    assert (part.name, part.space) == ("three faces", TWO)


def test_subset_by_mask_repetition_and_nothing():
    assert face_set().subset(torch.tensor([True, False, True])).ids == ("a", "c")
    assert face_set().subset([1, 1]).ids == ("b", "b")
    assert len(face_set().subset([])) == 0


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (torch.zeros(3, 4, 4, dtype=torch.uint8), r"\(3, 4, 4\)"),
        (torch.zeros(3, 2, 4, 4, dtype=torch.uint8), "1 or 3"),
        (torch.zeros(3, 1, 4, 4), "uint8, found .* torch.float32"),
        (torch.zeros(3, 1, 0, 4, dtype=torch.uint8), "height"),
    ],
)
@pytest.mark.usefixtures("unchecked")
def test_images_of_another_kind_are_refused(images, message):
    with pytest.raises(BadFaces, match=message):
        face_set(images=images)


@pytest.mark.usefixtures("unchecked")
def test_landmarks_of_another_kind_are_refused():
    with pytest.raises(BadFaces, match="expected landmarks"):
        face_set(landmarks=torch.zeros(3, 5, 2))
    with pytest.raises(BadFaces, match="expected landmarks"):
        face_set(landmarks=torch.zeros(2, 68, 2))
    with pytest.raises(BadFaces, match="floating"):
        face_set(landmarks=torch.zeros(3, 68, 2, dtype=torch.int64))


@pytest.mark.parametrize("point", [(torch.inf, 1.0), (torch.nan, 1.0)])
def test_half_a_landmark_is_refused_and_its_row_named(point):
    landmarks = torch.zeros(3, 68, 2)
    landmarks[2, 7] = torch.tensor(point)
    with pytest.raises(BadFaces, match="point 7 of row 2"):
        face_set(landmarks=landmarks)


@pytest.mark.parametrize("row", [(0.5, 0.6), (1.5, -0.5), (torch.nan, 1.0), (torch.inf, 0.0), (0.0, 0.0)])
def test_shares_that_are_no_distribution_are_refused_and_their_row_named(row):
    expression = torch.tensor([[1.0, 0.0], list(row), [0.0, 1.0]])
    with pytest.raises(BadLabels, match="row 1"):
        face_set(expression=expression)


@pytest.mark.usefixtures("unchecked")
def test_expression_of_another_label_space_is_refused():
    with pytest.raises(BadLabels, match="each class of two"):
        face_set(expression=torch.full((3, 8), 1 / 8))
    with pytest.raises(BadLabels, match="floating"):
        face_set(expression=torch.tensor([[1, 0]] * 3))


def test_ids_count():
    with pytest.raises(BadFaces, match="2 for 3 faces"):
        face_set(ids=("a", "b"))
