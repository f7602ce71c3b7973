import functools
import json
from dataclasses import replace

import polars as pl
import pytest
import torch

from facsight import catalog
from facsight.cli.app import run as facsight
from facsight.core.errors import BadLabels, BadRecipe, MissingData
from facsight.data.drawn import load_drawn_units
from facsight.nn.unit_weights import load_unit_network
from facsight.recipe import check_recipe
from facsight.unit_experiment import holds_units, score_units, train_units
from facsight.unit_experiment.training import build_unit_method, load_units

SMALL = {
    "about": "drawn units",
    "data": {"name": "drawn_units", "faces": 120, "difficulty": 0.0},
    "network": {"widths": [8, 12, 16], "blocks": [1, 1, 1], "stem": 4},
    "method": {"name": "unit_detection", "balance": 0.5, "alignment": 1.0},
    "training": {"epochs": 2, "batch_size": 24, "average": 0.9, "rate": 0.05},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "units"
    train_units(check_recipe(SMALL), folder)
    return folder


def test_a_run_folder_holds_what_was_done(run):
    names = {path.name for path in run.iterdir()}
    assert {"recipe.toml", "environment.json", "terms.csv", "epochs.csv", "weights.safetensors"} <= names
    assert (run / "terms.csv").read_text().startswith("step,units,alignment\n")
    assert holds_units(run)
    assert not holds_units(run.parent)


def test_the_weights_say_what_they_are(run):
    network, card = load_unit_network(run / "weights.safetensors")
    units = load_drawn_units(split="val", faces=8).action_units
    assert card["kind"] == "action_units"
    assert tuple(card["action_units"]) == network.action_units == units
    assert len(card["thresholds"]) == len(units)
    assert network(torch.zeros(1, 1, 48, 48)).logits.shape == (1, len(units))


def test_scores_and_predictions_agree(run):
    scores = score_units(run)
    assert json.loads((run / "metrics.json").read_text()) == scores
    assert scores["faces"] == 30
    table = pl.read_parquet(run / "predictions.parquet")
    coded, present = (table[f"AU12_{what}"] for what in ("coded", "present"))
    right = ((present == 1) & (coded == 1)).sum()
    f1 = 2 * right / ((present == 1).sum() + (coded == 1).sum())
    assert scores["units"]["AU12"]["f1"]["value"] == pytest.approx(f1)


def test_thresholds_that_were_chosen_on_validation_decide_on_test(run):
    scores = score_units(run, split="test")
    _, card = load_unit_network(run / "weights.safetensors")
    assert [entry["threshold"] for entry in scores["units"].values()] == card["thresholds"]
    assert "optimism" not in scores["units"]["AU12"]
    assert (run / "metrics-test.json").is_file()


def test_the_same_call_goes_on_and_ends_the_same(run, tmp_path):
    train_units(check_recipe(SMALL), tmp_path / "again")
    one, other = (load_unit_network(home / "weights.safetensors")[0] for home in (run, tmp_path / "again"))
    for name, tensor in one.state_dict().items():
        assert torch.equal(tensor, other.state_dict()[name])


def test_rare_units_count_more_where_balance_says_so():
    recipe = check_recipe(SMALL | {"method": {"name": "unit_detection", "balance": 1.0}})
    faces = load_units(recipe, "train")
    share = faces.shown.mean(dim=0)
    importance = build_unit_method(recipe, faces).get_buffer("importance")
    torch.testing.assert_close(importance, (1 - share) / share)


@functools.wraps(load_drawn_units)
def unlabelled(*, split, **options):
    faces = load_drawn_units(split=split, **options)
    return replace(faces, presence=torch.full_like(faces.presence, torch.nan))


def test_labels_that_are_all_invalid_are_refused_before_training(monkeypatch, tmp_path):
    monkeypatch.setattr("facsight.data.drawn.load_drawn_units", unlabelled)
    with pytest.raises(BadLabels, match="none of 120 training faces has a coded action unit"):
        train_units(check_recipe(SMALL), tmp_path / "run")


@functools.wraps(load_drawn_units)
def one_person(*, split, **options):
    faces = load_drawn_units(split=split, **options)
    presence = faces.presence.clone()
    presence[:, 0] = 0
    return replace(faces, person=torch.zeros_like(faces.person), presence=presence)


def test_one_person_and_a_unit_that_never_shows_still_make_a_run(monkeypatch, tmp_path):
    monkeypatch.setattr("facsight.data.drawn.load_drawn_units", one_person)
    short = SMALL | {"training": SMALL["training"] | {"epochs": 1}}
    train_units(check_recipe(short), tmp_path / "run")
    scores = score_units(tmp_path / "run")
    _, card = load_unit_network(tmp_path / "run" / "weights.safetensors")
    assert card["thresholds"][0] is None
    assert set(card["thresholds"][1:]) == {0.5}
    assert "all faces are of one person" in scores["told"][0]
    assert "never present" in scores["told"][1]


def test_what_is_no_run_of_units_is_refused(tmp_path):
    with pytest.raises(MissingData, match="give a run folder"):
        score_units(tmp_path)
    with pytest.raises(BadRecipe, match="has no \\[guidance\\]"):
        check_recipe(SMALL | {"guidance": {}})
    with pytest.raises(BadRecipe, match="did you mean 'alignment'"):
        check_recipe(SMALL | {"method": {"name": "unit_detection", "alignmen": 1.0}})


def test_the_command_line_trains_and_scores(run, capsys):
    with pytest.raises(SystemExit) as left:
        facsight(["score", str(run)])
    assert left.value.code == 0
    told = capsys.readouterr().out
    assert "30 faces" in told
    assert "AU12" in told
    assert catalog.shelf_of("unit_detection") == "unit_methods"
