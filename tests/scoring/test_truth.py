"""Labels for scoring: converted by name, sealed where they are not scored, of whom they are."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from facsight.core.errors import BadLabels, MissingData
from facsight.core.labels import label_space
from facsight.data.dataset import Card, Dataset
from facsight.data.opening import dataset_module, open_dataset
from facsight.data.protocol import load_protocol
from facsight.scoring.truth import in_spaces, truth_from_dataset
from facsight.scoring.truth_file import truth_from_file

CARD = Card("mine", "Mine", "photos", ("affectnet8",), *[""] * 6)


def dataset(space, column, words):
    own = label_space(space)
    table = pl.DataFrame({"sample": [str(k) for k in range(len(words))]}).with_columns(
        pl.Series(column, words, dtype=pl.Enum(own.classes))
    )
    return Dataset(CARD, Path("mine"), table, (own,))


class TestConversion:
    def test_classes_that_the_protocol_leaves_out_by_name(self):
        found, notes = in_spaces(
            load_protocol("affectnet7"), dataset("affectnet8", "expression", ["fear", "contempt", None])
        )
        assert found["expression"].to_list() == ["fear", None, None]
        assert "lost: contempt" in notes[0]

    def test_classes_that_it_does_not_are_never_lost(self):
        protocol = replace(load_protocol("affectnet7"), drop=())
        with pytest.raises(BadLabels, match="does not say what becomes of contempt"):
            in_spaces(protocol, dataset("affectnet8", "expression", ["fear"]))

    def test_excitement_counts_as_happiness(self):
        found, _ = in_spaces(
            load_protocol("iemocap"), dataset("iemocap", "emotion", ["excitement", "anger", "frustration"])
        )
        assert found["emotion"].to_list() == ["happiness", "anger", None]

    def test_another_order_of_the_same_classes(self):
        found, notes = in_spaces(
            load_protocol("rafdb7"), dataset("fer2013", "expression", ["fear", "neutral"])
        )
        assert found["expression"].to_list() == ["fear", "neutral"]
        assert found["expression"].dtype == pl.Enum(label_space("rafdb7").classes)
        assert notes == ()

    def test_a_dataset_without_such_labels(self):
        with pytest.raises(BadLabels, match="has no classes in a column expression"):
            in_spaces(load_protocol("rafdb7"), dataset("iemocap", "emotion", ["anger"]))
        with pytest.raises(BadLabels, match="has no valence, arousal"):
            in_spaces(load_protocol("abaw10-va"), dataset("iemocap", "emotion", ["anger"]))


@pytest.fixture(scope="module")
def meld(tmp_path_factory):
    root = tmp_path_factory.mktemp("meld")
    dataset_module("meld").mock(root)
    return root


class TestSeals:
    def test_the_test_split_is_opened_only_where_it_is_scored(self, meld):
        protocol = load_protocol("meld")
        scored = truth_from_dataset(protocol, meld)
        assert (scored.split, scored.opened_test) == ("test", True)
        other = truth_from_dataset(protocol, meld, split="val")
        assert (other.split, other.opened_test) == ("val", False)
        test = open_dataset("meld", meld).table.filter(pl.col("split") == "test")["sample"]
        shown = other.table.filter(pl.col("sample").is_in(test.to_list()))
        assert len(shown)
        assert shown["emotion"].null_count() == len(shown)

    def test_a_split_that_is_not_there(self, meld):
        with pytest.raises(MissingData, match=r"has no split 'dev' of meld, only test, train, val"):
            truth_from_dataset(load_protocol("meld"), meld, split="dev")

    def test_a_file_of_labels_that_serve_as_the_test(self, tmp_path):
        path = tmp_path / "t.csv"
        path.write_text("sample,expression\na,fear\n")
        assert truth_from_file(load_protocol("rafdb7"), path).opened_test
        assert not truth_from_file(load_protocol("abaw10-expr"), path).opened_test


def test_two_levels_of_pain_only(tmp_path):
    dataset_module("biovid").mock(tmp_path)
    truth = truth_from_dataset(load_protocol("biovid"), tmp_path)
    assert set(truth.table["pain_level"].drop_nulls()) == {"no pain", "pain 4"}
    assert truth.table["pain_level"].null_count() > 0
    assert truth.over == "subject"


def test_units_of_a_dataset_that_has_more(tmp_path):
    dataset_module("disfa").mock(tmp_path)
    truth = truth_from_dataset(load_protocol("disfa"), tmp_path)
    assert set(truth.table.columns) == {"sample", "counts", "cluster", *label_space("disfa8").columns}
