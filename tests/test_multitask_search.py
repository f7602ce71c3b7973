"""A search over trained runs: resumed, told honestly, and read as a table."""

import json

import pytest

from facsight.core.errors import BadFolds, BadLabels, BadRecipe, MissingData
from facsight.data.simulated import TASKS
from facsight.recipe import check_recipe
from facsight.sequence_experiment.choosing import Strategy
from facsight.sequence_experiment.strategies import search
from facsight.sequence_experiment.task_table import task_table

EXPRESSION, AFFECT, UNITS = (TASKS[task].name for task in ("expression", "affect", "units"))


def recipe(**data):
    return check_recipe(
        {
            "data": {"name": "simulated_tasks", "recordings": 18, "steps": 16, "spaces": [AFFECT, UNITS]}
            | data,
            "fusion": {"name": "concatenation", "width": 8},
            "temporal": {"name": "temporal_convergence", "size": 8},
            "method": {"name": "supervised_sequences"},
            "training": {"epochs": 1, "batch_size": 6, "optimizer": "adamw", "rate": 1e-2, "average": 0.5},
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("search")
    search(recipe(), AFFECT, out, how="exhaustive", parts=2)
    return out


def test_every_strategy_is_a_run_and_told_with_its_gain(folder):
    told = json.loads((folder / AFFECT / "search-exhaustive.json").read_text())
    assert len(told["strategies"]) == 2 * 2 * 2
    values = [row["value"] for row in told["strategies"]]
    assert values == sorted(values, reverse=True)
    assert told["score_of_the_best_on_its_own_people"] == values[0]
    alone = next(row for row in told["strategies"] if row["name"] == "alone")
    for row in told["strategies"]:
        assert folder / AFFECT / Strategy(tuple(row["donors"]), tuple(row["beside"]), row["temporal"]).folder
        if row is not alone:
            assert row["gain"] == pytest.approx(row["value"] - alone["value"])
            assert row["gain_interval"][0] <= row["gain"] <= row["gain_interval"][1]
    assert told["optimism"] == pytest.approx(values[0] - told["cross_fitted"]["value"])
    assert (folder / "alone" / UNITS / "weights.safetensors").is_file()


def test_a_search_goes_on_where_it_stopped_and_finds_the_same(folder, tmp_path):
    class Stop(Exception):
        pass

    seen = []

    def stop(step, total, terms):
        seen.append(step)
        if len(seen) == 8:  # three steps a run: in the middle of the third
            raise Stop

    with pytest.raises(Stop):
        search(recipe(), AFFECT, tmp_path, how="exhaustive", parts=2, on_step=stop)
    assert not (tmp_path / AFFECT / "search-exhaustive.json").exists()
    before, steps = len(list(tmp_path.rglob("weights.safetensors"))), []
    search(recipe(), AFFECT, tmp_path, how="exhaustive", parts=2, on_step=lambda step, *_: steps.append(step))
    assert before == 2
    assert (
        len(steps) == 9 * 3 - 2 * 3
    )  # eight strategies and the donor; of what was finished nothing is made twice
    one, other = (
        json.loads((home / AFFECT / "search-exhaustive.json").read_text()) for home in (folder, tmp_path)
    )
    assert one == other


def test_a_greedy_search_uses_the_same_runs(folder):
    steps = []
    search(recipe(), AFFECT, folder, how="greedy", parts=2, on_step=lambda step, *_: steps.append(step))
    assert not steps


def test_the_table_has_every_task_of_every_run(folder):
    rows = task_table([folder])
    affect = [row for row in rows if row.task == AFFECT]
    assert len(affect) == 8
    assert len([row for row in rows if row.task == UNITS]) == 4 + 1  # beside affect, and alone
    alone = next(row for row in affect if row.how == Strategy())
    assert alone.gain is None
    told = {
        row["name"]: row
        for row in json.loads((folder / AFFECT / "search-exhaustive.json").read_text())["strategies"]
    }
    for row in affect:
        assert row.score[0] == pytest.approx(told[str(row.how)]["value"])
        assert row.gain is None or row.gain[0] == pytest.approx(row.score[0] - alone.score[0])
    assert json.dumps([row.plain() for row in rows])


def test_scores_are_those_that_a_run_has(folder):
    from facsight.sequence_experiment import score_sequences

    scores = score_sequences(folder / AFFECT / "alone")[AFFECT]
    row = next(r for r in task_table([folder / AFFECT / "alone"]))
    mean = (scores["valence"]["ccc"]["value"] + scores["arousal"]["ccc"]["value"]) / 2
    assert row.score[0] == pytest.approx(mean, abs=1e-6)


@pytest.mark.parametrize(
    ("plan", "target", "error", "told"),
    [
        (recipe(), "planted_afect", BadLabels, "did you mean 'planted_affect'"),
        (recipe(spaces=[AFFECT]), AFFECT, BadLabels, "only labels of planted_affect"),
        (recipe(recordings=9), AFFECT, BadFolds, "2 parts or more"),
    ],
)
def test_what_cannot_be_searched(plan, target, error, told, tmp_path):
    with pytest.raises(error, match=told):
        search(plan, target, tmp_path, parts=2)


def test_a_recipe_with_stages_is_not_searched(tmp_path):
    staged = check_recipe(
        {
            "data": {"name": "simulated_tasks"},
            "method": {"name": "supervised_sequences"},
            "stages": {"one": {}},
        }
    )
    with pytest.raises(BadRecipe, match="without stages"):
        search(staged, AFFECT, tmp_path)


def test_a_folder_without_runs_is_told(tmp_path):
    with pytest.raises(MissingData, match="no finished run"):
        task_table([tmp_path])
