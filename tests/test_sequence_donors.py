"""Stages that give their features to later ones, and runs of some of the label spaces only."""

import pytest
import torch

from facsight.assembly import open_sequence_run
from facsight.core.errors import BadCheckpoint, BadLabels, BadRecipe
from facsight.data.simulated import TASKS
from facsight.data.windows import Windows
from facsight.nn.donors import DonatedNetwork
from facsight.nn.weights import load_tensors
from facsight.recipe import check_recipe
from facsight.sequence_experiment import load_recordings, score_sequences, train_sequences

EXPRESSION, AFFECT, UNITS = (TASKS[task].name for task in ("expression", "affect", "units"))


def recipe(**sections):
    content = {
        "data": {"name": "simulated_tasks", "recordings": 12, "steps": 16, "labelled": {"affect": 0.5}},
        "fusion": {"name": "concatenation", "width": 8},
        "method": {"name": "supervised_sequences"},
        "training": {"epochs": 2, "batch_size": 4, "optimizer": "adamw", "rate": 1e-2, "average": 0.5},
    }
    for name, options in sections.items():
        content[name] = content.get(name, {}) | options
    return content


def staged(**later):
    stages = {
        "units": {"data": {"spaces": [UNITS]}},
        "fuse": {"data": {"spaces": [AFFECT]}, "network": {"donors": ["units"]}} | later,
    }
    return check_recipe(recipe() | {"stages": stages})


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "progressive"
    train_sequences(staged(), out)
    return out


def test_a_stage_is_of_the_recordings_with_its_labels():
    plan = check_recipe(recipe(data={"spaces": [AFFECT]}))
    train, _ = load_recordings(plan, "train")
    assert [space.name for space in train.spaces] == [AFFECT]
    assert len(train) == 6
    assert len(load_recordings(check_recipe(recipe()), "train")[0]) == 12


def test_folds_do_not_depend_on_the_label_spaces_that_are_read():
    def people(spaces):
        data = {"fold": 1, "folds": 2} | spaces
        return {one.subject for one in load_recordings(check_recipe(recipe(data=data)), "val")[0].recordings}

    assert people({"spaces": [UNITS]}) == people({}) == people({"spaces": [EXPRESSION]})


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"spaces": ["planted_unit"]}, "no labels of 'planted_unit': did you mean 'planted_units'"),
        ({"spaces": [UNITS], "labelled": {"units": 0.0}}, "no recording has a label of planted_units"),
        ({"spaces": []}, "no recording has a label of nothing"),
    ],
)
def test_label_spaces_that_are_not_there(data, told):
    with pytest.raises(BadLabels, match=told):
        load_recordings(check_recipe(recipe(data=data)), "train")


def test_the_donor_is_the_earlier_stage_and_stays_as_it_was(run):
    donor = load_tensors(run / "units" / "weights.safetensors")[0]
    fused = load_tensors(run / "fuse" / "weights.safetensors")[0]
    own = {name.removeprefix("donors.0."): value for name, value in fused.items() if "donors.0." in name}
    assert own.keys() == donor.keys()
    assert all(torch.equal(own[name], value) for name, value in donor.items())


def test_a_model_with_donors_needs_no_other_folder(run, tmp_path):
    moved = tmp_path / "moved"
    moved.mkdir()
    (moved / "weights.safetensors").write_bytes((run / "fuse" / "weights.safetensors").read_bytes())
    one, other = (open_sequence_run(path) for path in (run, moved))
    assert isinstance(other.network, DonatedNetwork)
    assert [told["name"] for told in other.card["architecture"]["network"]["donors"]] == ["units"]
    recordings, _ = load_recordings(check_recipe(recipe()), "val")
    batch = next(Windows(recordings, one.windows).batches(4))
    for seen in (one, other):
        assert seen.network(batch.sequences).outputs[AFFECT].isfinite().all()
    assert torch.equal(
        one.network(batch.sequences).outputs[AFFECT], other.network(batch.sequences).outputs[AFFECT]
    )


def test_every_stage_has_its_own_score(run):
    assert set(score_sequences(run / "units")) >= {UNITS}
    assert set(score_sequences(run)) >= {AFFECT}


