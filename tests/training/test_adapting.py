from collections import Counter

import pytest
import torch
from torch import Tensor, nn

from facsight.core.adaptation import Adaptation
from facsight.core.errors import BadPeople
from facsight.core.people import Adapting, People, Unlabelled
from facsight.core.terms import Terms
from facsight.methods.adaptation.supervised_people import SupervisedPeople
from facsight.nn.split_network import PooledHead, SplitNetwork
from facsight.training import fit as loop
from facsight.training.adapting import (
    BUDGET,
    PeopleExamples,
    TargetExamples,
    adapt,
    rows_of_few,
    train_sources,
)
from facsight.training.plan import Plan
from facsight.training.run_folder import RunFolder


def people(rows=24, persons=3):
    """The sign of the first number is the class; each has as many rows, in clips of two."""
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(rows, 2, generator=generator)
    number = torch.arange(rows)
    names = tuple(f"person {k}" for k in range(persons))
    return People(inputs, (inputs[:, 0] > 0).long(), number % persons, number // 2, names)


class Remembering(Adaptation):
    """Pulls its shift to the mean of the target when last refreshed, and writes down what it is shown."""

    sees = "sources"

    def __init__(self):
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(2))
        self.register_buffer("aim", torch.zeros(2))
        self.shown: list[object] = []

    def begin(self, target: Unlabelled, sources: People | None) -> None:
        self.shown.append(("begin", len(target), sources and len(sources), self.training))

    def refresh(self, target: Unlabelled, progress: float) -> None:
        self.shown.append(("refresh", progress, self.training))
        self.aim.copy_(target.inputs.mean(dim=0) + self.shift.detach())

    def objective(self, batch: Adapting, progress: float) -> Terms:
        self.shown.append(("step", len(batch.target), batch.sources and len(batch.sources)))
        noise = torch.rand(2)
        return Terms(pull=(self.shift - self.aim - noise).square().sum())

    def predict(self, inputs: Tensor) -> Tensor:
        return inputs + self.shift


class Alone(Remembering):
    sees = "target"


class Closed(Remembering):
    trains = False


def plan(**options):
    return Plan(
        **(
            {"epochs": 2, "batch_size": 8, "optimizer": "sgd", "rate": 0.1, "average": 0.0, "precision": "no"}
            | options
        )
    )


def test_the_order_of_calls_and_what_is_shown(tmp_path):
    method, target = Remembering(), people(16).without_labels()
    adapt(method, target, people(), plan(), RunFolder(tmp_path, ""), seed=0)
    step = ("step", 8, 8)
    epochs = [("refresh", 0.0, False), step, step, ("refresh", 0.5, False), step, step]
    assert method.shown == [("begin", 16, 24, False), *epochs]


def test_what_looks_at_the_target_alone_is_shown_no_sources(tmp_path):
    method = Alone()
    adapt(method, people(16).without_labels(), people(), plan(), RunFolder(tmp_path, ""), seed=0)
    assert method.shown[0] == ("begin", 16, None, False)
    assert ("step", 8, None) in method.shown


def test_a_closed_form_takes_no_step(tmp_path):
    method = adapt(Closed(), people(16).without_labels(), people(), plan(), RunFolder(tmp_path, ""), seed=0)
    assert method.shown == [("begin", 16, 24, False)]
    assert not method.training


def test_a_target_shorter_than_a_batch_is_one_batch(tmp_path):
    method = Alone()
    adapt(method, people(3).without_labels(), None, plan(batch_size=32), RunFolder(tmp_path, ""), seed=0)
    assert method.shown.count(("step", 3, None)) == 2


class Killed(Exception):
    pass


@pytest.mark.parametrize("last_step", [1, 2, 3])
def test_adapting_that_was_killed_goes_on_exactly(tmp_path, monkeypatch, last_step):
    monkeypatch.setattr(loop, "CHECKPOINT_EVERY", 1)
    target = people(16).without_labels()

    def kill(step, total, terms):
        if step == last_step:
            raise Killed

    whole = adapt(Alone(), target, None, plan(), RunFolder(tmp_path / "whole", ""), seed=5)
    with pytest.raises(Killed):
        adapt(Alone(), target, None, plan(), RunFolder(tmp_path / "cut", ""), seed=5, on_step=kill)
    resumed = adapt(Alone(), target, None, plan(), RunFolder(tmp_path / "cut", ""), seed=5)
    assert torch.equal(resumed.shift, whole.shift)
    assert torch.equal(resumed.aim, whole.aim)


def test_rows_of_few_people_are_even_and_rarely_repeat(generator):
    person = torch.tensor([0] * 5 + [1] * 2 + [2] * 9)
    rows = rows_of_few(person, 7, 2, generator)
    counts = Counter(person[rows].tolist())
    assert sorted(counts.values()) == [3, 4]
    for one in counts.keys() - {1}:
        own = rows[person[rows] == one]
        assert len(own.unique()) == len(own)


def test_every_person_is_drawn_in_time(generator):
    examples = PeopleExamples(people(), together=2)
    seen = {tuple(examples(torch.arange(8), generator).person.unique().tolist()) for _ in range(40)}
    assert seen == {(0, 1), (0, 2), (1, 2)}


def test_batches_beside_a_target_are_of_few_people_where_they_are_compared(generator):
    examples = TargetExamples(people(16).without_labels(), people(), together=2)
    sources = examples(torch.arange(6), generator).sources
    assert sources is not None
    assert Counter(sources.person.tolist()).most_common()[0][1] == 3


def test_a_single_source_person_cannot_be_compared(generator):
    with pytest.raises(BadPeople, match=r"expected 2 source people or more.* found 1"):
        PeopleExamples(people().of(0), together=2)(torch.arange(4), generator)


def test_source_training_learns_what_is_planted(tmp_path):
    network = SplitNetwork(nn.Linear(2, 4), PooledHead(4, classes=2))
    stage = train_sources(
        SupervisedPeople(network), people(240), plan(epochs=20), RunFolder(tmp_path, ""), seed=0
    )
    test = people(60)
    assert (stage.predict(test.inputs).argmax(dim=1) == test.label).float().mean() > 0.95


def test_bad_input_is_refused(tmp_path):
    run, target = RunFolder(tmp_path, ""), people(16).without_labels()
    with pytest.raises(BadPeople, match="at least 2 inputs of the target, found 1"):
        adapt(Alone(), target.thinned(1), None, BUDGET, run, seed=0)
    with pytest.raises(BadPeople, match="Remembering looks at source people, and there are none"):
        adapt(Remembering(), target, None, BUDGET, run, seed=0)
