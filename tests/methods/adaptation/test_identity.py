"""Source stages that are to leave out who somebody is."""

import copy
from dataclasses import replace

import pytest
import torch
from torch import nn

from facsight.core.errors import BadPeople
from facsight.losses.identity_matching import without_identity
from facsight.methods.adaptation.identity_adversarial import IdentityAdversarial, IdentitySources
from facsight.methods.adaptation.identity_matching import IdentityMatching, MatchingSources
from facsight.methods.adaptation.supervised_people import SupervisedPeople
from facsight.metrics.identity_leak import identity_leak
from facsight.training.adapting import BUDGET, train_sources
from facsight.training.run_folder import RunFolder
from planted_sources import moved_by, part, small_network, source_people


@pytest.fixture(scope="module")
def four():
    return source_people(4)


def test_an_adversary_that_knows_nothing_by_hand(four):
    method = IdentitySources(small_network(), persons=4)
    for parameter in method.adversary.parameters():
        nn.init.zeros_(parameter)
    torch.testing.assert_close(method.objective(four, 0.5)["identity"], torch.tensor(4.0).log())


def test_who_is_moved_by_what(four):
    method = IdentitySources(small_network(), persons=4)
    terms = method.objective(four, 0.5)
    assert moved_by(terms["expression"], method) == part(method, "network")
    assert moved_by(terms["identity"], method) == part(method, "network.encoder", "adversary")


def test_the_encoder_climbs_where_the_adversary_descends(four):
    method = IdentitySources(small_network(), persons=4, strength=0.5)
    (turned,) = torch.autograd.grad(
        method.objective(four, 1.0)["identity"], [method.network.encoder[0].weight]
    )
    said = method.adversary(method.network.encode(four.inputs))
    (straight,) = torch.autograd.grad(
        nn.functional.cross_entropy(said, four.person), [method.network.encoder[0].weight]
    )
    # the ramp ends at 2 / (1 + e^-10) - 1
    torch.testing.assert_close(turned, -0.5 * straight, rtol=1e-3, atol=1e-7)


def test_rounds_teach_the_adversary_alone(four):
    method = IdentitySources(small_network(), persons=4, rounds=4)
    twin = copy.deepcopy(method)
    optimizers = [torch.optim.SGD(m.parameters(), 0.1) for m in (method, twin)]
    method.update(four, optimizers[0], 0.0)
    features = twin.network.encode(four.inputs).detach()
    for _ in range(3):
        cost = nn.functional.cross_entropy(twin.adversary(features), four.person)
        optimizers[1].zero_grad()
        cost.backward()
        optimizers[1].step()
    optimizers[1].zero_grad()
    twin.objective(four, 0.0).total.backward()
    optimizers[1].step()
    torch.testing.assert_close(method.state_dict(), twin.state_dict())


def test_more_people_than_the_adversary_knows(four):
    with pytest.raises(BadPeople, match="persons from 0 to 2, found 3"):
        IdentitySources(small_network(), persons=3).objective(four, 0.0)


def test_one_source_person_is_nobody_to_confuse_with():
    with pytest.raises(BadPeople, match="two or more source people"):
        IdentitySources(small_network(), persons=1)


def test_matched_features_go_through_the_head(four):
    method = MatchingSources(small_network(), weight=0.5)
    terms = method.objective(four, 0.0)
    features = without_identity(method.network.encode(four.inputs), four.person)
    wanted = 0.5 * nn.functional.cross_entropy(method.network.decide(features), four.label)
    torch.testing.assert_close(terms["matched"], wanted)
    for term in ("expression", "matched"):
        assert moved_by(terms[term], method) == part(method, "network")


def test_maps_lose_the_same_at_all_places(four):
    rows, maps = small_network(), small_network()
    maps.encoder = nn.Sequential(maps.encoder, nn.Unflatten(1, (32, 1, 1)), nn.Upsample(scale_factor=2))
    found = [MatchingSources(network).objective(four, 0.0) for network in (rows, maps)]
    torch.testing.assert_close(dict(found[0]), dict(found[1]))


@pytest.mark.parametrize("build", [IdentityAdversarial, IdentityMatching])
def test_nothing_belongs_to_the_person(build):
    network = small_network()
    method = build(network)
    assert method.personal() == {}
    assert torch.equal(method.predict(torch.ones(2, 16)), network(torch.ones(2, 16)))


@pytest.mark.slow
def test_who_somebody_is_goes_and_what_is_shown_stays(tmp_path):
    people = source_people(30)
    plan = replace(BUDGET, epochs=40, batch_size=64, rate=2e-3)
    leaks, right = [], []
    for name, stage in (
        ("plain", SupervisedPeople(small_network())),
        ("adversary", IdentitySources(small_network(), persons=30)),
        ("no adversary", IdentitySources(small_network(), persons=30, strength=0.0)),
    ):
        method = train_sources(stage, people, plan, RunFolder(tmp_path / name, ""), seed=0).eval()
        leaks.append(identity_leak(method.network.encode_all(people.inputs), people.person, people.clip))
        right.append(float((method.predict(people.inputs).argmax(dim=1) == people.label).float().mean()))
    plain, adversary, without = leaks
    assert adversary.excess < 0.25 * plain.excess  # near chance
    assert without.excess > 0.75 * plain.excess
    assert right[1] > right[0] - 0.2
