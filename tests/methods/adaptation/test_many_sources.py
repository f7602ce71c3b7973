"""Alignment of a target with many source people: each term by hand, what it moves, what it learns."""

import copy
import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from facsight.core.errors import BadPeople
from facsight.core.people import Adapting, People, Unlabelled
from facsight.data.simulated.people import simulate_people
from facsight.functional.discrepancy import (
    correlation_distance,
    discrepancy_of_groups,
    maximum_mean_discrepancy,
)
from facsight.methods.adaptation.adversarial import DomainAdversarial
from facsight.methods.adaptation.coral import CorrelationAlignment
from facsight.methods.adaptation.mmd import DiscrepancyAlignment
from facsight.methods.adaptation.subject_based import SubjectBased, SubjectSources
from facsight.nn.split_network import PooledHead, SplitNetwork
from facsight.training.adapting import BUDGET, adapt, train_sources
from facsight.training.run_folder import RunFolder
from planted_sources import halves, moved_by, part, small_batch, small_network, source_people, unlabelled
from planted_styles import right

ALL = [DiscrepancyAlignment, CorrelationAlignment, DomainAdversarial, SubjectBased]
QUICK = replace(BUDGET, epochs=8, batch_size=64, rate=2e-3)


def plain(weight):
    """Features are the inputs; logits are a fixed linear function of them."""
    network = SplitNetwork(nn.Identity(), PooledHead(2, classes=2))
    network.head.linear.weight.data = torch.tensor(weight)  # pyright: ignore
    nn.init.zeros_(network.head.linear.bias)  # pyright: ignore
    return network


def people(rows, label, person):
    count = torch.arange(len(rows))
    names = tuple(f"person {one}" for one in range(max(person) + 1))
    return People(torch.tensor(rows), torch.tensor(label), torch.tensor(person), count, names)


@pytest.fixture
def batch():
    sources = people([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]], [0, 1, 1], [0, 0, 1])
    return Adapting(unlabelled([[4.0, 0.0], [0.0, 1.0]]), sources)


ONES = [[1.0, 0.0], [0.0, 1.0]]


def cross_entropy(rows, labels):
    return sum(
        -math.log(math.exp(r[k]) / sum(map(math.exp, r))) for r, k in zip(rows, labels, strict=True)
    ) / len(rows)


def test_labels_and_discrepancy_by_hand(batch):
    terms = DiscrepancyAlignment(plain(ONES), weight=0.5).objective(batch, 0.0)
    rows = batch.sources.inputs
    torch.testing.assert_close(terms["expression"], torch.tensor(cross_entropy(rows.tolist(), [0, 1, 1])))
    wanted = 0.5 * maximum_mean_discrepancy(rows, batch.target.inputs)
    torch.testing.assert_close(terms["discrepancy"], wanted)


def test_correlation_by_hand(batch):
    terms = CorrelationAlignment(plain(ONES), weight=3.0).objective(batch, 0.0)
    wanted = 3 * correlation_distance(batch.sources.inputs, batch.target.inputs)
    torch.testing.assert_close(terms["correlation"], wanted)


def test_the_adversary_is_asked_who_is_the_target(batch):
    method = DomainAdversarial(plain(ONES), hidden=1)
    for parameter in method.adversary.parameters():
        nn.init.zeros_(parameter)
    method.adversary[2].bias.data = torch.tensor([math.log(3.0)])  # says "target", 3 to 1, of everybody
    wanted = -(3 * math.log(0.25) + 2 * math.log(0.75)) / 5
    torch.testing.assert_close(method.objective(batch, 1.0)["domain"], torch.tensor(wanted))


def test_encoder_and_adversary_pull_in_opposite_directions():
    method, batch = DomainAdversarial(small_network()), small_batch()
    method.objective(batch, 1.0)["domain"].backward()
    turned = method.network.encoder[0].weight.grad.clone()  # pyright: ignore
    features = method.network.encode(torch.cat([batch.sources.inputs, batch.target.inputs]))  # pyright: ignore
    said = method.adversary(features)[:, 0]
    own = torch.arange(48) >= 24
    cost = nn.functional.binary_cross_entropy_with_logits(said, own.float())
    (straight,) = torch.autograd.grad(cost, [method.network.encoder[0].weight])  # pyright: ignore
    torch.testing.assert_close(turned, -straight * (2 / (1 + math.exp(-10)) - 1))


