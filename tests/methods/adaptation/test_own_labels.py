"""Ways to adapt by labels that are made of the target's own answers, and by few that are given."""

import copy
import math
from statistics import mean

import pytest
import torch
from torch import nn

from facsight.core.errors import BadTraining
from facsight.core.people import Adapting, People, Unlabelled
from facsight.methods.adaptation.cluster_pseudo_labels import ClusterPseudoLabels
from facsight.methods.adaptation.few_labels import FewLabels
from facsight.methods.adaptation.information_maximisation import InformationMaximisation
from facsight.methods.adaptation.supervised_people import SupervisedPeople
from facsight.nn.split_network import PooledHead, SplitNetwork
from planted_channels import CLASSES, accuracy, network, trained, unseen, world


def told(weight, bias=(0.0, 0.0)):
    """Two channels, two classes, and these weights."""
    head = PooledHead(2, classes=2)
    head.linear.weight.data, head.linear.bias.data = torch.tensor(weight), torch.tensor(bias)
    return SplitNetwork(nn.Identity(), head)


def plain():
    return told([[1.0, 0.0], [0.0, 1.0]])


def target(values):
    rows = torch.tensor(values)
    return Unlabelled(rows, torch.arange(len(rows)))


# --- information maximisation


def test_sure_and_diverse_by_hand():
    method = InformationMaximisation(plain(), classes=2, diversity=2.0, pseudo=0.0)
    log3 = math.log(3.0)
    rows = target([[log3, 0.0], [0.0, 0.0]])  # answers 3/4, 1/4 and 1/2, 1/2
    method.refresh(rows, 0.0)
    terms = method.objective(Adapting(rows), 0.0)
    entropy = [-(p * math.log(p) + (1 - p) * math.log(1 - p)) for p in (0.75, 0.5, 0.625)]
    torch.testing.assert_close(terms["sure"], torch.tensor((entropy[0] + entropy[1]) / 2))
    torch.testing.assert_close(terms["diverse"], torch.tensor(-2 * entropy[2]))
    assert terms["pseudo"] == 0


def test_own_centroids_overrule_an_answer():
    # the head says class 1 of the third, whose direction is nearly that of the first two
    method = InformationMaximisation(told([[0.0, 0.0], [1.0, 4.0]], (2.0, 0.0)), classes=2, pseudo=3.0)
    rows = target([[1.0, 0.0], [1.0, 0.1], [3.0, 0.2], [0.0, 4.0]])
    assert method.predict(rows.inputs).argmax(dim=1).tolist() == [0, 0, 1, 1]
    method.refresh(rows, 0.0)
    assert method.pseudo_labels(nn.functional.normalize(rows.inputs)).tolist() == [0, 0, 0, 1]
    wanted = nn.functional.cross_entropy(method.predict(rows.inputs), torch.tensor([0, 0, 0, 1]))
    torch.testing.assert_close(method.objective(Adapting(rows), 0.0)["pseudo"], 3 * wanted)


def test_a_class_that_no_answer_names_is_no_pseudo_label():
    method = InformationMaximisation(plain(), classes=2)
    rows = target([[3.0, 0.0], [3.0, 1.0]])
    method.refresh(rows, 0.0)
    assert method.pseudo_labels(torch.tensor([[0.0, 1.0]])).tolist() == [0]


# --- clusters


def test_a_cluster_speaks_for_its_members():
    # two clusters; in the first, the mean answer is class 0 though one of three says 1
    rows = target([[1.0, 0.0], [1.0, 0.2], [1.0, 1.1], [-20.0, 20.0], [-20.0, 21.0]])
    method = ClusterPseudoLabels(plain(), clusters=2, agreement=0.6)
    method.refresh(rows, 0.0)
    answers = method.predict(rows.inputs)
    assert answers.argmax(dim=1).tolist() == [0, 0, 1, 1, 1]
    wanted = nn.functional.cross_entropy(answers, torch.tensor([0, 0, 0, 1, 1]))
    torch.testing.assert_close(method.objective(Adapting(rows), 0.0)["cluster"], wanted)
    strict = ClusterPseudoLabels(plain(), clusters=2, agreement=0.7)
    strict.refresh(rows, 0.0)
    wanted = nn.functional.cross_entropy(answers[3:], torch.tensor([1, 1]))
    torch.testing.assert_close(strict.objective(Adapting(rows), 0.0)["cluster"], wanted)


def test_fewer_inputs_than_clusters():
    method = ClusterPseudoLabels(plain(), clusters=5)
    rows = target([[1.0, 0.0], [0.0, 1.0]])
    method.refresh(rows, 0.0)
    assert method.objective(Adapting(rows), 0.0)["cluster"] > 0


