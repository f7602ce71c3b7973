"""Every dataset of the table, through the promises that all keep; a new one is tested by its line there."""

import re
import subprocess
import sys

import polars as pl
import pytest

from facsight.core.errors import MissingData
from facsight.core.labels import label_space
from facsight.data import open_dataset
from facsight.data.dataset import SPLITS
from facsight.data.opening import COLUMNS, dataset_card, dataset_module
from facsight.data.sets import SETS

KINDS = {"photos", "frames", "clips", "recordings", "texts"}


@pytest.fixture(scope="module")
def mocks(tmp_path_factory):
    """The tiny copy of a dataset, written once."""
    written = {}

    def of(name):
        if name not in written:
            written[name] = tmp_path_factory.mktemp(name)
            dataset_module(name).mock(written[name])
        return written[name]

    return of


def files(root):
    return {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", SETS)
class TestEveryDataset:
    def test_its_card_says_all(self, name):
        card = dataset_card(name)
        assert card.name == name
        assert card.kind in KINDS
        texts = (card.people, card.licence, card.obtain, card.layout, card.paper, card.certainty)
        assert all(len(text.strip()) > 5 for text in texts)
        assert card.title
        assert not card.labels or "http" in card.paper + card.obtain
        assert all(label_space(label).name == label for label in card.labels)

    def test_its_copy_opens_and_nothing_in_it_is_fatal(self, name, mocks):
        data = open_dataset(name, mocks(name), sealed=False)
        assert len(data) > 0
        assert not [str(deviation) for deviation in data.deviations if deviation.fatal]

    def test_its_copy_is_small_and_follows_from_the_seed(self, name, mocks, tmp_path):
        dataset_module(name).mock(tmp_path / "again", seed=0)
        once, again = files(mocks(name)), files(tmp_path / "again")
        assert once.keys() == again.keys()
        assert sum(map(len, once.values())) < 2_000_000
        text = {path for path in once if path.suffix in (".txt", ".csv", ".tsv", ".json", ".jpg", ".png")}
        assert not [path for path in text if once[path] != again[path]]

    def test_its_table_has_the_columns_of_all_and_of_its_labels(self, name, mocks):
        table = open_dataset(name, mocks(name), sealed=False).table
        assert list(table.columns[: len(COLUMNS)]) == list(COLUMNS)
        assert table["sample"].n_unique() == len(table)
        assert table["sample"].null_count() == 0
        assert set(table["split"].drop_nulls()) <= set(SPLITS)
        assert not [column for column in table.columns if not re.fullmatch(r"[A-Za-z0-9_]+", column)]

    def test_its_labels_are_those_of_its_spaces(self, name, mocks):
        data = open_dataset(name, mocks(name), sealed=False)
        for space in data.spaces:
            for column in space.columns:
                values = data.table[column].drop_nulls()
                asked_only = (data.table["split"] == "test").all()
                assert len(values) or asked_only, f"no {column} in the copy"
                if space.kind == "classes":
                    assert values.dtype == pl.Enum(space.classes)
                else:
                    low, high = (0, 1) if space.kind == "units" else (space.low, space.high)
                    assert values.is_between(low, high).all()

    def test_its_files_are_there(self, name, mocks):
        data = open_dataset(name, mocks(name))
        paths = data.table["path"].drop_nulls()
        assert len(paths) or data.card.kind == "texts"
        assert all((data.root / path).exists() for path in paths)
        assert not [path for path in paths if path.startswith("/") or ".." in path.split("/")]

    def test_labels_of_its_test_split_are_sealed(self, name, mocks):
        data = open_dataset(name, mocks(name))
        sealed = data.table.filter(pl.col("split") == "test")
        for space in data.spaces:
            assert all(sealed[column].is_null().all() for column in space.columns)
            assert all(sealed[column].is_null().all() for column in space.shares if column in sealed.columns)

    def test_a_folder_that_is_absent_or_empty_is_told_with_the_layout(self, name, tmp_path):
        layout = re.escape(dataset_card(name).layout.strip())
        for folder in (tmp_path / "absent", tmp_path):
            with pytest.raises(MissingData, match=layout):
                open_dataset(name, folder)

    def test_opening_changes_nothing(self, name, mocks):
        before = files(mocks(name))
        open_dataset(name, mocks(name))
        assert files(mocks(name)) == before


def test_opening_a_dataset_is_light():
    modules = ", ".join(SETS.values())
    heavy = "torch", "cv2", "av", "PIL"
    code = f"import sys, facsight.data.opening, {modules}; print([m for m in {heavy} if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
