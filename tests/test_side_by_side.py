"""Runs of recordings side by side: paired by recording, over people, and refused where they are not alike."""

import json

import polars as pl
import pytest
import torch

from facsight.assembly import spaces_as_data
from facsight.core.errors import BadFolds, BadLabels, BadTable, MissingData
from facsight.core.labels import label_space
from facsight.data.sequence_set import Recording, SequenceSet
from facsight.recipe import check_recipe
from facsight.sequence_experiment import score_sequences, train_folds
from facsight.sequence_experiment.side_by_side import side_by_side
from facsight.training.sequence_tables import truth_table

BAH, VA = label_space("bah2"), label_space("va")


def write(folder, said, truth=None, *, subject=None, fold=None, space=BAH, names=None):
    """A scored run with these answers, columns by name or the classes of one."""
    folder.mkdir(parents=True)
    count = len(next(iter(said.values())) if isinstance(said, dict) else said)
    said = said if isinstance(said, dict) else {space.column: said}
    truth = (
        truth if isinstance(truth, dict) else {space.column: truth or ["absent", "present"] * (count // 2)}
    )
    rows = pl.DataFrame({"sample": names or [f"r{k}" for k in range(count)]})
    rows = rows if fold is None else rows.with_columns(fold=pl.Series(fold))
    people = subject or [f"p{k // 2}" for k in range(count)]
    rows.with_columns(**{name: pl.Series(v) for name, v in said.items()}).write_parquet(
        folder / "predictions.parquet"
    )
    columns = {name: pl.Series(values) for name, values in truth.items()}
    rows.with_columns(subject=pl.Series(people, dtype=pl.String), **columns).write_parquet(
        folder / "truth.parquet", metadata={"spaces": json.dumps(spaces_as_data([space]))}
    )
    return folder


def found(runs, score):
    return next(one for one in side_by_side(runs) if one.score == score)


def test_scores_and_their_difference_by_hand(tmp_path):
    # truth: absent, present, absent, present; the first run has 2 right of 4, the second all
    one = write(tmp_path / "a", ["present", "present", "present", "present"])
    other = write(tmp_path / "b", ["absent", "present"] * 2)
    accuracy = found([one, other], "accuracy")
    assert [value.estimate for value in accuracy.values] == [0.5, 1.0]
    assert (accuracy.rows, accuracy.clusters) == (4, 2)
    # both people have one right of two in the first, so that every resample has the same difference
    difference = accuracy.differences[0].difference
    assert (difference.estimate, difference.low, difference.high) == pytest.approx((0.5, 0.5, 0.5))
    # macro F1: absent 0, present 2 * 2 / (4 + 2) of the first
    assert found([one, other], "macro F1").values[0].estimate == pytest.approx(1 / 3)
    assert found([one, other], "F1 of present").values[0].estimate == pytest.approx(2 / 3)
    assert found([one, other], "F1 of absent").values[0].estimate == 0.0


def test_answers_are_paired_by_recording_not_by_row(tmp_path):
    one = write(tmp_path / "a", ["absent", "present", "absent", "present"])
    other = write(
        tmp_path / "b",
        ["present", "absent", "present", "absent"],
        ["present", "absent", "present", "absent"],
        names=["r3", "r2", "r1", "r0"],
        subject=["p1", "p1", "p0", "p0"],
    )
    difference = found([one, other], "accuracy").differences[0].difference
    assert (difference.estimate, difference.low, difference.high) == (0.0, 0.0, 0.0)


def test_people_are_drawn_whole_and_recordings_where_nobody_is_known(tmp_path):
    said = ["absent", "absent"] * 10
    one = write(tmp_path / "a", ["absent", "present"] * 10, subject=["p", *["q"] * 19])
    other = write(tmp_path / "b", said, subject=["p", *["q"] * 19])
    assert found([one, other], "accuracy").clusters == 2
    one = write(tmp_path / "c", ["absent", "present"] * 10, subject=[None] * 20)
    other = write(tmp_path / "d", said, subject=[None] * 20)
    assert found([one, other], "accuracy").clusters == 20


def test_concordance_of_values_by_hand(tmp_path):
    truth = {"valence": [-1.0, 1.0, -1.0, 1.0], "arousal": [0.5, 0.5, -0.5, None]}
    one = write(tmp_path / "a", {"valence": [0.0] * 4, "arousal": [0.5, 0.5, -0.5, 0.9]}, truth, space=VA)
    other = write(tmp_path / "b", {"valence": [-0.5, 0.5, -0.5, 0.5], "arousal": [0.0] * 4}, truth, space=VA)
    valence = found([one, other], "CCC of valence")
    # 2 cov / (var + var + (difference of means)^2) = 2 * 0.5 / (1 + 0.25)
    assert [value.estimate for value in valence.values] == pytest.approx([0.0, 0.8])
    assert [v.estimate for v in found([one, other], "CCC of arousal").values] == pytest.approx([1.0, 0.0])


def test_a_recording_in_one_run_only_is_named(tmp_path):
    one = write(tmp_path / "a", ["absent"] * 4)
    other = write(tmp_path / "b", ["absent"] * 2)
    for pair in ([one, other], [other, one]):
        with pytest.raises(BadTable, match=r"a was scored on 'r2' and 1 more, .*b was not"):
            side_by_side(pair)


def test_other_folds_are_named(tmp_path):
    one = write(tmp_path / "a", ["absent"] * 4, fold=[1, 1, 2, 2])
    other = write(tmp_path / "b", ["absent"] * 4, fold=[1, 1, 2, 1])
    with pytest.raises(BadFolds, match=r"'r3' is in fold 2 of .*a and in fold 1 of .*b"):
        side_by_side([one, other])
    whole = write(tmp_path / "c", ["absent"] * 4)
    with pytest.raises(BadFolds, match=r"a has folds, .*c has none"):
        side_by_side([whole, one])


def test_other_labels_people_and_spaces_are_named(tmp_path):
    one = write(tmp_path / "a", ["absent"] * 4)
    with pytest.raises(BadLabels, match="different ambivalence for 'r1'"):
        side_by_side([one, write(tmp_path / "b", ["absent"] * 4, ["absent"] * 4)])
    with pytest.raises(BadLabels, match="different subject for 'r3'"):
        side_by_side([one, write(tmp_path / "c", ["absent"] * 4, subject=["p0", "p0", "p1", "p2"])])
    values = {"valence": [0.0] * 4, "arousal": [0.0] * 4}
    with pytest.raises(BadLabels, match=r"labels of bah2, .* of va"):
        side_by_side([one, write(tmp_path / "d", values, values, space=VA)])


def test_a_run_that_was_not_scored_is_named(tmp_path):
    one = write(tmp_path / "a", ["absent"] * 4)
    (tmp_path / "b").mkdir()
    with pytest.raises(
        MissingData, match=r"b has no predictions.parquet: run `facsight score .*b --split val`"
    ):
        side_by_side([one, tmp_path / "b"])
    with pytest.raises(MissingData, match=r"predictions-test\.parquet"):
        side_by_side([one, one], split="test")


def test_labels_beside_predictions_are_those_of_the_recordings():
    truth = torch.tensor([[0.5, torch.nan], [-1.0, 0.25]])
    one = Recording("r", "p", {"x": torch.zeros(2, 1)}, {"x": torch.ones(2, dtype=torch.bool)}, {"va": truth})
    table = truth_table(SequenceSet("s", 0.5, (VA,), (one,)))
    assert table["sample"].to_list() == ["r@0", "r@0.5"]
    assert table["valence"].to_list() == [0.5, -1.0]
    assert table["arousal"].to_list() == [None, 0.25]
    assert table["subject"].to_list() == ["p", "p"]


def simulated_run(out, seed, folds="3", **data):
    content = {
        "data": {"name": "simulated", "labels": "mood", "recordings": 24, "steps": 4, **data},
        "seed": seed,
        "fusion": {"name": "concatenation", "width": 4},
        "method": {"name": "supervised_sequences"},
        "training": {"epochs": 1, "batch_size": 8},
    }
    train_folds(check_recipe(content), out, folds)
    score_sequences(out)
    return out


def test_trained_folds_are_compared_and_other_folds_refused(tmp_path):
    one, other = simulated_run(tmp_path / "a", 0), simulated_run(tmp_path / "b", 1)
    scores = side_by_side([one, other])
    assert {row.score for row in scores} >= {"accuracy", "macro F1", "F1 of tense"}
    metrics = json.loads((other / "metrics.json").read_text())
    accuracy = next(row for row in scores if row.score == "accuracy")
    assert accuracy.values[1].estimate == pytest.approx(metrics["simulated_mood"]["accuracy"]["value"])
    with pytest.raises(BadFolds, match="is in fold"):
        side_by_side([one, simulated_run(tmp_path / "c", 0, fold_seed=5)])
