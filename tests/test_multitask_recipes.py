"""The recipes for several tasks run to their end, each stage scored by itself."""

from pathlib import Path

import pytest

from facsight.assembly import stages_of
from facsight.data.simulated import TASKS
from facsight.recipe import read_recipe
from facsight.sequence_experiment import score_sequences, train_sequences
from facsight.sequence_experiment.task_table import task_table

RECIPES = Path(__file__).parent.parent / "recipes" / "multitask"
SMALL = ["data.recordings=24", "data.steps=16", "training.epochs=1", "training.batch_size=2"]


def test_stages_go_from_single_tasks_over_features_and_time_to_all():
    stages = read_recipe(RECIPES / "progressive.toml").stages
    assert list(stages) == ["single_units", "single_expression", "single_affect", "fuse", "temporal", "joint"]
    assert all(len(stage.sections["data"]["spaces"]) == 1 for stage in list(stages.values())[:-1])
    assert "spaces" not in stages["joint"].sections["data"]
    assert stages["temporal"].sections["temporal"]["name"] == "temporal_convergence"


def test_progressive_learning_runs_end_to_end_and_each_stage_has_a_score(tmp_path):
    train_sequences(read_recipe(RECIPES / "progressive.toml", SMALL), tmp_path)
    assert set(score_sequences(tmp_path)) >= {space.name for space in TASKS.values()}
    for stage in stages_of(tmp_path):
        assert (tmp_path / stage / "weights.safetensors").is_file()
    rows = task_table([tmp_path])
    assert len(rows) == 3 + 2 + 3  # three alone, affect in two stages, all three together
    affect = {str(row.how): row for row in rows if row.task == "planted_affect"}
    assert set(affect) == {
        "alone",
        "features of planted_units",
        "features of planted_units, in time",
        "features of planted_units, beside planted_expression + planted_units, in time",
    }
    assert [name for name, row in affect.items() if row.gain is None] == ["alone"]


@pytest.mark.parametrize("method", ["uncertainty_weights", "gradient_norm"])
def test_other_weights_of_tasks_are_trained_and_resumed(method, tmp_path):
    class Stop(Exception):
        pass

    def stop(step, total, terms):
        if step == total // 2 + 1:
            raise Stop

    from facsight.nn.weights import load_tensors

    plan = read_recipe(
        RECIPES / "tasks.toml",
        [*SMALL, f"method.name={method}", "training.epochs=2", "training.batch_size=12"],
    )
    train_sequences(plan, tmp_path / "whole")
    with pytest.raises(Stop):
        train_sequences(plan, tmp_path / "broken", on_step=stop)
    train_sequences(plan, tmp_path / "broken")
    whole, broken = (load_tensors(tmp_path / name / "weights.safetensors")[0] for name in ("whole", "broken"))
    assert all((whole[name] == broken[name]).all() for name in whole)
