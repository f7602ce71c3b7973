"""Protocols outside challenges: the labels of a dataset's copy, scored as predictions, are perfect."""

import polars as pl
import pytest

from facsight.core.errors import MissingData
from facsight.data.opening import dataset_module
from facsight.data.protocol import load_protocol, protocol_names
from facsight.scoring.score import score
from facsight.scoring.truth import truth_from_dataset

NAMES = [name for name in protocol_names() if not load_protocol(name).edition]


@pytest.mark.parametrize("name", NAMES)
def test_labels_as_predictions(name, tmp_path):
    protocol = load_protocol(name)
    dataset_module(protocol.dataset).mock(tmp_path)
    if name == "c-expr":  # no labels of C-EXPR-DB are given out
        with pytest.raises(MissingData, match="--truth FILE"):
            truth_from_dataset(protocol, tmp_path)
        return
    truth = truth_from_dataset(protocol, tmp_path)
    columns = [column for space in protocol.spaces for column in space.columns]
    labels = truth.table.filter("counts").select("sample", *columns).drop_nulls()
    labels.write_parquet(tmp_path / "p.parquet")
    scored = score(protocol, truth, tmp_path / "p.parquet")
    assert scored.matched.rows["that count"] == len(labels) > 0
    for tally in scored.spaces.values():
        for name, each in tally.each.items():
            shown = each.get("rows", each.get("shown", len(labels)))
            perfect = {"f1": 1, "recall": 1, "accuracy": 1, "mae": 0, "rmse": 0}
            for key in perfect.keys() & each.keys() if shown else ():
                assert each[key] == pytest.approx(perfect[key], abs=1e-6), (name, key)


def test_wrong_predictions_are_not_perfect(tmp_path):
    """The check above can fail."""
    protocol = load_protocol("ravdess")
    dataset_module("ravdess").mock(tmp_path)
    truth = truth_from_dataset(protocol, tmp_path)
    wrong = truth.table.with_columns(pl.lit("calm").alias("emotion")).select("sample", "emotion")
    wrong.write_csv(tmp_path / "p.csv")
    assert score(protocol, truth, tmp_path / "p.csv").official.estimate < 0.5
