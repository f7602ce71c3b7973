"""From a recipe for sequences to a scored run folder."""

import json
from pathlib import Path

import polars as pl
import pytest
import torch

from facsight.assembly import load_sequence_network, open_sequence_run
from facsight.core.errors import BadCheckpoint, BadRecipe, BadTraining, MissingData, UnknownName
from facsight.nn.weights import load_tensors
from facsight.recipe import check_recipe
from facsight.sequence_experiment import (
    holds_sequences,
    load_recordings,
    score_sequences,
    train_sequences,
)


def recipe(**sections):
    content = {
        "data": {"name": "simulated", "recordings": 12, "steps": 24, "noise": 0.3},
        "windows": {"seconds": 3.0, "hop": 1.5},
        "fusion": {"name": "concatenation", "width": 16},
        "method": {"name": "supervised_sequences"},
        "training": {"epochs": 5, "batch_size": 8, "optimizer": "adamw", "rate": 1e-2, "average": 0.5},
    }
    for name, options in sections.items():
        content[name] = content.get(name, {}) | options
    return content


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "one"
    train_sequences(check_recipe(recipe()), out)
    score_sequences(out)
    return out


def test_a_run_is_scored_beside_its_floors(run):
    scores = json.loads((run / "metrics.json").read_text())
    valence = scores["simulated_affect"]["valence"]
    assert scores["recordings"] == 4
    assert scores["people"] == 2
    assert valence["ccc"]["value"] > 0.3
    assert valence["ccc"]["interval"][0] <= valence["ccc"]["value"] <= valence["ccc"]["interval"][1]
    assert valence["rmse"] < valence["rmse_of_the_mean"]
    assert scores["without"].keys() == {"face", "voice"}
    assert scores["without"]["face"]["valence_ccc"] < valence["ccc"]["value"]


def test_predictions_have_a_row_a_step_on_the_scale(run):
    table = pl.read_parquet(run / "predictions.parquet")
    assert len(table) == 4 * 24
    assert table["sample"].n_unique() == len(table)
    assert table["valence"].is_between(-1, 1).all()


def test_weights_say_what_they_are(run):
    trained = open_sequence_run(run)
    assert trained.card["data"] == "simulated-copies-train"
    assert trained.spaces[0].columns == ("valence", "arousal")
    assert trained.windows.seconds == 3.0
    assert not trained.network.training
    assert holds_sequences(run)


def test_standardisation_is_that_of_the_training_recordings(run):
    network, _ = load_sequence_network(run / "weights.safetensors")
    train, _ = load_recordings(check_recipe(recipe()), "train")
    rows = torch.cat([one.streams["face"] for one in train.recordings])
    torch.testing.assert_close(network.encoders["face"].mean, rows.mean(dim=0))
    torch.testing.assert_close(network.encoders["face"].scale, rows.std(dim=0, correction=0))


def test_an_interrupted_run_ends_with_the_same_weights(tmp_path):
    class Stop(Exception):
        pass

    def stop(step, total, terms):
        if step == total // 2 + 1:
            raise Stop

    plan = check_recipe(recipe())
    train_sequences(plan, tmp_path / "whole")
    with pytest.raises(Stop):
        train_sequences(plan, tmp_path / "broken", on_step=stop)
    train_sequences(plan, tmp_path / "broken")
    whole, broken = (load_tensors(tmp_path / name / "weights.safetensors")[0] for name in ("whole", "broken"))
    assert all(torch.equal(whole[name], broken[name]) for name in whole)


def test_folds_keep_people_on_one_side_and_test_everyone_once():
    tested = []
    for fold in (1, 2, 3):
        plan = check_recipe(recipe(data={"folds": 3, "fold": fold}))
        train, val = (
            {one.subject for one in load_recordings(plan, part)[0].recordings} for part in ("train", "val")
        )
        assert not train & val
        tested += sorted(val)
    assert len(tested) == len(set(tested)) == 4


def test_one_modality_alone(tmp_path):
    plan = check_recipe(recipe(modalities={"voice": {}}))
    found, _ = load_recordings(plan, "train")
    assert tuple(found.sizes) == ("voice",)
    with pytest.raises(UnknownName, match="did you mean 'voice'"):
        load_recordings(check_recipe(recipe(modalities={"voise": {}})), "train")


