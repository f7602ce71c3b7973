import pytest

from facsight.core.errors import BadLabels
from facsight.core.labels import FERPLUS
from facsight.data import open_dataset

HEADER = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
VOTES = [
    "Training,fer0000000.png,4,0,0,1,3,2,0,0,0,0",  # neutral with 4 of 10
    "PublicTest,fer0000001.png,5,5,0,0,0,0,0,0,0,0",  # a tie
    "PrivateTest,fer0000002.png,0,3,0,0,0,0,0,1,6,0",  # most say unknown
    "Training,,0,0,0,0,0,0,0,0,0,10",  # no face, no votes for an expression
]


def original(folder, votes=VOTES, pictures=4):
    (folder / "fer2013new.csv").write_bytes(("\r\n".join([HEADER, *votes]) + "\r\n").encode())
    (folder / "fer2013.csv").write_text("emotion,pixels,Usage\n" + "0,1 2 3,Training\n" * pictures)
    return folder


def test_the_original_files(tmp_path):
    data = open_dataset("ferplus", original(tmp_path), sealed=False)
    table = data.table
    assert data.deviations == ()
    assert table["split"].to_list() == ["train", "val", "test", "train"]
    assert table["expression"].to_list() == ["neutral", None, None, None]
    shares = table.select(FERPLUS.shares)
    assert shares.row(0) == pytest.approx((0.4, 0, 0, 0.1, 0.3, 0.2, 0, 0))
    assert shares.row(1) == (0.5, 0.5, 0, 0, 0, 0, 0, 0)
    assert shares.row(2) == (0, 0.75, 0, 0, 0, 0, 0, 0.25)  # among the votes for expressions
    assert shares.row(3) == (None,) * 8
    assert table["usable"].to_list() == [True, False, False, False]
    assert table.select("sample", "path", "frame").row(2) == ("fer0000002.png", "fer2013.csv", 2)


def test_files_of_another_length_are_no_pair(tmp_path):
    with pytest.raises(BadLabels, match=r"fer2013.csv has 3 rows and fer2013new.csv 4"):
        open_dataset("ferplus", original(tmp_path, pictures=3))


def test_votes_that_are_none_are_named(tmp_path):
    votes = [*VOTES[:3], "Training,x.png,-1,0,0,0,0,0,0,0,0,0"]
    with pytest.raises(BadLabels, match=r"fer2013new.csv, line 5: expected votes of 0 or more"):
        open_dataset("ferplus", original(tmp_path, votes))


def test_the_real_votes(shared_data):
    data = open_dataset("ferplus", shared_data / "ferplus")
    assert data.deviations == ()
    assert data.table["split"].value_counts(sort=True).rows() == [("train", 26544), ("val", 3433)]
    assert data.table["dup_cluster"].null_count() == 0
    first = data.split("train").table.filter("usable", "first")
    assert len(first) == 23_186  # as listed with the data
