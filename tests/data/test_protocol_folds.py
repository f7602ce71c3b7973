"""Folds of protocols: nobody on two sides, but in the one scheme that says so."""

import polars as pl
import pytest

from facsight.core.errors import BadFolds, UnknownName
from facsight.data.folds import published_targets
from facsight.data.opening import dataset_module, open_dataset
from facsight.data.protocol import load_protocol, protocol_names
from facsight.data.protocol_folds import protocol_folds, protocol_table

FOLDED = [name for name in protocol_names() if load_protocol(name).folds]


def people(count, each=3):
    """So many people with a few videos of a few frames each."""
    return pl.DataFrame(
        [
            {"sample": f"{p}-{v}-{f}", "subject": f"p{p:02d}", "video": f"{p}-{v}", "fold": str(p % 5)}
            for p in range(count)
            for v in range(2)
            for f in range(each)
        ]
    )


@pytest.mark.parametrize("name", FOLDED)
def test_the_own_folds_of_every_protocol_keep_people_apart(name):
    folds, warning = protocol_folds(load_protocol(name), people(30))
    assert warning == ""
    assert len(folds) >= 3
    tested = []
    for fold in folds:
        train, test = set(fold["train"]["subject"]), set(fold["test"]["subject"])
        assert not train & test
        tested += fold["test"]["sample"].to_list()
    assert sorted(tested) == sorted(people(30)["sample"])


def test_published_targets():
    targets = published_targets()["biovid-10"]["subjects"]
    table = people(87).with_columns(
        pl.col("subject").replace({f"p{k:02d}": subject for k, subject in enumerate(targets)})
    )
    folds, _ = protocol_folds(load_protocol("biovid"), table, scheme="ten-targets")
    assert list(folds.names) == targets
    assert all(set(fold["test"]["subject"]) == {fold.name} for fold in folds)


def test_the_scheme_that_mixes_people_warns():
    folds, warning = protocol_folds(load_protocol("biovid"), people(10), scheme="mixed-five-fold")
    assert "every person on both sides of every fold" in warning
    assert len(folds) == 5
    assert any(set(fold["train"]["subject"]) & set(fold["test"]["subject"]) for fold in folds)


def test_one_session_is_left_out():
    """Both speakers of a session share their dialogues, so that a session is what hangs together."""
    table = pl.DataFrame(
        [
            {"sample": f"Ses0{s}{sex}{d}", "subject": f"Ses0{s}{sex}", "video": f"Ses0{s}_{d}"}
            for s in range(1, 6)
            for sex in "FM"
            for d in range(3)
        ]
    )
    folds, _ = protocol_folds(load_protocol("iemocap"), table)
    assert len(folds) == 5
    assert {len(set(fold["test"]["subject"])) for fold in folds} == {2}


def test_the_seed_changes_who_goes_where():
    table = people(24)
    pairs = [protocol_folds(load_protocol("disfa"), table, seed=seed)[0].places for seed in (0, 0, 1)]
    assert pairs[0].equals(pairs[1])
    assert not pairs[0].equals(pairs[2])


def test_an_official_split(tmp_path):
    dataset_module("rafdb").mock(tmp_path)
    folds, _ = protocol_folds(load_protocol("rafdb7"), open_dataset("rafdb", tmp_path).table)
    assert set(folds["official"].parts) == {"train", "test"}
    with pytest.raises(UnknownName, match="official split and no folds"):
        load_protocol("rafdb7").scheme("five-fold")


def test_an_official_split_that_leaks_is_told():
    table = people(4).with_columns(
        split=pl.when(pl.col("sample").str.ends_with("0")).then(pl.lit("test")).otherwise(pl.lit("train"))
    )
    folds, warning = protocol_folds(load_protocol("meld"), table)
    assert "does not keep apart what belongs together" in warning
    assert len(folds.places) == len(table)


def test_official_lists_of_folds(tmp_path):
    """A clip is tested in the fold whose test list has it; the copy has two clips in each of five."""
    dataset_module("dfew").mock(tmp_path)
    protocol = load_protocol("dfew")
    folds, _ = protocol_folds(protocol, protocol_table(protocol, tmp_path))
    assert folds.names == ("1", "2", "3", "4", "5")
    assert folds["2"]["test"]["sample"].to_list() == ["00003", "00004"]
    assert len(folds["2"]["train"]) == 8
    for part in ("train", "test"):
        lists = tmp_path / f"EmoLabel_DataSplit/{part}(single-labeled)"
        (lists / "set_2.csv").write_bytes((lists / "set_1.csv").read_bytes())
    with pytest.raises(BadFolds, match="two folds"):
        protocol_table(protocol, tmp_path)
