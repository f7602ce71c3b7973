"""Every recipe that adapts to people is read, and its method built and run to its end on very few of them."""

from pathlib import Path

import pytest

from facsight import catalog
from facsight.adaptation_experiment import train_people
from facsight.recipe import read_recipe

RECIPES = sorted((Path(__file__).parent.parent / "recipes" / "adaptation").glob("*.toml"))
SMALL = [
    "data.people=6",
    "data.frames=2",
    "data.target=person 5",
    "network.size=4",
    "training.epochs=1",
    "training.batch_size=16",
    "adapting.epochs=1",
    "comparison.methods=[]",
    "comparison.seeds=1",
]
#: Held against others in every recipe, and as simple.
BASELINES = {"entropy", "nearest_neutral", "batch_statistics", "person_normalisation", "neutral_shift"}


def test_every_way_of_adapting_that_is_no_baseline_has_a_recipe():
    named = {read_recipe(path).sections["method"]["name"] for path in RECIPES}
    assert named >= {name for name in catalog.ADAPTATION if name not in BASELINES}


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_runs_to_its_end(path, tmp_path):
    recipe = read_recipe(path, SMALL)
    results = train_people(recipe, tmp_path / "run")
    assert [one.method for one in results][-1] == recipe.sections["method"]["name"]
    assert {one.target for one in results} == {"person 5"}
