import json

import polars as pl
import pytest

from facsight.core.errors import BadLabels, MissingData
from facsight.data import open_dataset
from facsight.data.sets.manifest import about_list

HEADER = "file,subject,split,left,top,right,bottom,expression,valence,AU12"
ROWS = ["a.jpg,ann,train,1,2,30,40.5,Happy,0.5,1", "b/c.jpg,,valid,,,,,sad,,0"]


@pytest.fixture
def write(tmp_path):
    def of(*rows, header=HEADER, name="manifest.csv"):
        (tmp_path / name).write_text("\n".join([header, *rows]) + "\n")
        (tmp_path / "b").mkdir(exist_ok=True)
        for file in ("a.jpg", "b/c.jpg"):
            (tmp_path / file).touch()
        return tmp_path

    return of


def test_what_is_listed(write):
    data = open_dataset("manifest", write(*ROWS))
    table = data.table
    assert data.deviations == ()
    assert table["sample"].to_list() == table["path"].to_list() == ["a.jpg", "b/c.jpg"]
    assert table["subject"].to_list() == ["ann", None]
    assert table["split"].to_list() == ["train", "val"]
    assert table.select("left", "top", "right", "bottom").rows() == [(1, 2, 30, 40.5), (None,) * 4]
    assert table["expression"].to_list() == ["happiness", "sadness"]
    assert table["valence"].to_list() == [0.5, None]
    assert table["AU12"].to_list() == [1, 0]
    assert {space.kind for space in data.spaces} == {"classes", "units", "values"}


def test_a_parquet_file_and_a_name_of_ones_own(write, tmp_path):
    rows = open_dataset("manifest", write(*ROWS, name="mine.csv"), file="mine.csv").table
    pl.read_csv(tmp_path / "mine.csv").write_parquet(tmp_path / "manifest.parquet")
    assert open_dataset("manifest", tmp_path).table.equals(rows)


def test_two_faces_of_a_photo_are_two_samples(write):
    data = open_dataset("manifest", write(ROWS[0], "a.jpg,bob,train,50,2,80,40,sad,0,0", ROWS[0]))
    assert data.table["sample"].to_list() == ["a.jpg", "a.jpg#2"]
    assert [(d.line, d.fatal) for d in data.deviations] == [(4, False)]


def test_labels_of_named_spaces(write):
    root = write("a.jpg,5,-5,-5", "b/c.jpg,1,0.5,0", header="file,expression,valence,arousal")
    data = open_dataset("manifest", root, labels=["rafdb7", "affwild2_va"])
    assert data.table["expression"].to_list() == ["sadness", "surprise"]
    assert data.table["valence"].to_list() == [None, 0.5]
    with pytest.raises(BadLabels, match="has no column 'compound'"):
        open_dataset("manifest", root, labels="rafdb_compound11")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (",ann,train,1,2,3,4,sad,0,0", "line 4: expected the name of a file, found nothing"),
        ("../x.jpg,ann,train,1,2,3,4,sad,0,0", "line 4: expected a file below the folder"),
        ("/etc/x.jpg,ann,train,1,2,3,4,sad,0,0", "line 4: expected a file below the folder"),
        ("C:\\x.jpg,ann,train,1,2,3,4,sad,0,0", "line 4: expected a file below the folder"),
        ("x.jpg,ann,tarin,1,2,3,4,sad,0,0", "line 4: expected a split"),
        ("x.jpg,ann,train,1,2,inf,4,sad,0,0", "line 4: expected a number as right"),
        ("x.jpg,ann,train,1,2,3,4,sad,1.5,0", "line 4: expected valence from -1 to 1, found 1.5"),
        ("x.jpg,ann,train,1,2,3,4,sad,nan,0", "line 4: expected valence from -1 to 1, found nan"),
        ("x.jpg,ann,train,1,2,3,4,sad,0,2", "line 4: expected AU12 from 0 to 1, found 2"),
        ("x.jpg,ann", "line 4: expected 10 fields, found 2"),
    ],
)
def test_a_wrong_line_is_named_and_can_be_left_out(write, row, message):
    root = write(*ROWS, row)
    with pytest.raises(BadLabels, match=message):
        open_dataset("manifest", root)
    assert len(open_dataset("manifest", root, tolerant=True)) == 2


def test_a_word_that_a_space_does_not_know_is_named_with_the_nearest(write):
    root = write("a.jpg,anger", "b/c.jpg,angr", header="file,expression")
    with pytest.raises(BadLabels, match=r"line 3: 'angr' is not a class of rafdb7: did you mean 'anger'"):
        open_dataset("manifest", root, labels="rafdb7")


def test_a_missing_file_is_told_and_kept(write):
    data = open_dataset("manifest", write(*ROWS, "gone.jpg,ann,train,1,2,3,4,sad,0,0"))
    assert data.table["path"].to_list() == ["a.jpg", "b/c.jpg", None]
    assert [str(d) for d in data.deviations] == ["gone.jpg: this file is missing"]


def test_a_wrong_separator_and_no_list(write, tmp_path):
    with pytest.raises(MissingData, match="is empty"):
        open_dataset("manifest", tmp_path)
    with pytest.raises(BadLabels, match="found semicolons"):
        open_dataset("manifest", write("a.jpg;1", header="file;valence"))
    (tmp_path / "manifest.parquet").write_bytes(b"no parquet")
    with pytest.raises(MissingData, match="is not a Parquet file"):
        open_dataset("manifest", tmp_path)


def test_near_copies_that_are_marked_are_not_trained_on(write):
    rows = ("a.jpg,happiness,train,true", "b/c.jpg,anger,train,False")
    data = open_dataset("manifest", write(*rows, header="file,expression,split,first"))
    assert data.table["first"].to_list() == [True, False]


def test_a_prepared_list_says_which_labels_it_has(write, tmp_path):
    folder, table = write(), pl.DataFrame({"file": ["a.jpg"], "expression": ["Happy"]})
    about = {"labels": ["rafdb7"], "crop": "112 px"}
    table.write_parquet(folder / "manifest.parquet", metadata={"facsight": json.dumps(about)})
    assert [space.name for space in open_dataset("manifest", folder).spaces] == ["rafdb7"]
    assert [space.name for space in open_dataset("manifest", folder, labels="ferplus8").spaces] == [
        "ferplus8"
    ]
    assert about_list(folder) == about
    table.write_parquet(folder / "manifest.parquet", metadata={"facsight": "no JSON"})
    assert about_list(folder) == {}
    assert about_list(tmp_path / "nowhere") == {}