def staged(**student):
    shared = recipe(data={"scenario": "privileged"})
    del shared["method"]
    return check_recipe(
        shared
        | {
            "stages": {
                "teacher": {"method": {"name": "supervised_sequences"}},
                "student": {
                    "method": {"name": "optimal_transport", "teacher": "teacher", "anchors": 5, "points": 32}
                    | student,
                    "network": {"prevalent": ["face"], "imagine": True},
                },
            }
        }
    )


def test_stages_are_trained_one_after_the_other(tmp_path):
    train_sequences(staged(), tmp_path / "run")
    scores = score_sequences(tmp_path / "run")
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"teacher", "student", "stages.json"}
    assert (tmp_path / "run" / "student" / "metrics.json").is_file()
    terms = pl.read_csv(tmp_path / "run" / "student" / "terms.csv")
    assert terms.columns == ["step", "simulated_affect", "structure", "imagining"]
    # the student does not see the voice: without it nothing changes, and the teacher is not in its weights
    assert scores["without"]["voice"]["valence_ccc"] == pytest.approx(
        scores["simulated_affect"]["valence"]["ccc"]["value"]
    )
    tensors, card = load_tensors(tmp_path / "run" / "student" / "weights.safetensors")
    assert not [name for name in tensors if "teacher" in name]
    assert card["architecture"]["network"]["prevalent"] == ["face"]
    assert holds_sequences(tmp_path / "run")


def test_a_teacher_must_come_before():
    with pytest.raises(BadRecipe, match="stage student: the teacher is an earlier stage or a run folder"):
        staged(teacher="techer")


def test_a_student_is_no_teacher(tmp_path):
    train_sequences(staged(), tmp_path / "run")
    with pytest.raises(BadCheckpoint, match="is a PrevalentNetwork: a teacher sees all modalities"):
        train_sequences(staged(teacher=str(tmp_path / "run" / "student")), tmp_path / "other")


def test_a_folder_of_another_recipe_is_not_gone_on_with(run):
    with pytest.raises(BadTraining, match="another recipe"):
        train_sequences(check_recipe(recipe(fusion={"width": 8})), run)


def test_a_folder_without_weights_is_told(tmp_path):
    with pytest.raises(MissingData, match="finish the run"):
        open_sequence_run(tmp_path)


@pytest.mark.parametrize(
    ("sections", "told"),
    [
        ({"fusion": {"name": "concatination"}}, "did you mean 'concatenation'"),
        ({"windows": {"second": 1.0}}, "did you mean 'seconds'"),
        ({"crop": {"size": 48}}, "no \\[crop\\]"),
        ({"data": {"scenario": "agrement"}}, "did you mean 'agreement'"),
        ({"data": {"labels": "moods"}}, "did you mean 'mood'"),
        ({"data": {"protocol": "abaw10-vaa"}}, "did you mean 'abaw10-va'"),
        ({"data": {"protocol": "biovid", "scheme": "mixed"}}, "has no folds 'mixed'"),
        ({"data": {"fold": 1}}, "data.fold is 1 to data.folds"),
        ({"data": {"fold": 0, "folds": 3}}, "found 0 of 3"),
        ({"modalities": {"face": {"frames": 0}}}, "frames is 1 or more"),
        ({"modalities": {"face": {"frame": 2}}}, "did you mean 'frames'"),
        ({"network": {"poling": "mean"}}, "did you mean 'pooling'"),
        ({"method": {"over": "windows"}}, "did you mean 'window'"),
        ({"training": {"balance": "much"}}, "expects"),
    ],
)
def test_recipes_that_make_no_sense(sections, told):
    with pytest.raises((BadRecipe, UnknownName), match=told):
        check_recipe(recipe(**sections))


def test_a_recipe_reads_back(tmp_path):
    from facsight.recipe import read_recipe

    plan = check_recipe(
        recipe(
            modalities={"face": {"frames": 1}, "audio:logmel": {"frames": 25}, 'a b."c': {}},
            method={"weights": {"simulated_affect": 2.0}},
        )
    )
    path = Path(tmp_path / "r.toml")
    path.write_text(plan.to_toml())
    assert read_recipe(path) == plan
