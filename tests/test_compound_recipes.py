"""The recipes of compound expressions run on a folder of the form of the dataset, and give readers."""

from pathlib import Path

import pytest

from facsight.core.labels import label_space
from facsight.data.opening import dataset_module
from facsight.experiment import train
from facsight.nn.weights import load_network
from facsight.recipe import read_recipe
from facsight.training.run_folder import WEIGHTS

FOLDER = Path(__file__).parent.parent / "recipes" / "compound"
CLASSES = {"classes": "rafdb_compound11", "parts": "ferplus8"}
SMALL = ["training.epochs=1", "training.batch_size=2", "network.widths=[4,4,8]", "network.stem=4"]


def test_every_recipe_is_here():
    assert {path.stem for path in FOLDER.glob("*.toml")} == CLASSES.keys()


@pytest.mark.parametrize("name", CLASSES)
def test_a_recipe_gives_a_reader(name, tmp_path):
    dataset_module("rafdb_compound").mock(tmp_path / "data")
    changes = [f'data.folder="{(tmp_path / "data").as_posix()}"', 'training.precision="no"', *SMALL]
    train(read_recipe(FOLDER / f"{name}.toml", changes), tmp_path / "run")
    _, card = load_network(tmp_path / "run" / WEIGHTS)
    assert tuple(card["classes"]) == label_space(CLASSES[name]).classes
