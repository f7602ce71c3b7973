"""The recipes of the paper's table: one switch, one budget, networks that can be saved and read again."""

from pathlib import Path

import pytest
import torch

from facsight.core.labels import FERPLUS
from facsight.experiment import build_method
from facsight.nn.weights import load_network, save_network
from facsight.recipe import read_recipe
from planted_batch import batch

FOLDER = Path(__file__).parent.parent / "recipes" / "localising"
RECIPES = sorted(FOLDER.glob("*.toml"))
#: What the recipe of a paper may have of its own.
OWN = {"network": {"name", "head", "widths", "stem"}, "training": {"optimizer", "rate", "weight_decay"}}


def built(path, *changes):
    return build_method(read_recipe(path, list(changes)), FERPLUS.classes)


def test_the_table_is_complete():
    expected = {"gap", "wildcat", "peak_response", "acol", "adl", "cutmix", "ts_cam", "per_unit"}
    assert {path.stem for path in RECIPES} == expected


@pytest.mark.parametrize("path", RECIPES, ids=lambda p: p.stem)
def test_guidance_is_one_switch(path):
    guided, unguided = built(path), built(path, "method.guidance=0")
    for (name, one), other in zip(guided.state_dict().items(), unguided.state_dict().values(), strict=True):
        assert torch.equal(one, other), name  # the same start
    assert "guidance" in guided.objective(batch(), 0.0)
    assert "guidance" not in unguided.objective(batch(), 0.0)


@pytest.mark.parametrize("path", RECIPES, ids=lambda p: p.stem)
def test_all_have_the_same_budget(path):
    sections, reference = read_recipe(path).sections, read_recipe(FOLDER / "gap.toml").sections
    for name in ("data", "crop", "augmentation", "network", "training"):
        shared = [
            {key: value for key, value in part[name].items() if key not in OWN.get(name, ())}
            for part in (sections, reference)
        ]
        assert shared[0] == shared[1], name
    assert sections["method"]["guidance"] == reference["method"]["guidance"]


@pytest.mark.parametrize("path", RECIPES, ids=lambda p: p.stem)
def test_networks_have_a_million_weights_or_less(path):
    assert 0.6e6 < sum(p.numel() for p in built(path).parameters()) < 1.2e6


@pytest.mark.parametrize("path", RECIPES, ids=lambda p: p.stem)
def test_the_card_rebuilds_the_network(path, tmp_path):
    network = built(path).get_submodule("network").eval()
    architecture = dict(read_recipe(path).sections["network"])
    card = {"architecture": architecture, "classes": FERPLUS.classes, "crop_size": 48, "temperature": 1.0}
    save_network(network, tmp_path / "w.safetensors", card)
    loaded, _ = load_network(tmp_path / "w.safetensors")
    pixels = batch().faces.pixels[:1]
    torch.testing.assert_close(loaded(pixels).class_maps, network(pixels).class_maps)


def test_options_of_the_guide_reach_it():
    guide = built(FOLDER / "gap.toml", "guidance.on=both", "guidance.contrast=0.5").get_submodule("guide")
    assert (guide.weight, guide.on, guide.contrast) == (2.0, "both", 0.5)
