"""What every way of adapting of the catalogue keeps, before its author writes a test."""

from dataclasses import replace
from importlib import import_module

import pytest
import torch

from facsight import catalog
from facsight.adaptation_experiment.sources import Sources
from facsight.core.errors import BadPeople, BadTraining
from facsight.data.simulated.people import NEUTRAL, neutral_clips
from facsight.data.simulated.people_loading import load_simulated_people
from facsight.nn import split_network
from facsight.recipe import check_recipe
from facsight.training import fit as loop
from facsight.training.adapting import adapt
from facsight.training.plan import Plan
from facsight.training.run_folder import RunFolder

NAMES = sorted(catalog.ADAPTATION)
PLAN = Plan(epochs=2, batch_size=16, optimizer="adamw", rate=1e-2, average=0.0, precision="no")
DATA = load_simulated_people(people=6, frames=4)
TARGET = DATA.people.of(5)


RECIPE = check_recipe(
    {
        "data": {"name": "simulated_people"},
        "network": {"name": "split_perceptron", "size": 12, "layers": 1},
        "method": {"name": "entropy"},
        "training": {"epochs": 2, "batch_size": 32},
    }
)


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    people = DATA.people.take(DATA.people.person < 5)
    return Sources(RECIPE, DATA, people, seed=0, home=tmp_path_factory.mktemp("sources"), on_step=None)


def shown(method):
    return neutral_clips(TARGET) if method.sees == "neutral" else TARGET.without_labels()


def adapted(sources, name, folder, on_step=None):
    method = sources.method(name, {})
    return adapt(
        method, shown(method), sources.people, PLAN, RunFolder(folder, ""), seed=3, on_step=on_step
    ).eval()


EVERY = pytest.mark.parametrize("name", NAMES)


@EVERY
def test_it_says_what_it_sees_where_it_starts_and_when_it_harms(name):
    kind = catalog.load("adaptation", name)
    assert kind.sees in ("neutral", "target", "sources")
    assert kind.stage in catalog.SOURCE_STAGES
    card = import_module(kind.__module__).__doc__
    assert "\nHarm  " in card


@EVERY
def test_answers_are_logits_that_do_not_depend_on_the_batch(sources, name, tmp_path):
    method = adapted(sources, name, tmp_path)
    with torch.no_grad():
        together, alone = method.predict(TARGET.inputs), method.predict(TARGET.inputs[3:4])
    assert together.shape == (len(TARGET), len(DATA.classes))
    assert together.isfinite().all()
    torch.testing.assert_close(together[3:4], alone, rtol=1e-4, atol=1e-5)


@EVERY
def test_what_belongs_to_the_person_is_enough(sources, name, tmp_path):
    method, fresh = adapted(sources, name, tmp_path), sources.method(name, {}).eval()
    fresh.restore(method.personal())
    with torch.no_grad():
        assert torch.equal(fresh.predict(TARGET.inputs), method.predict(TARGET.inputs))


@EVERY
def test_the_sources_are_left_as_they_were(sources, name, tmp_path):
    stage = catalog.load("adaptation", name).stage
    before = {key: tensor.clone() for key, tensor in sources.stage(stage).state_dict().items()}
    adapted(sources, name, tmp_path)
    after = sources.stage(stage).state_dict()
    assert all(torch.equal(after[key], tensor) for key, tensor in before.items())


@EVERY
def test_it_says_other_than_source_people_alone_and_the_same_again(sources, name, tmp_path):
    one, other = adapted(sources, name, tmp_path / "one"), adapted(sources, name, tmp_path / "other")
    plain = sources.stage("supervised_people")
    with torch.no_grad():
        said = one.predict(TARGET.inputs)
        assert torch.equal(said, other.predict(TARGET.inputs))
        assert not torch.equal(said, plain.predict(TARGET.inputs))


class Killed(Exception):
    pass


