"""The recipe of temporal stochastic softmax, from its file to scores, and what it learns."""

from pathlib import Path

import pytest
import torch

from facsight.assembly import open_sequence_run
from facsight.data.drawn import draw_clips
from facsight.nn.inflated import inflated
from facsight.nn.weights import build_network, load_tensors, save_network
from facsight.recipe import read_recipe
from facsight.sequence_experiment import score_sequences, train_sequences
from facsight.training.run_folder import CHECKPOINT
from planted_clips import mass_on_part

RECIPE = Path(__file__).parents[3] / "recipes" / "clips" / "temporal_stochastic_softmax.toml"
SMALL = ["data.clips=12", "data.steps=24", "data.size=16", "network.span=8", "training.epochs=4"]
PHASES = ["method.warmup=1", "method.exploration=2", "training.batch_size=4"]


class _Killed(Exception):
    pass


def state_of(run):
    tensors, _ = load_tensors(run / CHECKPOINT)
    return tensors


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "whole"
    train_sequences(read_recipe(RECIPE, SMALL + PHASES), out)
    return out


def test_the_recipe_goes_from_its_file_to_scores(whole):
    scores = score_sequences(whole)
    assert 0 <= scores["drawn4"]["accuracy"]["value"] <= 1
    state = state_of(whole)
    assert state["current.bank.visits"].tolist() == [4] * 12
    assert state["current.bank.scores"].shape == (12, 17)
    assert state["current.bank.scores"].std(dim=1).gt(0).all()  # two explored places, and a later one


@pytest.mark.parametrize("killed", [5, 10])  # while exploring, and later
def test_a_killed_run_goes_on_to_the_same_weights_and_scores(killed, whole, tmp_path):
    recipe = read_recipe(RECIPE, SMALL + PHASES)

    def kill(step, total, terms):
        if step == killed:
            raise _Killed

    with pytest.raises(_Killed):
        train_sequences(recipe, tmp_path, on_step=kill)
    train_sequences(recipe, tmp_path)
    straight, parts = state_of(whole), state_of(tmp_path)
    assert straight.keys() == parts.keys()
    assert [name for name in straight if not torch.equal(straight[name], parts[name])] == []


def test_a_network_starts_from_a_reader_that_it_does_not_need_afterwards(tmp_path):
    options = {"widths": [8, 8, 8], "blocks": [1, 1, 1], "stem": 4}
    card = {"architecture": options, "classes": ["a", "b"], "crop_size": 16, "temperature": 1.0}
    reader = build_network(2, **options)
    save_network(reader, tmp_path / "reader.safetensors", card)
    told = f'modalities.face.start="{(tmp_path / "reader.safetensors").as_posix()}"'
    sizes = "modalities.face.options={widths=[8, 8, 8], blocks=[1, 1, 1], stem=4}"
    still = ["training.epochs=1", "training.rate=0.0", "training.average=0.0"]
    run = train_sequences(read_recipe(RECIPE, SMALL + PHASES + [told, sizes] + still), tmp_path / "run").path
    (tmp_path / "reader.safetensors").unlink()
    network = open_sequence_run(run).network
    found = network.encoders["face"].backbone.state_dict()
    wanted = inflated(reader.backbone).state_dict()
    assert all(torch.equal(found[name], wanted[name]) for name in wanted if "weight" in name)


def test_a_network_for_pictures_with_a_memory_learns_from_clips_too(tmp_path):
    memory = ["modalities.face.kernel=1", "temporal.name=lstm", "temporal.size=8", "training.epochs=2"]
    run = train_sequences(read_recipe(RECIPE, SMALL + PHASES + memory), tmp_path).path
    assert open_sequence_run(run).network.encoders["face"].kernel == 1
    assert state_of(run)["current.bank.visits"].tolist() == [2] * 12


@pytest.mark.slow
def test_it_learns_planted_expressions_and_comes_to_draw_them(tmp_path):
    recipe = read_recipe(RECIPE, ["seed=0"])
    train_sequences(recipe, tmp_path)
    drawn = draw_clips(160, generator=torch.Generator().manual_seed(0))  # as the recipe's
    assert score_sequences(tmp_path)["drawn4"]["accuracy"]["value"] > 0.9
    chances = state_of(tmp_path)["current.bank.scores"].softmax(dim=1)
    even = torch.full_like(chances, 1 / chances.shape[1])
    assert mass_on_part(chances, drawn, 16) > 2 * mass_on_part(even, drawn, 16)
