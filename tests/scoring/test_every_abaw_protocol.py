"""Every task of every ABAW edition, from a copy of its dataset to a submission that passes the check."""

import numpy as np
import polars as pl
import pytest

from facsight.core.errors import BadTable
from facsight.data.opening import dataset_module, open_dataset
from facsight.data.protocol import load_protocol, protocol_names
from facsight.data.sample_list import read_sample_list
from facsight.data.submission_check import check_submission
from facsight.data.submission_fill import complete
from facsight.data.submission_formats import submission_format
from facsight.data.submissions import read_any, write_submission
from facsight.scoring.score import score
from facsight.scoring.truth import truth_from_dataset
from facsight.scoring.truth_file import truth_from_file
from scoring_data import random_columns

ABAW = [name for name in protocol_names() if load_protocol(name).edition]


@pytest.fixture(scope="module")
def datasets(tmp_path_factory):
    """The folder of a dataset's tiny copy and its table, made once."""
    made = {}

    def of(name):
        if name not in made:
            root = tmp_path_factory.mktemp(name)
            dataset_module(name).mock(root)
            made[name] = root, open_dataset(name, root).table
        return made[name]

    return of


@pytest.mark.parametrize("name", ABAW)
def test_from_a_dataset_to_a_submission(name, datasets, tmp_path):
    protocol = load_protocol(name)
    form = submission_format(protocol.submission)
    root, table = datasets(protocol.dataset)
    labelled = perfect_predictions_score(protocol, root, table, tmp_path)
    samples = asked_for(table, labelled, form)
    listed = read_sample_list(write_list(samples, form, tmp_path), form)
    assert set(listed["sample"]) >= set(samples)

    predictions = some_predictions(listed, form, tmp_path / "p.parquet")
    found = read_any(predictions, listed["sample"].unique(maintain_order=True), form.label_spaces, form, None)
    found.refuse_strays()
    with pytest.raises(BadTable, match="have no prediction"):
        write_submission([found.table], listed, form, tmp_path / "out")
    filled = complete(found.table, listed, form.label_spaces, absent="typical")
    assert filled.count == len(found.missing) > 0
    files = write_submission([filled.table], listed, form, tmp_path / "out")
    assert check_submission(files[0] if form.zipped else tmp_path / "out", listed, form) == []


def perfect_predictions_score(protocol, root, table, tmp_path):
    """Scores the labels themselves, where there are any; gives the labelled rows."""
    if "val" not in set(table["split"]):
        truth = tmp_path / "truth.csv"
        rng = np.random.default_rng(0)
        columns = random_columns(protocol.spaces, len(table), rng)
        pl.DataFrame({"sample": table["sample"]} | columns).write_csv(truth)
        assert score(protocol, truth_from_file(protocol, truth), truth).official.estimate == pytest.approx(1)
        return table.head(0)
    truth = truth_from_dataset(protocol, root)
    assert (truth.split, truth.opened_test) == ("val", False)
    rows = table.filter(pl.col("split") == "val")
    columns = [column for space in protocol.spaces for column in space.columns]
    rows.select("sample", *columns).drop_nulls().write_parquet(tmp_path / "val.parquet")
    if len(protocol.spaces) == 1:
        scored = score(protocol, truth, tmp_path / "val.parquet")
        shown = [value for each in scored.spaces.values() for value in each.each.values()]
        key = {"classes": "f1", "units": "f1"}.get(protocol.spaces[0].kind)
        if key:
            assert {one[key] for one in shown} <= {0.0, 1.0}
        else:
            assert scored.official.estimate == pytest.approx(1)
    return rows


def asked_for(table, labelled, form):
    """The samples of the test, or, where a copy has hardly any, those of the validation."""
    test = table.filter(pl.col("split") == "test")["sample"].to_list()
    return test if len(test) > 1 else labelled["sample"].to_list()


def write_list(samples, form, tmp_path):
    path = tmp_path / "sample.txt"
    if not form.per_video:
        header = [form.header] if form.header else []
        path.write_text("\n".join([*header, *samples, ""]))
        return path
    frames = pl.Series(samples).str.extract_groups(r"^(.+)/0*([0-9]+)").struct.unnest()
    last = frames.group_by("1", maintain_order=True).agg(pl.col("2").cast(pl.Int64).max())
    path.write_text("video,frames\n" + "".join(f"{video},{n}\n" for video, n in last.rows()))
    return path


def some_predictions(listed, form, path):
    """Random predictions of all but every third sample, and probabilities where they are wanted."""
    kept = listed["sample"].unique(maintain_order=True).gather_every(2)
    kept = kept if len(kept) < len(listed["sample"].unique()) else kept[:-1]
    rng = np.random.default_rng(1)
    columns = random_columns(form.label_spaces, len(kept), rng)
    if form.chances:
        first = rng.random(len(kept))
        columns |= dict(zip(("p_absent", "p_present"), (first, 1 - first), strict=True))
    pl.DataFrame({"sample": kept} | columns).write_parquet(path)
    return path