def test_nothing_agreed_costs_nothing():
    method = ClusterPseudoLabels(plain(), clusters=1, agreement=0.9)
    rows = target([[1.0, 0.0], [0.0, 1.0]])
    method.refresh(rows, 0.0)
    terms = method.objective(Adapting(rows), 0.0)
    assert terms["cluster"] == 0
    terms.total.backward()


# --- a few labels


def labelled(values, label, clip):
    numbers = torch.zeros(len(label), dtype=torch.long)
    return People(torch.tensor(values), torch.tensor(label), numbers, torch.tensor(clip), ("anna",))


def test_every_clip_counts_as_much():
    method = FewLabels(plain(), staying=0.0)
    rows = labelled([[2.0, 0.0], [2.0, 0.0], [0.0, 0.0]], [0, 0, 1], [7, 7, 9])
    one, other = math.log(1 + math.exp(-2)), math.log(2)
    torch.testing.assert_close(method.objective(rows, 0.0)["labels"], torch.tensor((one + other) / 2))


def test_staying_by_hand():
    method = FewLabels(plain(), staying=0.5)
    with torch.no_grad():
        method.network.head.linear.weight += 1.0
        method.network.head.linear.bias -= 2.0
    rows = labelled([[0.0, 0.0]], [0], [0])
    assert method.objective(rows, 0.0)["staying"] == 0.5 * (4 * 1 + 2 * 4)


def test_a_head_without_a_linear_layer_is_refused():
    with pytest.raises(BadTraining, match="ends with a linear layer"):
        FewLabels(SplitNetwork(nn.Identity(), nn.Identity(), channels=2))


# --- all of them


OWN = {
    "information_maximisation": lambda net, **o: InformationMaximisation(net, classes=CLASSES, **o),
    "cluster_pseudo_labels": ClusterPseudoLabels,
}


@pytest.mark.parametrize("name", sorted(OWN))
@pytest.mark.parametrize(
    ("trained_part", "moved"),
    [("style", {"style.gain", "style.offset"}), ("encoder", {"network.encoder.weight"})],
)
def test_terms_move_what_is_said_to_be_trained(name, trained_part, moved):
    torch.manual_seed(0)
    net = SplitNetwork(nn.Linear(16, 6, bias=False), PooledHead(6, classes=CLASSES))
    method = OWN[name](net, trained=trained_part)
    rows = target(torch.randn(40, 16).tolist())
    method.refresh(rows, 0.0)
    for term in method.objective(Adapting(rows), 0.0):
        method.zero_grad()
        method.objective(Adapting(rows), 0.0)[term].backward()
        assert {k for k, p in method.named_parameters() if p.grad is not None and p.grad.any()} == moved


def test_few_labels_move_the_last_layer_alone():
    method = FewLabels(network())
    method.objective(world(0).targets[0], 0.0).total.backward()
    moved = {key for key, p in method.named_parameters() if p.grad is not None and p.grad.any()}
    assert moved == {"network.head.2.weight", "network.head.2.bias"}


def gains(seed, build, rows_of, batch_of, **style):
    """Accuracy on rows that were not shown, before and after, one value a target."""
    planted = world(seed, **style)
    source = trained(SupervisedPeople(network()), planted.sources)
    before, after = [], []
    for one in planted.targets:
        method, shown = build(copy.deepcopy(source.network)), rows_of(one)
        optimizer = torch.optim.AdamW(
            [p for p in method.parameters() if p.requires_grad], 1e-2, weight_decay=0.0
        )
        for step in range(60):
            if step % 10 == 0 and hasattr(method, "refresh"):
                method.refresh(shown, step / 60)
            method.update(batch_of(shown), optimizer, step / 60)
        before.append(accuracy(source, unseen(one)))
        after.append(accuracy(method, unseen(one)))
    return mean(before), mean(after)


@pytest.mark.parametrize("name", sorted(OWN))
def test_unlabelled_inputs_help_on_others_of_the_person(name):
    def shown(one):
        return one.take(torch.arange(0, len(one), 2)).without_labels()

    results = [gains(seed, OWN[name], shown, Adapting, noise=0.5, offset=1.0) for seed in range(2)]
    assert mean(after for _, after in results) > mean(before for before, _ in results)


def test_a_clip_of_each_class_helps():
    def shown(one):
        return one.take(torch.arange(0, len(one), 16))

    results = [gains(seed, FewLabels, shown, lambda rows: rows, offset=0.7) for seed in range(2)]
    assert mean(after for _, after in results) > mean(before for before, _ in results)
