import pytest
import torch

from facsight.core.errors import BadLabels
from facsight.data.drawn import load_drawn


def test_splits_share_no_person():
    persons = {}
    for split in ("train", "val", "test"):
        faces = load_drawn(split=split, faces=40, size=24)
        persons[split] = {name.split("-person")[1] for name in faces.ids}
    assert not persons["train"] & persons["val"]
    assert not persons["val"] & persons["test"]


def test_the_same_numbers_give_the_same_faces_and_another_series_others():
    first, again = (load_drawn(split="val", faces=16, size=24) for _ in range(2))
    assert torch.equal(first.images, again.images)
    assert not torch.equal(first.images, load_drawn(split="val", faces=16, size=24, series=1).images)


def test_unknown_split():
    with pytest.raises(BadLabels, match="did you mean 'val'"):
        load_drawn(split="vall")
