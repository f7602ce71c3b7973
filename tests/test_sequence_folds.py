"""All folds of a recipe for sequences, trained and scored together."""

import json
import shutil

import polars as pl
import pytest
import torch

from facsight.core.errors import BadFolds, BadRecipe, BadTraining
from facsight.core.labels import label_space
from facsight.data.sequence_set import Recording, SequenceSet
from facsight.nn.weights import load_tensors
from facsight.recipe import check_recipe
from facsight.sequence_experiment import (
    fold_warning,
    folds_in,
    holds_sequences,
    load_recordings,
    score_sequences,
    train_folds,
)
from facsight.sequence_experiment.folds import score_folds

CONTENT = {
    "data": {"name": "simulated", "recordings": 12, "steps": 8},
    "fusion": {"name": "concatenation", "width": 4},
    "method": {"name": "supervised_sequences"},
    "training": {"epochs": 1, "batch_size": 4, "optimizer": "adamw", "rate": 1e-2},
}


def recipe(**data):
    return check_recipe(CONTENT | {"data": CONTENT["data"] | data})


def pain(*_):
    """Five people in each of BioVid's levels, which the one feature shows."""
    space = label_space("biovid5")
    made = [
        Recording(
            f"r{person}-{level}",
            f"p{person}",
            {"eda": torch.full((4, 1), float(level))},
            {"eda": torch.ones(4, dtype=torch.bool)},
            {space.name: torch.eye(5)[level]},
        )
        for person in range(5)
        for level in range(5)
    ]
    return SequenceSet("pain", 1.0, (space,), tuple(made)), {}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "folds"
    train_folds(recipe(), out, "3")
    score_sequences(out)
    return out


def test_everybody_is_answered_once_by_a_fold_that_has_not_seen_them(run):
    table = pl.read_parquet(run / "predictions.parquet")
    assert table["sample"].n_unique() == len(table) == 12 * 8
    for home in folds_in(run):
        fold = int(home.name.removeprefix("fold-"))
        train, _ = load_recordings(recipe(fold=fold, folds=3), "train")
        answered = table.filter(pl.col("fold") == fold)["sample"].str.split("@").list.first()
        assert not {one.name for one in train.recordings} & set(answered)
    assert holds_sequences(run)


def test_scores_are_of_all_together_and_of_each_fold(run):
    scores = json.loads((run / "metrics.json").read_text())
    assert (scores["recordings"], scores["people"]) == (12, 4)
    assert [fold["fold"] for fold in scores["folds"]] == [1, 2, 3]
    assert sorted(who for fold in scores["folds"] for who in fold["people"]) == [
        f"person {k}" for k in range(4)
    ]
    values = [fold["scores"]["valence_ccc"] for fold in scores["folds"]]
    mean = sum(values) / 3
    over = scores["over_folds"]["valence_ccc"]
    assert over["mean"] == pytest.approx(mean)
    assert over["spread"] == pytest.approx((sum((v - mean) ** 2 for v in values) / 2) ** 0.5)
    # the pooled score, by Lin's formula from the table that was written
    table = pl.read_parquet(run / "predictions.parquet").sort("sample")
    truth = {
        f"{one.name}@{k * 0.25:g}": float(value)
        for one in load_recordings(recipe(), "train")[0].recordings
        for k, value in enumerate(one.truth["simulated_affect"][:, 0])
    }
    x = table["valence"].to_numpy().astype(float)
    y = [truth[name] for name in table["sample"]]
    y = pl.Series(y).to_numpy()
    ccc = 2 * ((x - x.mean()) * (y - y.mean())).mean() / (x.var() + y.var() + (x.mean() - y.mean()) ** 2)
    assert scores["simulated_affect"]["valence"]["ccc"]["value"] == pytest.approx(ccc, abs=1e-5)


def test_going_on_changes_nothing(run, tmp_path):
    again = tmp_path / "again"
    shutil.copytree(run, again)
    (again / "fold-3" / "weights.safetensors").unlink()
    train_folds(recipe(), again, "3")
    for home, other in zip(folds_in(run), folds_in(again), strict=True):
        one, two = (load_tensors(path / "weights.safetensors")[0] for path in (home, other))
        assert all(torch.equal(one[name], two[name]) for name in one)


def test_a_fold_that_is_missing_is_told(run, tmp_path):
    part = tmp_path / "part"
    shutil.copytree(run, part)
    shutil.rmtree(part / "fold-2")
    with pytest.raises(BadTraining, match=r"folds 1 to 3 in .*, found \[1, 3\]"):
        score_sequences(part)


def test_a_fold_of_another_recipe_is_told(run, tmp_path):
    mixed = tmp_path / "mixed"
    shutil.copytree(run, mixed)
    text = (mixed / "fold-2" / "recipe.toml").read_text()
    (mixed / "fold-2" / "recipe.toml").write_text(text.replace("seed = 0", "seed = 1", 1))
    with pytest.raises(BadTraining, match=r"fold-2 in .* is of another recipe"):
        score_sequences(mixed)


def test_folds_have_no_test_split(run):
    with pytest.raises(BadFolds, match="people of their own"):
        score_sequences(run, split="test")


def test_the_seed_of_training_does_not_move_people():
    def people(seed):
        plan = check_recipe(CONTENT | {"seed": seed, "data": CONTENT["data"] | {"fold": 1, "folds": 3}})
        return [one.name for one in load_recordings(plan, "val")[0].recordings]

    assert people(0) == people(1)


@pytest.mark.parametrize(
    ("data", "folds", "told"),
    [
        ({}, "1", "2 or more"),
        ({}, "some", "found 'some'"),
        ({}, "protocol", "expected data.protocol=NAME"),
        ({"fold": 1, "folds": 3}, "3", "either data.fold"),
    ],
)
def test_folds_that_make_no_sense(data, folds, told, tmp_path):
    with pytest.raises(BadRecipe, match=told):
        train_folds(recipe(**data), tmp_path, folds)


def of_biovid(**data):
    sections = {
        "data": {"name": "simulated", "protocol": "biovid"} | data,
        "training": CONTENT["training"] | {"epochs": 40, "average": 0.5},
    }
    return check_recipe(CONTENT | sections)


def test_leaving_each_person_out_under_a_protocol(tmp_path):
    train_folds(of_biovid(), tmp_path, "protocol", read=pain)
    scores = score_folds(tmp_path, read=pain)
    assert len(scores["folds"]) == 5
    assert scores["recordings"] == 10  # without the three levels between
    found = scores["biovid2"]
    assert found["accuracy"]["value"] == 1.0  # the feature tells the level
    assert found["accuracy_per_person"] == {f"p{k}": 1.0 for k in range(5)}
    assert found["confusion"] == [[5, 0], [0, 5]]
    assert scores["without"]["eda"]["accuracy"] == 0.5
    assert "warning" not in scores


def test_published_folds_that_mix_people_warn():
    assert "every person on both sides" in fold_warning(of_biovid(scheme="mixed-five-fold"))
    assert fold_warning(of_biovid()) == ""
    with pytest.raises(BadRecipe, match="one of a protocol"):
        recipe(scheme="mixed-five-fold")
