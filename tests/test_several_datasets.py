"""Several datasets in one run, each with labels of its own tasks."""

import json

import polars as pl
import pytest
import torch

from facsight.core.errors import BadRecipe, BadTable, BadTraining
from facsight.data.simulated import TASKS, simulate, write_simulated
from facsight.data.windows import WindowPlan, Windows
from facsight.recipe import check_recipe, read_recipe
from facsight.sequence_experiment import load_recordings, score_sequences, train_folds, train_sequences
from facsight.sequence_experiment.task_table import task_table

EXPRESSION, AFFECT = TASKS["expression"].name, TASKS["affect"].name
FACES = {"name": "simulated_tasks", "recordings": 24, "steps": 8, "spaces": [EXPRESSION]}
VALUES = {"name": "simulated_tasks", "recordings": 12, "steps": 8, "series": 1, "spaces": [AFFECT]}


def recipe(datasets=None, balance=0.0, **data):
    return check_recipe(
        {
            "data": {"name": "several", "datasets": datasets or {"faces": FACES, "values": VALUES}} | data,
            "fusion": {"name": "concatenation", "width": 8},
            "method": {"name": "supervised_sequences"},
            "training": {
                "epochs": 1,
                "batch_size": 6,
                "optimizer": "adamw",
                "rate": 1e-2,
                "average": 0.5,
                "balance": balance,
            },
        }
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "several"
    train_sequences(recipe(balance=1.0), out)
    return out, score_sequences(out)


def test_each_task_is_learnt_and_scored_where_it_has_labels(run):
    home, scores = run
    assert scores["recordings"] == 8 + 4
    assert set(scores["datasets"]) == {"faces", "values"}
    assert set(scores["datasets"]["faces"]) == {EXPRESSION}
    assert set(scores["datasets"]["values"]) == {AFFECT}
    assert scores["datasets"]["faces"][EXPRESSION] == scores[EXPRESSION]
    assert scores["datasets"]["values"][AFFECT]["valence"]["rows"] == 4 * 8
    assert json.loads((home / "metrics.json").read_text())["datasets"].keys() == scores["datasets"].keys()
    assert {row.task for row in task_table([home])} == {EXPRESSION, AFFECT}


def test_predictions_are_called_as_in_their_dataset(run):
    table = pl.read_parquet(run[0] / "predictions.parquet")
    assert table["dataset"].value_counts().sort("dataset").rows() == [("faces", 8 * 8), ("values", 4 * 8)]
    assert table["sample"][0] == "recording 0@0"


def test_a_task_in_two_datasets_is_scored_in_each_and_in_both():
    both = {"faces": FACES | {"spaces": [AFFECT]}, "values": VALUES}
    train, _ = load_recordings(recipe(both), "train")
    assert [space.name for space in train.spaces] == [AFFECT]
    assert len(train) == 36


def test_the_recipe_comes_back_from_its_own_toml(tmp_path):
    plan = recipe()
    (tmp_path / "recipe.toml").write_text(plan.to_toml())
    assert read_recipe(tmp_path / "recipe.toml") == plan


def test_options_of_one_dataset_can_be_overridden(tmp_path):
    (tmp_path / "recipe.toml").write_text(recipe().to_toml())
    changed = read_recipe(tmp_path / "recipe.toml", ["data.datasets.faces.recordings=3"])
    assert changed.sections["data"]["datasets"]["faces"]["recordings"] == 3
    assert changed.sections["data"]["datasets"]["values"] == VALUES


def shares(groups, balance):
    """Which share of the draws is of each dataset."""
    from facsight.data.samplers import sampling_weights

    train, _ = load_recordings(recipe(), "train")
    windows = Windows(train, WindowPlan(), groups=groups)
    weights = sampling_weights(windows.labels(), balance=balance)
    return float(weights[:24].sum()), float(weights[24:].sum())


@pytest.mark.parametrize("groups", ["datasets", "tasks"])
def test_datasets_and_tasks_can_be_drawn_evenly_or_by_square_roots(groups):
    """24 recordings of one, twelve of the other, each with one task."""
    assert shares(groups, 0.0) == pytest.approx((2 / 3, 1 / 3))
    assert shares(groups, 1.0) == pytest.approx((1 / 2, 1 / 2))
    root = 2**0.5
    assert shares(groups, 0.5) == pytest.approx((root / (1 + root), 1 / (1 + root)))


def test_a_window_without_labels_is_of_no_task():
    """Windows of two steps; of those of the last recording only the first has labels."""
    train, _ = load_recordings(recipe(), "train")
    truth = train.recordings[-1].truth[AFFECT]
    truth[2:] = torch.nan
    windows = Windows(train, WindowPlan(seconds=2 * train.step), groups="tasks")
    assert windows.labels()[-4:].tolist() == [[False, True]] + [[False, False]] * 3


def test_even_draws_of_tasks_within_one_dataset(tmp_path):
    one = recipe(groups="tasks", balance=1.0)
    sections = {
        **one.sections,
        "data": {"name": "simulated_tasks", "recordings": 12, "steps": 8, "groups": "tasks"},
    }
    plain = {name: dict(options) for name, options in sections.items() if options}
    assert train_sequences(check_recipe(plain), tmp_path).file("weights.safetensors").is_file()


def test_balance_by_dataset_needs_several(tmp_path):
    content = {name: dict(options) for name, options in recipe(balance=0.5).sections.items() if options}
    content["data"] = {"name": "simulated_tasks", "recordings": 12, "steps": 8, "groups": "datasets"}
    with pytest.raises(BadTraining, match="balance"):
        train_sequences(check_recipe(content), tmp_path)


def test_folds_are_over_the_people_of_all_datasets(tmp_path):
    train_folds(recipe(), tmp_path, "2")
    scores = score_sequences(tmp_path)
    people = [who for fold in scores["folds"] for who in fold["people"]]
    assert sorted(people) == sorted(
        {f"faces/person {k}" for k in range(8)} | {f"values/person {k}" for k in range(4)}
    )


def test_prepared_folders_are_read_with_their_features_compared(tmp_path):
    draw = torch.Generator().manual_seed(0)
    made = {name: simulate(6, generator=draw, scenario="agreement", steps=8) for name in ("one", "two")}
    for name, version in (("one", "simulated-1"), ("two", "simulated-1"), ("other", "simulated-2")):
        write_simulated(tmp_path / name, {"train": made.get(name, made["two"])}, version=version)

    def of(*names):
        step = made["one"].step
        return recipe({n: {"name": "prepared", "folder": str(tmp_path / n), "step": step} for n in names})

    found, cards = load_recordings(of("one", "two"), "train")
    assert found.datasets == ("one", "two")
    assert len(found) == 12
    assert set(cards) == set(found.sizes) == {"face", "voice"}
    with pytest.raises(BadTable, match="version simulated-2"):
        load_recordings(of("one", "other"), "train")


@pytest.mark.parametrize(
    ("datasets", "told"),
    [
        ({"faces": FACES}, "two datasets or more"),
        ({"faces": FACES | {"recording": 3}, "values": VALUES}, "did you mean 'recordings'"),
        ({"faces": FACES | {"fold": 1}, "values": VALUES}, "data.fold is of all datasets together"),
        ({"faces": {"recordings": 3}, "values": VALUES}, "needs a `name`"),
        ({"faces": "ferplus", "values": VALUES}, "data.datasets.faces expects dict"),
    ],
)
def test_what_is_no_dataset_of_several(datasets, told):
    with pytest.raises(BadRecipe, match=told):
        load_recordings(recipe(datasets), "train")


def test_groups_that_are_not_known():
    with pytest.raises(BadRecipe, match="did you mean 'tasks'"):
        recipe(groups="task")