@pytest.mark.parametrize("name", [name for name in NAMES if catalog.load("adaptation", name).trains])
def test_adapting_that_was_killed_goes_on_exactly(sources, name, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "CHECKPOINT_EVERY", 1)

    def kill(step, total, terms):
        if step == total - 1:
            raise Killed

    whole = adapted(sources, name, tmp_path / "whole")
    if whole.sees == "neutral":
        total = PLAN.epochs * max(len(neutral_clips(TARGET)) // PLAN.batch_size, 1)
        assert total >= 2
    with pytest.raises(Killed):
        adapted(sources, name, tmp_path / "cut", kill)
    again = adapted(sources, name, tmp_path / "cut")
    with torch.no_grad():
        assert torch.equal(again.predict(TARGET.inputs), whole.predict(TARGET.inputs))


# --- bad input, and much of it


@EVERY
def test_a_large_target_goes_through_a_part_at_a_time(sources, name, tmp_path, monkeypatch):
    """Parts and batches of two rows; a step takes those of the target, of sources and of a memory at once."""
    monkeypatch.setattr(split_network, "AT_ONCE", 2)
    method, rows = sources.method(name, {}), []
    for part in (method.network.encoder, method.network.head):
        part.register_forward_pre_hook(lambda _, inputs: rows.append(len(inputs[0])))
    plan, people = replace(PLAN, batch_size=2, epochs=1), sources.people
    adapt(method, shown(method), people, plan, RunFolder(tmp_path, ""), seed=3)
    assert max(rows, default=0) <= 3 * 2 < len(shown(method))
    assert rows or name.startswith("identity_")  # these do nothing for a target


def people_of_one_class(people):
    """Each person is of one class alone, and all classes are there."""
    return people.take(people.label == people.person % len(DATA.classes))


def source_of(people, folder):
    """Source people who are other than those of the fixture."""
    return Sources(RECIPE, DATA, people, seed=0, home=folder, on_step=None)


#: What compares people at the source, and so needs several.
SEVERAL = {
    "subject_based": "4 source people or more",
    "progressive_subject_based": "4 source people or more",
    "identity_matching": "4 source people or more",
    "identity_adversarial": "two or more source people",
    "neutral_shift": "two",
    "personalized_feature_translation": "two source people or more",
}


@EVERY
def test_a_single_source_person_is_refused_or_will_do(name, tmp_path):
    one = source_of(DATA.people.of(0), tmp_path / "s")
    if name in SEVERAL:
        with pytest.raises((BadPeople, BadTraining), match=SEVERAL[name]):
            adapted(one, name, tmp_path)
    else:
        assert adapted(one, name, tmp_path).predict(TARGET.inputs).isfinite().all()


@EVERY
def test_source_people_of_one_class_each_are_refused_or_will_do(name, tmp_path):
    uneven = source_of(people_of_one_class(DATA.people.take(DATA.people.person < 5)), tmp_path / "s")
    if name == "nearest_neutral":
        with pytest.raises(BadPeople, match="source people who have every class"):
            adapted(uneven, name, tmp_path)
    else:
        assert adapted(uneven, name, tmp_path).predict(TARGET.inputs).isfinite().all()


@EVERY
def test_a_target_of_one_class_only_has_answers(sources, name, tmp_path):
    method, rest = sources.method(name, {}), neutral_clips(TARGET)
    adapt(method, rest, sources.people, PLAN, RunFolder(tmp_path, ""), seed=3)
    assert method.eval().predict(TARGET.inputs).isfinite().all()


@EVERY
def test_features_that_are_not_finite_are_told(sources, name, tmp_path):
    """A network that has no number for one of the target's inputs."""
    method = sources.method(name, {})
    target = shown(method)
    odd = target.inputs[3]

    def breaking(_, inputs):
        return torch.where((inputs[0] == odd).all(dim=1)[:, None], torch.nan, inputs[0])

    method.network.encoder.register_forward_pre_hook(breaking)
    if name.startswith("identity_"):  # does nothing for a target: its answer is the one that is no number
        assert not method.eval().predict(target.inputs)[3].isfinite().all()
        return
    with pytest.raises((BadPeople, BadTraining), match=r"nan|NaN"):
        adapt(method, target, sources.people, PLAN, RunFolder(tmp_path, ""), seed=3)


def test_neutral_is_what_simulated_people_call_so():
    assert DATA.neutral_class == NEUTRAL
