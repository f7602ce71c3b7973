"""What is trained on prepared crops says of its predictions which crops these were."""

import polars as pl

from facsight import experiment
from facsight.core.labels import label_space
from facsight.data.opening import dataset_module
from facsight.data.predictions import read_predictions
from facsight.preparation.run import prepare
from facsight.recipe import check_recipe

RECIPE = {
    "about": "prepared crops",
    "method": {"name": "supervised"},
    "network": {"widths": [8, 8, 8], "blocks": [1, 1, 1], "stem": 4},
    "training": {"epochs": 1, "batch_size": 8},
}


def test_predictions_carry_the_crop(tmp_path, monkeypatch, every_face):
    monkeypatch.setenv("FACSIGHT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(experiment, "dataset_finder", lambda: every_face)
    dataset_module("affectnet").mock(tmp_path / "raw")
    done = prepare("affectnet", tmp_path / "out", root=tmp_path / "raw", crop=40, finder=every_face)
    data = {"name": "manifest", "folder": str(tmp_path / "out"), "size": 32}
    recipe = check_recipe(RECIPE | {"data": data, "crop": {"size": 32}})
    experiment.train(recipe, tmp_path / "run")
    experiment.score(tmp_path / "run")
    file = tmp_path / "run" / "predictions.parquet"
    found = read_predictions(file, pl.read_parquet(file)["sample"], [label_space("affectnet8")])
    assert found.about["crop"].startswith("32 px, aligned by a similarity on eyes and nose")
    assert found.about["crop"].endswith(f"out of prepared crops of {done.crop}")
