import os
import shutil

import numpy as np
import polars as pl
import pytest

from facsight.data import kept_numbers
from facsight.data.kept_numbers import numbers_in

ENDINGS = ("_exp.npy", "_val.npy")
#: A time long ago, so that files are not too young to be kept.
AGO = 1_500_000_000


def write(path, value, when=AGO):
    np.save(path, np.array(str(value)))
    os.utime(path, (when, when))


def as_dict(table):
    return dict(table.select("file", "number").iter_rows())


@pytest.fixture
def opened(monkeypatch, tmp_path):
    """The names of files that were opened since the last look; the index lies in a folder of its own."""
    names = []
    read = kept_numbers.read_numbers

    def listening(paths):
        paths = list(paths)
        names.extend(path.rpartition("/")[2] for path in paths)
        return read(paths)

    def since():
        told = sorted(names)
        names.clear()
        return told

    monkeypatch.setattr(kept_numbers, "read_numbers", listening)
    monkeypatch.setattr(kept_numbers, "FEWEST", 0)
    monkeypatch.setenv("FACSIGHT_CACHE", str(tmp_path / "cache"))
    return since


@pytest.fixture
def folder(tmp_path):
    home = tmp_path / "annotations"
    home.mkdir()
    for number in range(3):
        write(home / f"{number}_exp.npy", number)
    write(home / "0_val.npy", "nan")
    write(home / "1_val.npy", "no number")
    write(home / "0_lnd.npy", 7)
    return home


@pytest.fixture
def kept(folder, opened):
    """A folder whose numbers are kept."""
    numbers_in(folder, ENDINGS)
    opened()
    return folder


def test_numbers_are_read_once(folder, opened):
    first = numbers_in(folder, ENDINGS)
    told = as_dict(first)
    assert told["2_exp.npy"] == 2
    assert np.isnan(told["0_val.npy"])
    assert told["1_val.npy"] is None
    assert opened() == ["0_exp.npy", "0_val.npy", "1_exp.npy", "1_val.npy", "2_exp.npy"]
    assert numbers_in(folder, ENDINGS).equals(first)
    assert opened() == []


def changed(folder):
    """Another number of as many characters."""
    write(folder / "1_exp.npy", 5, AGO + 60)


def changed_within_a_second(folder):
    write(folder / "1_exp.npy", 5, AGO + 0.001)


def replaced_at_the_same_time(folder):
    """By another file of the same size and time: only its inode differs."""
    write(folder.parent / "other.npy", 5)
    (folder.parent / "other.npy").replace(folder / "1_exp.npy")


def longer(folder):
    """The same time, another size."""
    np.save(folder / "1_exp.npy", np.array("5.000"))
    os.utime(folder / "1_exp.npy", (AGO, AGO))


@pytest.mark.parametrize("way", [changed, changed_within_a_second, replaced_at_the_same_time, longer])
def test_a_changed_file_is_read_again_and_no_other(kept, opened, way):
    before = as_dict(numbers_in(kept, ENDINGS))
    way(kept)
    after = as_dict(numbers_in(kept, ENDINGS))
    assert opened() == ["1_exp.npy"]
    assert after["1_exp.npy"] == 5
    assert {name for name in after if repr(after[name]) != repr(before[name])} == {"1_exp.npy"}
    assert as_dict(numbers_in(kept, ENDINGS))["1_exp.npy"] == 5
    assert opened() == []


def test_an_added_file_is_read(kept, opened):
    write(kept / "3_exp.npy", 6)
    assert as_dict(numbers_in(kept, ENDINGS))["3_exp.npy"] == 6
    assert opened() == ["3_exp.npy"]
    assert len(numbers_in(kept, ENDINGS)) == 6
    assert opened() == []


def test_a_removed_file_is_gone(kept, opened):
    (kept / "2_exp.npy").unlink()
    assert "2_exp.npy" not in as_dict(numbers_in(kept, ENDINGS))
    assert opened() == []
    write(kept / "2_exp.npy", 4)
    assert as_dict(numbers_in(kept, ENDINGS))["2_exp.npy"] == 4


def test_a_file_too_young_is_not_kept(folder, opened):
    """It could be changed again within the same tick of the clock."""
    np.save(folder / "9_exp.npy", np.array("1"))
    numbers_in(folder, ENDINGS)
    opened()
    numbers_in(folder, ENDINGS)
    assert opened() == ["9_exp.npy"]


def test_another_folder_of_the_same_files_has_an_index_of_its_own(kept, opened, tmp_path):
    shutil.copytree(kept, tmp_path / "copy")
    write(tmp_path / "copy/1_exp.npy", 5)
    assert as_dict(numbers_in(tmp_path / "copy", ENDINGS))["1_exp.npy"] == 5
    assert as_dict(numbers_in(kept, ENDINGS))["1_exp.npy"] == 1


def index_of(tmp_path):
    (index,) = (tmp_path / "cache").rglob("*.parquet")
    return index


@pytest.mark.parametrize("damage", ["garbage", "half", "another table", "a line twice"])
def test_a_damaged_index_is_made_again(kept, opened, tmp_path, damage):
    index = index_of(tmp_path)
    whole = index.read_bytes()
    table = pl.read_parquet(index)
    if damage == "garbage":
        index.write_bytes(b"no table")
    elif damage == "half":
        index.write_bytes(whole[: len(whole) // 2])
    elif damage == "another table":
        table.rename({"number": "code"}).write_parquet(index)
    else:
        pl.concat([table, table.head(1).with_columns(number=pl.lit(8.0))]).write_parquet(index)
    told = as_dict(numbers_in(kept, ENDINGS))
    assert [told[f"{number}_exp.npy"] for number in range(3)] == [0, 1, 2]
    assert len(told) == 5
    assert opened()
    numbers_in(kept, ENDINGS)
    assert opened() == []


def test_the_datasets_folder_stays_as_it_is(folder, opened):
    before = {path.name: path.stat().st_mtime_ns for path in [folder, *folder.iterdir()]}
    numbers_in(folder, ENDINGS)
    assert {path.name: path.stat().st_mtime_ns for path in [folder, *folder.iterdir()]} == before


def test_where_nothing_can_be_kept_numbers_are_read_all_the_same(folder, opened, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    for _ in range(2):
        assert as_dict(numbers_in(folder, ENDINGS))["1_exp.npy"] == 1
        assert len(opened()) == 5


def test_of_a_small_folder_nothing_is_kept(folder, opened, tmp_path, monkeypatch):
    monkeypatch.setattr(kept_numbers, "FEWEST", 6)
    numbers_in(folder, ENDINGS)
    assert not (tmp_path / "cache").exists()


def test_an_absent_folder_and_a_link_to_nothing(folder, opened, tmp_path):
    assert numbers_in(tmp_path / "gone", ENDINGS).is_empty()
    (folder / "5_exp.npy").symlink_to(tmp_path / "nothing.npy")
    assert len(numbers_in(folder, ENDINGS)) == 5
