import pytest

from facsight.data import open_dataset
from facsight.data.summary import NO_SPLIT, count_labels, count_splits

ROWS = """file,subject,split,expression,AU12,valence
a.jpg,ann,train,happy,1,0.5
b.jpg,ann,train,sad,0,-0.5
c.jpg,bob,train,happy,1,
d.jpg,eve,test,sad,0,0
e.jpg,,,happy,1,1
"""


@pytest.fixture
def data(tmp_path):
    (tmp_path / "manifest.csv").write_text(ROWS)
    (tmp_path / "a.jpg").touch()
    return open_dataset("manifest", tmp_path)


def test_splits_are_counted(data):
    counts = {count.split: count for count in count_splits(data)}
    assert list(counts) == ["train", "test", NO_SPLIT]
    assert (counts["train"].samples, counts["train"].people, counts["train"].missing_files) == (3, 2, 2)
    assert counts[NO_SPLIT].people == 0
    assert counts["train"].videos is None  # the dataset names no recordings


def counted(data, kind):
    space = next(space for space in data.spaces if space.kind == kind)
    return {(row["split"], row["label"]): row for row in count_labels(data, space).to_dicts()}


def test_labels_of_each_split_are_counted_and_those_of_the_test_split_sealed(data):
    classes = counted(data, "classes")
    assert classes["train", "happiness"]["count"] == 2
    assert classes["train", "sadness"]["count"] == 1
    assert classes["test", "sadness"]["labelled"] == 0
    assert classes[NO_SPLIT, "happiness"]["count"] == 1
    assert counted(data, "units")["train", "AU12"]["count"] == 2


def test_values_have_mean_and_range(data):
    row = counted(data, "values")["train", "valence"]
    assert (row["labelled"], row["mean"], row["spread"], row["least"], row["most"]) == (2, 0, 0.5, -0.5, 0.5)