def test_an_interrupted_stage_with_donors_ends_with_the_same_weights(run, tmp_path):
    class Stop(Exception):
        pass

    steps = []

    def stop(step, total, terms):
        steps.append(step)
        if len(steps) == 8:  # 6 steps of the first stage, 2 of the second
            raise Stop

    with pytest.raises(Stop):
        train_sequences(staged(), tmp_path, on_step=stop)
    train_sequences(staged(), tmp_path)
    whole, broken = (load_tensors(home / "fuse" / "weights.safetensors")[0] for home in (run, tmp_path))
    assert all(torch.equal(whole[name], broken[name]) for name in whole)


def test_donors_of_a_donor_come_along(run, tmp_path):
    plan = check_recipe(recipe(data={"spaces": [AFFECT]}, network={"donors": [str(run)]}))
    train_sequences(plan, tmp_path)
    trained = open_sequence_run(tmp_path)
    assert isinstance(trained.network.donors[0], DonatedNetwork)


@pytest.mark.parametrize(
    ("sections", "told"),
    [
        ({"fusion": {"width": 16}}, "donor 1 gives 8 a step, the network's fusion 16"),
        (
            {"data": {"name": "simulated", "recordings": 12}},
            "reads face of 24, .* has face of 16, voice of 12",
        ),
        (
            {"data": {"name": "simulated", "recordings": 12}, "modalities": {"face": {}}},
            "reads face of 24, .* has face of 16: train the donor again",
        ),
    ],
)
def test_a_donor_of_another_backbone_or_features_is_refused(run, sections, told, tmp_path):
    content = recipe(network={"donors": [str(run / "units")]})
    content |= {
        name: options if "name" in options else content.get(name, {}) | options
        for name, options in sections.items()
    }
    with pytest.raises(BadCheckpoint, match=told):
        train_sequences(check_recipe(content), tmp_path)


def test_a_donor_that_is_no_earlier_stage_is_told():
    with pytest.raises(BadRecipe, match=r"stage fuse: the donor .* did you mean 'units'"):
        staged(network={"donors": ["unit"]})
    with pytest.raises(BadRecipe, match="donor"):
        staged(network={"donors": ["fuse"]})


def test_donors_and_prevalent_modalities_are_refused_together(run, tmp_path):
    plan = check_recipe(recipe(network={"donors": [str(run / "units")], "prevalent": ["face"]}))
    with pytest.raises(BadRecipe, match="donors or prevalent"):
        train_sequences(plan, tmp_path)


def test_rare_classes_and_units_count_more_by_their_share():
    from facsight.data.sequence_parts import importance_of
    from facsight.sequence_experiment.training import _architecture, build_sequence_method

    plan = check_recipe(recipe(method={"balance": 1}))
    train, _ = load_recordings(plan, "train")
    steps = {
        space: torch.cat([one.truth[space] for one in train.recordings]) for space in (EXPRESSION, UNITS)
    }
    found = importance_of(train, 1.0)
    assert found.keys() == {EXPRESSION, UNITS}
    for k in range(4):
        share = float((steps[EXPRESSION].argmax(dim=1) == k).double().mean())
        assert found[EXPRESSION][k] == pytest.approx(1 / (4 * share))
        there = float(steps[UNITS][:, k].double().mean())
        assert found[UNITS][k] == pytest.approx((1 - there) / there)
    half = importance_of(train, 0.5)[UNITS]
    assert half == pytest.approx([one**0.5 for one in found[UNITS]])
    method = build_sequence_method(plan, _architecture(plan, train, {}), train, {})
    assert method.importance == found


def test_a_class_that_is_missing_in_a_fold_counts_one():
    from facsight.data.sequence_parts import importance_of

    train, _ = load_recordings(check_recipe(recipe()), "train")
    for one in train.recordings:
        truth = one.truth[EXPRESSION]
        truth[truth[:, 3] > 0] = torch.nan
        one.truth[UNITS][:, 0] = 0
    found = importance_of(train, 1.0)
    assert found[EXPRESSION][3] == 1
    assert found[UNITS][0] == 1
