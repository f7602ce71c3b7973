"""Source people who look most like the target, chosen without a label."""

import copy
from dataclasses import replace
from statistics import mean

import pytest
import torch
from torch import nn

from facsight.core.errors import BadPeople
from facsight.core.people import People
from facsight.data.simulated.people import CHANNELS, EXPRESSIONS, simulate_people
from facsight.methods.adaptation.mmd import DiscrepancyAlignment
from facsight.methods.adaptation.subject_based import SubjectBased
from facsight.methods.adaptation.supervised_people import SupervisedPeople
from facsight.nn.relevant_people import relevant_people
from facsight.nn.split_network import PooledHead, SplitNetwork
from facsight.training.adapting import BUDGET, adapt, train_sources
from facsight.training.run_folder import RunFolder
from planted_sources import halves, small_network, unlabelled
from planted_styles import right

#: Of each kind of source people.
EACH = 8
TARGET = unlabelled([[4.0, 0.0], [0.0, 1.0]])


def plain():
    """Features are the inputs."""
    return SplitNetwork(nn.Identity(), PooledHead(2, classes=2))


def three():
    """People whose means are (.5, 1), (1, 1) and (3, 0); the target's is (2, .5)."""
    rows = torch.tensor([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0], [3.0, 0.0]])
    return People(rows, torch.tensor([0, 1, 1, 0]), torch.tensor([0, 0, 1, 2]), torch.arange(4), tuple("abc"))


@pytest.mark.parametrize(("count", "kept"), [(1, [2]), (2, [1, 2]), (3, [0, 1, 2])])
def test_those_who_point_where_the_target_does(count, kept):
    # cosines with (2, .5): person 0 .65, person 1 .86, person 2 .97
    found = relevant_people(plain(), three(), TARGET, count=count)
    assert found.person.unique().tolist() == kept
    assert found.names == three().names


def test_labels_are_not_looked_at():
    people = three()
    other = replace(people, label=1 - people.label)
    one, two = (relevant_people(plain(), each, TARGET, count=1) for each in (people, other))
    assert torch.equal(one.inputs, two.inputs)


@pytest.mark.parametrize("count", [0, 4])
def test_more_people_than_there_are(count):
    with pytest.raises(BadPeople, match=f"expected 1 to 3 relevant source people, found {count}"):
        relevant_people(plain(), three(), TARGET, count=count)


def two_kinds(seed):
    """Half of the people look otherwise, all of them in the same way, and mean another thing by each sign."""
    people = simulate_people(2 * EACH, generator=torch.Generator().manual_seed(seed))
    way = 2 * torch.randn(CHANNELS, generator=torch.Generator().manual_seed(50))
    other = people.person >= EACH
    label = torch.where(other, (people.label + 1) % len(EXPRESSIONS), people.label)
    return replace(people, inputs=people.inputs + way * other[:, None], label=label)


def scores(kind, stage, shown, scored, groups, folder):
    """What is right in clips not adapted to, after learning from each group of source people."""
    return [
        right(
            adapt(
                kind(copy.deepcopy(stage.network)),
                shown.without_labels(),
                people,
                BUDGET,
                RunFolder(folder / f"{kind.__name__}-{number}", ""),
                seed=0,
            ),
            scored,
        )
        for number, people in enumerate(groups)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("kind", [DiscrepancyAlignment, SubjectBased])
def test_leaving_out_people_of_another_kind_helps(kind, tmp_path):
    of_kind, gains = [], []
    for seed in range(3):
        sources, run = two_kinds(seed), RunFolder(tmp_path / str(seed), "")
        plan = replace(BUDGET, epochs=10, batch_size=64, rate=3e-3)
        stage = train_sources(SupervisedPeople(small_network()), sources, plan, run, seed=seed).eval()
        for number in (30, 31):
            generator = torch.Generator().manual_seed(seed)
            shown, scored = halves(simulate_people(1, generator=generator, first=number, clips=16))
            near = relevant_people(stage.network, sources, shown.without_labels(), count=EACH)
            of_kind.append(mean(int(one) < EACH for one in near.person.unique()))
            folder = tmp_path / f"{seed}-{number}"
            everybody, chosen = scores(kind, stage, shown, scored, (sources, near), folder)
            gains.append(chosen - everybody)
    assert mean(of_kind) > 0.8  # half by chance
    assert mean(gains) > 0.01
