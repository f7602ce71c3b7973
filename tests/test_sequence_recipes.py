"""Every shipped recipe that needs no data of one's own is trained, scored and read back."""

from pathlib import Path

import pytest

from facsight.recipe import read_recipe
from facsight.sequence_experiment import score_sequences, train_sequences

RECIPES = Path(__file__).parent.parent / "recipes"
SHIPPED = [path for path in sorted(RECIPES.rglob("*.toml")) if read_recipe(path).kind == "sequences"]
ANYWHERE = [path for path in SHIPPED if read_recipe(path).sections["data"]["name"] == "simulated"]


def test_every_fusion_has_a_recipe():
    from facsight.catalog import FUSION

    assert {read_recipe(path).sections["fusion"]["name"] for path in SHIPPED} == set(FUSION)


@pytest.mark.slow
@pytest.mark.parametrize("path", ANYWHERE, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_recipe_runs_anywhere(path, tmp_path):
    small = ["data.recordings=16", "training.epochs=1", "training.batch_size=8"]
    train_sequences(read_recipe(path, small), tmp_path)
    scores = score_sequences(tmp_path)
    assert -1 <= scores["simulated_affect"]["valence"]["ccc"]["value"] <= 1
    assert set(scores["without"]) == {"face", "voice"}
