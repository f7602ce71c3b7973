"""What learning many tasks, units, from clips and without labels makes of input that is bad or scarce."""

import functools
import math
from dataclasses import replace

import polars as pl
import pytest
import torch

from facsight.core.batch import LabelledFaces
from facsight.core.errors import BadCheckpoint, BadFolds, BadLabels
from facsight.data.drawn import load_drawn_clips, load_drawn_units
from facsight.data.simulated import load_tasks
from facsight.experiment import train
from facsight.methods.pretraining.masked_autoencoder import MaskedAutoencoder
from facsight.nn.weights import build_network, load_tensors, save_network
from facsight.recipe import check_recipe
from facsight.sequence_experiment import score_sequences, train_folds, train_sequences
from facsight.training.run_folder import CHECKPOINT
from facsight.unit_experiment import train_units
from planted_batch import batch

CLIPS = {
    "about": "clips",
    "data": {"name": "drawn_clips", "clips": 12, "steps": 16, "size": 16},
    "modalities": {
        "face": {
            "encoder": "inflated",
            "options": {"widths": [4, 6, 8], "blocks": [1, 1, 1], "stem": 4},
        }
    },
    "fusion": {"name": "concatenation", "layers": 0},
    "network": {"pooling": "softmax", "span": 8},
    "method": {"name": "temporal_stochastic_softmax", "warmup": 1, "exploration": 2},
    "training": {"epochs": 2, "batch_size": 4, "precision": "no"},
}
TASKS = {
    "about": "tasks",
    "data": {"name": "simulated_tasks", "recordings": 8, "steps": 16},
    "fusion": {"name": "concatenation", "width": 8},
    "method": {"name": "supervised_sequences"},
    "training": {"epochs": 1, "batch_size": 2, "precision": "no"},
}
UNITS = {
    "about": "units",
    "data": {"name": "drawn_units", "faces": 48, "difficulty": 0.0},
    "network": {"widths": [8, 12, 16], "blocks": [1, 1, 1], "stem": 4},
    "method": {"name": "unit_detection"},
    "training": {"epochs": 1, "batch_size": 24},
}
FACES = {
    "about": "faces",
    "data": {"name": "drawn", "faces": 48},
    "network": {"name": "small_deit", "width": 16, "depth": 1, "heads": 2},
    "method": {"name": "masked_autoencoder"},
    "training": {"epochs": 2, "batch_size": 12},
}


def changed(loader, change):
    """The loader of recordings whose every recording is changed."""

    @functools.wraps(loader)
    def load(*, split, **options):
        given = loader(split=split, **options)
        return replace(given, recordings=tuple(change(split, one) for one in given.recordings))

    return load


def of_one(split, one):
    return replace(one, subject="anna")


def without_labels(split, one):
    return replace(one, truth={name: torch.full_like(truth, torch.nan) for name, truth in one.truth.items()})


def without_the_first_class(split, one):
    """Recordings for training of the first class lose their label."""
    lost = split == "train" and bool((one.truth["drawn4"].argmax() == 0).any())
    return without_labels(split, one) if lost else one


@pytest.mark.parametrize("plan", [CLIPS, TASKS])
def test_recordings_of_one_person_make_no_folds(plan, monkeypatch, tmp_path):
    monkeypatch.setattr("facsight.data.drawn.load_drawn_clips", changed(load_drawn_clips, of_one))
    monkeypatch.setattr("facsight.data.simulated.load_tasks", changed(load_tasks, of_one))
    with pytest.raises(BadFolds, match="at least as many groups as folds, found 1 for 2"):
        train_folds(check_recipe(plan), tmp_path, "2")


@pytest.mark.parametrize("plan", [CLIPS, TASKS])
def test_labels_of_recordings_that_are_all_invalid_are_refused(plan, monkeypatch, tmp_path):
    monkeypatch.setattr("facsight.data.drawn.load_drawn_clips", changed(load_drawn_clips, without_labels))
    monkeypatch.setattr("facsight.data.simulated.load_tasks", changed(load_tasks, without_labels))
    with pytest.raises(BadLabels, match="recordings for training has a label of"):
        train_sequences(check_recipe(plan), tmp_path / "run")