def test_nothing_is_turned_before_the_ramp():
    method = DomainAdversarial(small_network())
    assert moved_by(method.objective(small_batch(), 0.0)["domain"], method) == part(method, "adversary")


def test_own_labels_by_hand(batch):
    # probabilities of the target's rows: e^4 / (e^4 + 1) = .982 and e / (e + 1) = .731; rows hardly shaken
    method = SubjectBased(plain(ONES), weight=0.0, threshold=0.9, fall=0.0, labelling=2.0)
    method.begin(batch.target, batch.sources)
    torch.manual_seed(0)
    terms = method.objective(batch, 0.0)
    torch.testing.assert_close(terms["labels"], torch.tensor(-2 * math.log(math.exp(4) / (math.exp(4) + 1))))
    method.threshold, method.fall = 0.9, 0.4
    torch.manual_seed(0)
    both = -sum(math.log(math.exp(x) / (math.exp(x) + 1)) for x in (4, 1))
    torch.testing.assert_close(method.objective(batch, 1.0)["labels"], torch.tensor(both))


def test_own_labels_are_those_of_the_last_epoch():
    method, batch = SubjectBased(small_network(), threshold=0.0), small_batch()
    method.begin(batch.target, batch.sources)
    torch.manual_seed(0)
    before = method.labels(batch.target.inputs, 0.0)[0]
    nn.init.zeros_(method.network.head.linear.weight)  # pyright: ignore
    method.network.head.linear.bias.data = torch.tensor([0.0, 9.0, 0.0, 0.0])  # pyright: ignore
    torch.manual_seed(0)
    assert torch.equal(method.labels(batch.target.inputs, 0.0)[0], before)
    method.refresh(batch.target, 0.5)
    assert method.labels(batch.target.inputs, 0.0)[0].tolist() == [1] * len(batch.target)


def test_people_are_compared_with_each_other_at_the_source():
    rows = people([[1.0, 0.0], [3.0, 0.0], [0.0, 1.0], [5.0, 5.0]], [0, 0, 1, 1], [0, 0, 1, 2])
    terms = SubjectSources(plain(ONES), weight=2.0).objective(rows, 0.0)
    wanted = 2 * discrepancy_of_groups(rows.inputs, torch.tensor([0, 0, 1, 2]))
    torch.testing.assert_close(terms["discrepancy"], wanted)


@pytest.mark.parametrize(
    ("build", "term"),
    [
        (DiscrepancyAlignment, "discrepancy"),
        (CorrelationAlignment, "correlation"),
        (SubjectBased, "discrepancy"),
    ],
)
def test_what_compares_features_moves_the_encoder_and_not_the_head(build, term):
    batch, method = small_batch(), build(small_network())
    method.begin(batch.target, batch.sources)
    assert moved_by(method.objective(batch, 0.5)[term], method) == part(method, "network.encoder")


def test_what_names_classes_moves_all_of_the_network():
    batch, method = small_batch(), SubjectBased(small_network(), threshold=0.0)
    method.begin(batch.target, batch.sources)
    terms = method.objective(batch, 0.5)
    for term in ("expression", "labels"):
        assert moved_by(terms[term], method) == part(method, "network")


def test_the_source_stage_moves_what_it_should():
    method = SubjectSources(small_network())
    terms = method.objective(source_people(4), 0.0)
    assert moved_by(terms["discrepancy"], method) == part(method, "network.encoder")
    assert moved_by(terms["expression"], method) == part(method, "network")


