"""Runs of the methods beside plain detection: relations, weak labels, identity."""

from dataclasses import replace

import pytest
import torch

from facsight import catalog
from facsight.core.errors import BadLabels
from facsight.data.drawn import load_drawn_units
from facsight.experiment import train
from facsight.nn.unit_weights import load_unit_network
from facsight.recipe import check_recipe
from facsight.unit_experiment import score_units, train_units

RESNET = {"widths": [8, 12, 16], "blocks": [1, 1, 1], "stem": 4}
DEIT = {"name": "small_deit", "side": 32, "width": 16, "depth": 2, "heads": 2}
TRAINING = {"epochs": 1, "batch_size": 24, "average": 0.9, "rate": 0.05}


def recipe(data=None, network=RESNET, method=None):
    return check_recipe(
        {
            "about": "drawn units",
            "data": {"name": "drawn_units", "faces": 48, "difficulty": 0.0, "size": 32} | (data or {}),
            "crop": {"size": 32},
            "network": network,
            "method": method or {"name": "unit_detection"},
            "training": TRAINING,
        }
    )


def test_a_graph_is_trained_scored_and_loaded_with_its_prior(tmp_path):
    with_graph = recipe(network=RESNET | {"head": "relation_graph", "unit_width": 8, "prior": "labels"})
    train_units(with_graph, tmp_path / "run")
    network, card = load_unit_network(tmp_path / "run" / "weights.safetensors")
    assert network.head.prior.any()
    assert card["weak"] is False
    said = network(torch.zeros(1, 1, 32, 32))
    assert said.edges is not None
    assert said.edges.shape == (1, 10, 10)
    assert score_units(tmp_path / "run")["weak"] is False


WEAK = {"by": "expression"}, {"name": "weak_units", "codebook": "facsight"}


def test_a_weak_run_says_so_and_takes_nothing_from_coded_units(tmp_path):
    train_units(recipe(WEAK[0], method=WEAK[1]), tmp_path / "run")
    _, card = load_unit_network(tmp_path / "run" / "weights.safetensors")
    assert card["weak"] is True
    assert card["thresholds"] == [0.5] * 10
    scores = score_units(tmp_path / "run")
    assert scores["weak"] is True
    assert all("optimism" not in unit for unit in scores["units"].values())


def test_a_weak_run_needs_no_coded_training_face_and_gives_the_same_weights(tmp_path, monkeypatch):
    def uncoded(*, split, **options):
        faces = load_drawn_units(split=split, **options)
        unknown = torch.full_like(faces.presence, torch.nan)
        return replace(faces, presence=unknown) if split == "train" else faces

    given = recipe(WEAK[0], method=WEAK[1])
    train_units(given, tmp_path / "coded")
    load = catalog.load
    monkeypatch.setattr(
        catalog, "load", lambda shelf, name: uncoded if shelf == "unit_datasets" else load(shelf, name)
    )
    train_units(given, tmp_path / "uncoded")
    one, other = (
        load_unit_network(tmp_path / name / "weights.safetensors")[0] for name in ("coded", "uncoded")
    )
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


def test_weak_learning_without_expressions_is_refused(tmp_path):
    with pytest.raises(BadLabels, match="expressions"):
        train_units(recipe(method=WEAK[1]), tmp_path / "run")


def test_identity_adversarial_training_starts_from_a_masked_autoencoder(tmp_path):
    autoencoder = {
        "about": "no labels",
        "data": {"name": "drawn", "faces": 48, "size": 32},
        "crop": {"size": 32},
        "network": DEIT,
        "method": {"name": "masked_autoencoder"},
        "training": TRAINING,
    }
    train(check_recipe(autoencoder), tmp_path / "mae")
    given = recipe(
        {"people": 3},
        DEIT | {"start": (tmp_path / "mae").as_posix()},
        {"name": "identity_adversarial_units", "hidden": 8, "rounds": 2, "strength": 0.1},
    )
    run = train_units(given, tmp_path / "run")
    assert run.file("terms.csv").read_text().startswith("step,units,identity\n")
    assert score_units(tmp_path / "run")["faces"] == 12
