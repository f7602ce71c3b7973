import hashlib
import json

import polars as pl
import pytest

from facsight.core.errors import BadFolds, BadOutput, MissingData
from facsight.data.fold_files import digest, read_folds, write_folds
from facsight.data.folds import group_folds, leave_one_out, official_folds, target_folds

TABLE = pl.DataFrame(
    {
        "sample": ["s,1", 's"2', "#3", "s4\nb", "5", "ä6"],
        "subject": ["a", "a", "b", "c", None, "d"],
        "video": ["v_left", "v_right", "w", "x", "y", "z"],
        "split": ["train", "train", "val", "val", "test", "test"],
    }
)
MAKERS = {
    "group": lambda: group_folds(TABLE, 2, dataset="x", stratify="split", seed=3, unknown="alone"),
    "one": lambda: leave_one_out(TABLE, dataset="x", unknown="drop"),
    "official": lambda: official_folds(TABLE, dataset="x"),
    "targets": lambda: target_folds(TABLE.filter(pl.col("sample") != "5"), ["b", "d"], dataset="x"),
}


@pytest.fixture
def written(tmp_path):
    return write_folds(MAKERS["group"](), tmp_path / "folds.csv")


@pytest.mark.parametrize("maker", MAKERS)
def test_what_is_written_is_read(tmp_path, maker):
    folds = MAKERS[maker]()
    path = write_folds(folds, tmp_path / "folds.csv")
    again = read_folds(path, folds.table.reverse(), dataset="x")
    assert again.names == folds.names
    assert (again.scheme, again.apart, again.made) == (folds.scheme, folds.apart, folds.made)
    for one, other in zip(folds, again, strict=True):
        assert {part: set(rows["sample"]) for part, rows in one.parts.items()} == {
            part: set(rows["sample"]) for part, rows in other.parts.items()
        }
    assert write_folds(again, tmp_path / "again.csv").read_bytes() == path.read_bytes()


def test_the_file_tells_how_it_was_made_and_opens_anywhere(written):
    magic, about, *_ = written.read_text(encoding="utf-8").split("\n")
    head = json.loads(about.removeprefix("# about: "))
    assert magic == "# facsight folds 1"
    assert head["made"] == {
        "how": "group folds",
        "folds": 2,
        "stratify": "split",
        "seed": 3,
        "unknown": "alone",
    }
    rows = pl.read_csv(written, skip_rows=2, infer_schema=False)
    assert rows.columns == ["sample", "subject", "video", "place"]
    assert dict(rows.select("sample", "video").iter_rows())["s,1"] == "v"


def test_the_digest_is_what_the_docs_say():
    rows = pl.DataFrame({"sample": ["b", "ä"], "subject": [None, "1"]})
    text = '["b", null]\n["ä", "1"]\n'
    assert digest(rows) == digest(rows.reverse()) == f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def test_windows_line_ends_do_no_harm(written):
    table = TABLE.filter(pl.col("sample") != "s4\nb")
    path = write_folds(group_folds(table, 2, dataset="x", unknown="alone"), written)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert len(read_folds(path, table, dataset="x")) == 2


def test_another_dataset_is_refused(written):
    with pytest.raises(BadFolds, match="has folds of 'x', expected those of 'y'"):
        read_folds(written, TABLE, dataset="y")


def test_unknown_missing_and_changed_samples_are_named(written):
    table = TABLE.with_columns(
        pl.col("sample").replace("5", "new"), pl.col("subject").replace("b", "somebody else")
    )
    with pytest.raises(BadFolds) as caught:
        read_folds(written, table, dataset="x")
    assert "1 samples are missing from the dataset: '5'" in str(caught.value)
    assert "1 samples are unknown to the file: 'new'" in str(caught.value)
    assert "1 samples have another subject or video now: '#3'" in str(caught.value)


def test_a_person_who_becomes_known_is_a_change(written):
    table = TABLE.with_columns(pl.col("subject").fill_null("e"))
    with pytest.raises(BadFolds, match="another subject or video now: '5'"):
        read_folds(written, table, dataset="x")


@pytest.mark.parametrize(
    ("old", "new"),
    [('"d","z"', '"a","z"'), ('"seed": 3', '"seed": 4'), ('"rest"', '"parts"'), ('"5",', '"55",')],
)
def test_an_edited_file_is_refused(written, old, new):
    text = written.read_text(encoding="utf-8")
    assert old in text
    written.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(BadFolds, match="was changed after it was written"):
        read_folds(written, TABLE, dataset="x")


def test_a_file_cut_short_is_refused(written):
    whole = written.read_bytes()
    for end in range(0, len(whole) - 1, 7):
        written.write_bytes(whole[:end])
        with pytest.raises((BadFolds, MissingData)):
            read_folds(written, TABLE, dataset="x")


@pytest.mark.parametrize(
    "content", ["", "sample,place\n1,2\n", "# facsight folds 1\n# about: []\na\n", "\x00"]
)
def test_any_other_file_is_refused(tmp_path, content):
    (tmp_path / "a.csv").write_text(content)
    with pytest.raises(BadFolds, match="expected"):
        read_folds(tmp_path / "a.csv", TABLE, dataset="x")


@pytest.mark.parametrize("about", ["# about: {", "# about: []"])
def test_a_damaged_head_is_told(written, about):
    lines = written.read_text(encoding="utf-8").split("\n")
    written.write_text("\n".join([lines[0], about, *lines[2:]]), encoding="utf-8")
    with pytest.raises(BadFolds, match=r"is damaged|line 2: expected apart"):
        read_folds(written, TABLE, dataset="x")


def test_no_file_and_no_room_are_told(tmp_path):
    with pytest.raises(MissingData, match="cannot be read"):
        read_folds(tmp_path / "none.csv", TABLE, dataset="x")
    (tmp_path / "latin.csv").write_bytes(b"\xe4\xf6")
    with pytest.raises(MissingData, match="cannot be read"):
        read_folds(tmp_path / "latin.csv", TABLE, dataset="x")
    with pytest.raises(BadOutput, match="could not be written"):
        write_folds(MAKERS["one"](), tmp_path / "no" / "folder.csv")