@pytest.mark.parametrize("build", ALL)
def test_maps_and_rows_of_one_place_are_the_same(build):
    batch = small_batch()

    class Places(nn.Module):
        def forward(self, features):
            return features[:, :, None, None].expand(-1, -1, 2, 3)

    rows, maps = small_network(), small_network()
    maps.encoder = nn.Sequential(maps.encoder, Places())
    found = []
    for network in (rows, maps):
        torch.manual_seed(1)
        method = build(network)
        method.begin(batch.target, batch.sources)
        torch.manual_seed(2)
        found.append(method.objective(batch, 0.5))
    torch.testing.assert_close(dict(found[0]), dict(found[1]))


@pytest.mark.parametrize("build", ALL)
def test_what_is_personal_puts_the_person_back(build, tmp_path):
    sources, (target, _) = source_people(4), halves(simulate_people(1, generator=torch.Generator(), first=30))
    network = small_network()
    plan = replace(QUICK, epochs=1)
    method = adapt(
        build(copy.deepcopy(network)), target.without_labels(), sources, plan, RunFolder(tmp_path, ""), seed=0
    )
    other = build(copy.deepcopy(network))
    other.restore(method.personal())
    torch.testing.assert_close(other.eval().predict(target.inputs), method.predict(target.inputs))
    assert not torch.equal(network(target.inputs), method.predict(target.inputs))


@pytest.mark.parametrize("build", ALL)
def test_without_source_people_it_says_so(build, tmp_path):
    target = Unlabelled(torch.rand(4, 16), torch.arange(4))
    with pytest.raises(BadPeople, match="looks at source people, and there are none"):
        adapt(build(small_network()), target, None, QUICK, RunFolder(tmp_path, ""), seed=0)


def test_one_source_person_cannot_be_compared(tmp_path):
    with pytest.raises(BadPeople, match="4 source people or more"):
        train_sources(
            SubjectSources(small_network()), source_people(1), QUICK, RunFolder(tmp_path, ""), seed=0
        )


def adapted_score(build, network, sources, targets, folder):
    """The mean over targets of what is right in clips that were not adapted to."""
    found = []
    for number, target in targets.each():
        shown, scored = halves(target)
        run = RunFolder(folder / str(number), "")
        method = adapt(build(copy.deepcopy(network)), shown.without_labels(), sources, BUDGET, run, seed=0)
        found.append(right(method, scored))
    return sum(found) / len(found)


@pytest.mark.slow
def test_each_term_is_worth_something_for_planted_people(tmp_path):
    sources = source_people(20)
    targets = simulate_people(6, generator=torch.Generator().manual_seed(5), first=30, clips=16)
    plan = replace(BUDGET, epochs=20, batch_size=64, rate=2e-3)
    stage = train_sources(
        SubjectSources(small_network()), sources, plan, RunFolder(tmp_path / "s", ""), seed=0
    )
    scored = [halves(target)[1] for _, target in targets.each()]
    unadapted = sum(right(stage, one) for one in scored) / len(scored)
    scores = {
        name: adapted_score(build, stage.network, sources, targets, tmp_path / name)
        for name, build in {
            "whole": SubjectBased,
            "no discrepancy": lambda network: SubjectBased(network, weight=0.0),
            "no labels": lambda network: SubjectBased(network, labelling=0.0),
            "neither": lambda network: SubjectBased(network, weight=0.0, labelling=0.0),
        }.items()
    }
    assert scores["whole"] > unadapted + 0.05
    assert scores["whole"] > scores["no discrepancy"] + 0.02
    assert scores["no labels"] > scores["neither"] + 0.05


def test_one_person_gains_in_seconds(tmp_path):
    sources = source_people(10)
    shown, scored = halves(simulate_people(1, generator=torch.Generator().manual_seed(5), first=30, clips=16))
    plan = replace(BUDGET, epochs=5, batch_size=64, rate=3e-3)
    stage = train_sources(
        SubjectSources(small_network()), sources, plan, RunFolder(tmp_path / "s", ""), seed=0
    )
    before = right(stage, scored)
    method = SubjectBased(copy.deepcopy(stage.network))
    method = adapt(method, shown.without_labels(), sources, BUDGET, RunFolder(tmp_path / "t", ""), seed=0)
    assert right(method, scored) > before + 0.05