def test_clips_without_any_label_are_drawn_all_the_same(monkeypatch, tmp_path):
    monkeypatch.setattr("facsight.data.drawn.load_drawn_clips", changed(load_drawn_clips, without_labels))
    face = {"encoder": "factored_transformer", "size": 8, "patch": 4, "heads": 2, "layers": 1}
    plan = CLIPS | {"method": {"name": "masked_clips"}, "modalities": {"face": face}}
    train_sequences(check_recipe(plan | {"network": {"pooling": "mean"}}), tmp_path / "run")
    costs = pl.read_csv(tmp_path / "run" / "terms.csv")["reconstruction"]
    assert (costs > 0).all()


def test_a_class_that_training_clips_lack_is_scored_all_the_same(monkeypatch, tmp_path):
    lacking = changed(load_drawn_clips, without_the_first_class)
    monkeypatch.setattr("facsight.data.drawn.load_drawn_clips", lacking)
    train_sequences(check_recipe(CLIPS), tmp_path / "run")
    tensors, _ = load_tensors(tmp_path / "run" / "weights.safetensors")
    assert all(tensor.isfinite().all() for tensor in tensors.values() if tensor.is_floating_point())
    scores = score_sequences(tmp_path / "run")["drawn4"]
    assert (
        len(scores["per_class"]) == 4 if "per_class" in scores else math.isfinite(scores["macro_f1"]["value"])
    )


def test_recordings_shorter_than_the_window_are_the_window(tmp_path):
    train_sequences(check_recipe(TASKS | {"windows": {"seconds": 60.0, "hop": 30.0}}), tmp_path / "long")
    train_sequences(check_recipe(TASKS | {"windows": {"seconds": 4.0, "hop": 4.0}}), tmp_path / "own")
    long, own = (load_tensors(tmp_path / run / "weights.safetensors")[0] for run in ("long", "own"))
    assert all(torch.equal(long[name], own[name]) for name in own)


def test_units_do_not_start_from_another_backbone(tmp_path):
    save_network(
        build_network(8, name="small_deit", width=16, depth=1, heads=2), tmp_path / "other.safetensors", {}
    )
    network = UNITS["network"] | {"start": str(tmp_path / "other.safetensors")}
    with pytest.raises(BadCheckpoint):
        train_units(check_recipe(UNITS | {"network": network}), tmp_path / "run")


def test_units_of_one_training_face_in_two_are_learnt_from(monkeypatch, tmp_path):
    """Rows that nobody coded, beside such that are."""

    @functools.wraps(load_drawn_units)
    def half(*, split, **options):
        faces = load_drawn_units(split=split, **options)
        presence = faces.presence.clone()
        presence[::2] = torch.nan
        return replace(faces, presence=presence)

    monkeypatch.setattr("facsight.data.drawn.load_drawn_units", half)
    train_units(check_recipe(UNITS), tmp_path / "run")
    tensors, _ = load_tensors(tmp_path / "run" / "weights.safetensors")
    assert all(tensor.isfinite().all() for tensor in tensors.values() if tensor.is_floating_point())


def test_pretraining_that_was_killed_goes_on_to_the_same_weights(tmp_path):
    recipe = check_recipe(FACES)

    def kill(step, total, terms):
        if step == 5:
            raise KeyboardInterrupt

    train(recipe, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train(recipe, tmp_path / "killed", on_step=kill)
    train(recipe, tmp_path / "killed")
    whole, killed = (load_tensors(tmp_path / run / CHECKPOINT)[0] for run in ("whole", "killed"))
    assert whole.keys() == killed.keys()
    assert [name for name in whole if not torch.equal(whole[name], killed[name])] == []


def test_pretraining_draws_faces_of_one_class_and_without_landmarks():
    torch.manual_seed(0)
    method = MaskedAutoencoder(
        build_network(8, name="small_deit", width=16, depth=1, heads=2), hide="regions"
    )
    faces = batch(("neutral", "neutral"), landmarks=torch.full((2, 68, 2), torch.nan))
    terms = method.objective(LabelledFaces(faces.faces, faces.expression), 0.0)
    assert all(term.isfinite() for term in terms.values())
