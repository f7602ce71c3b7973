import json

import polars as pl
import pytest
import torch

from facsight.core.errors import BadTraining, MissingData
from facsight.data.opening import dataset_module
from facsight.experiment import load_faces, score, train
from facsight.nn.weights import load_network
from facsight.recipe import check_recipe
from facsight.report.run import write_run_report

PLAIN = {
    "about": "drawn faces, a minute",
    "seed": 1,
    "data": {"name": "drawn", "faces": 240, "difficulty": 0.0},
    "network": {"widths": [8, 16, 16], "blocks": [1, 1, 1], "stem": 8, "dropout": 0.0},
    "method": {"name": "action_units", "guidance": 2.0},
    "training": {"epochs": 3, "batch_size": 24, "average": 0.9, "rate": 0.05},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "drawn"
    train(check_recipe(PLAIN), folder)
    return folder


def test_a_run_folder_holds_what_was_done(run):
    names = {path.name for path in run.iterdir()}
    assert {"recipe.toml", "environment.json", "terms.csv", "epochs.csv", "weights.safetensors"} <= names
    assert json.loads((run / "environment.json").read_text())["seed"] == 1
    assert (run / "terms.csv").read_text().startswith("step,expression,guidance\n")


def test_the_weights_say_what_they_are(run):
    network, card = load_network(run / "weights.safetensors")
    assert card["classes"][1] == "happiness"
    assert card["crop_size"] == 48
    assert card["temperature"] > 0
    assert card["codebook"] == "facsight"
    assert network(torch.zeros(1, 1, 48, 48)).logits.shape == (1, 8)


def test_scores_have_floors_beside_them(run):
    scores = score(run)
    assert scores["split"] == "val"
    assert scores["faces"] == 60
    assert {"attention", "constant", "mean_class_map"} <= scores["evidence"].keys()
    assert scores["evidence"]["constant"]["centred_cosine_true"] is None
    low, high = scores["classification"]["accuracy"]["interval"]
    assert low <= scores["classification"]["accuracy"]["value"] <= high
    assert json.loads((run / "metrics.json").read_text()) == scores
    assert sum(map(sum, scores["confusion"])) == 60


def test_predictions_agree_with_the_scores(run):
    scores = score(run)
    table = pl.read_parquet(run / "predictions.parquet")
    right = (table["truth"] == table["predicted"]).mean()
    assert right == pytest.approx(scores["classification"]["accuracy"]["value"])
    sums = table.select(pl.sum_horizontal(pl.selectors.starts_with("expression_"))).to_series()
    assert sums.to_list() == pytest.approx([1.0] * 60, abs=1e-5)


def test_test_data_have_their_own_file(run):
    scores = score(run, split="test")
    assert json.loads((run / "metrics-test.json").read_text()) == scores


def test_the_page_of_a_run_needs_no_network(run):
    score(run)
    page = write_run_report(run).read_text()
    assert "drawn faces, a minute" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "<script" not in page


def test_training_again_in_the_same_folder_changes_nothing(run):
    before = (run / "weights.safetensors").read_bytes()
    train(check_recipe(PLAIN), run)
    assert (run / "weights.safetensors").read_bytes() == before


def test_another_recipe_in_the_same_folder_is_refused(run):
    with pytest.raises(BadTraining, match="another recipe"):
        train(check_recipe(PLAIN | {"seed": 2}), run)


def test_a_share_of_the_faces_depends_on_the_seed_only():
    some = [
        load_faces(check_recipe(PLAIN | {"data": PLAIN["data"] | {"fraction": 0.25}}), "train").ids
        for _ in range(2)
    ]
    assert len(some[0]) == 60
    assert some[0] == some[1]


def test_shuffled_labels_are_those_of_other_training_faces_only():
    shuffled = check_recipe(PLAIN | {"data": PLAIN["data"] | {"shuffled_labels": True}})
    plain, other = (load_faces(recipe, "train") for recipe in (check_recipe(PLAIN), shuffled))
    assert other.ids == plain.ids
    assert torch.equal(other.images, plain.images)
    assert torch.equal(other.expression.sum(dim=0), plain.expression.sum(dim=0))
    same = (other.label == plain.label).float().mean()
    by_chance = plain.expression.mean(dim=0).square().sum()
    assert abs(same - by_chance) < 0.1
    held_out = [load_faces(recipe, "val").label for recipe in (check_recipe(PLAIN), shuffled)]
    assert torch.equal(*held_out)


def test_a_folder_that_was_never_trained(tmp_path):
    with pytest.raises(MissingData, match=r"recipe\.toml"):
        score(tmp_path)


def test_missing_dataset_says_where_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setenv("FACSIGHT_DATA", str(tmp_path))
    recipe = check_recipe({"data": {"name": "ferplus"}, "method": {"name": "supervised"}})
    with pytest.raises(MissingData, match=r"fer2013new\.csv"):
        train(recipe, tmp_path / "run")


@pytest.mark.parametrize("name", ["rafdb", "ferplus"])
def test_a_dataset_of_the_table_is_trained_on_by_its_name(name, tmp_path, monkeypatch):
    monkeypatch.setenv("FACSIGHT_DATA", str(tmp_path))
    monkeypatch.setattr("facsight.experiment.with_landmarks", lambda faces, finder, **_: faces)
    dataset_module(name).mock(tmp_path / name)
    recipe = check_recipe(
        PLAIN | {"data": {"name": name}, "training": PLAIN["training"] | {"epochs": 1, "batch_size": 4}}
    )
    run = tmp_path / "run"
    train(recipe, run)
    scores = score(run, split="test")
    assert (scores["data"], scores["faces"]) == (f"{name}-test", {"rafdb": 14, "ferplus": 8}[name])
