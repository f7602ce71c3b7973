import copy
import math

import pytest
import torch
from torch import nn

from facsight.core.adaptation import Adaptation
from facsight.core.errors import BadPeople, BadTraining
from facsight.core.people import Adapting, Unlabelled
from facsight.methods.adaptation.batch_statistics import BatchStatistics
from facsight.methods.adaptation.entropy import EntropyMinimisation
from facsight.methods.adaptation.fine_tuning import FineTuning
from facsight.methods.adaptation.nearest_neutral import NearestNeutral
from facsight.methods.adaptation.neutral_subtraction import NeutralSubtraction
from facsight.methods.adaptation.normalisation import PersonNormalisation
from facsight.methods.adaptation.supervised_people import SupervisedPeople
from facsight.nn.source_moments import SourceMoments, source_moments
from facsight.nn.split_network import PooledHead, SplitNetwork
from facsight.training.adapting import BUDGET, adapt, train_sources
from facsight.training.plan import Plan
from facsight.training.run_folder import RunFolder
from planted_styles import CLASSES, NEUTRAL, plain_network, right, styled_people

SOURCE_PLAN = Plan(
    epochs=20, batch_size=32, optimizer="adamw", rate=0.02, weight_decay=0.0, average=0.9, precision="no"
)


def unlabelled(values):
    inputs = torch.tensor(values)
    return Unlabelled(inputs, torch.arange(len(inputs)))


def two_channels():
    return SplitNetwork(nn.Identity(), PooledHead(2, classes=2))


def moments(mean, deviation, classes=None):
    """Of one source person, whose class means are all 0 unless given."""
    by_class = torch.zeros(1, 2, 2) if classes is None else torch.tensor(classes)
    return SourceMoments(torch.tensor(mean), torch.tensor(deviation), by_class)


# --- by hand


def test_normalisation_by_hand():
    """The target's channels have means 2, 10 and spreads 1, 2; they are to have 0, 1 and 3, 1."""
    method = PersonNormalisation(two_channels(), moments=moments([0.0, 1.0], [3.0, 1.0]))
    method.begin(unlabelled([[1.0, 8.0], [3.0, 12.0]]), None)
    assert method.style(torch.tensor([[1.0, 8.0], [3.0, 12.0]])).tolist() == [[-3.0, 0.0], [3.0, 2.0]]


def test_a_channel_that_hardly_moves_is_not_blown_up():
    method = PersonNormalisation(two_channels(), moments=moments([0.0, 0.0], [1.0, 0.0]), largest=4.0)
    method.begin(unlabelled([[7.0, 1.0], [7.0, 2.0]]), None)
    assert method.style.gain.tolist() == [4.0, 1.0]
    assert method.style(torch.tensor([[7.0, 1.5]])).tolist() == [[0.0, 0.0]]


def test_neutral_subtraction_by_hand():
    classes = [[[1.0, 1.0], [9.0, 9.0]], [[3.0, 1.0], [9.0, 9.0]]]
    method = NeutralSubtraction(two_channels(), moments=moments([0.0] * 2, [1.0] * 2, classes), neutral=0)
    method.begin(unlabelled([[10.0, 0.0], [14.0, 0.0]]), None)
    assert method.style(torch.tensor([[12.0, 5.0]])).tolist() == [[2.0, 6.0]]


def test_nearest_neutral_by_hand():
    """The first source person is alike at rest, and smiles by (0, 4); the second smiles by (-4, 0)."""
    classes = [[[0.0, 0.0], [0.0, 4.0]], [[8.0, 0.0], [4.0, 0.0]]]
    given = moments([0.0] * 2, [1.0, 2.0], classes)
    method = NearestNeutral(two_channels(), moments=given, neutral=0, nearest=1)
    method.begin(unlabelled([[1.0, 1.0], [1.0, 1.0]]), None)
    assert method.prototypes.tolist() == [[1.0, 1.0], [1.0, 5.0]]
    assert method.predict(torch.tensor([[1.0, 5.0], [2.0, 1.0]])).tolist() == [[-2.0, 0.0], [-0.5, -2.5]]


def test_batch_statistics_by_hand():
    """Two inputs with mean 2 and variance 2 (n - 1); with a prior of 2 half of the old (0, 1) stays."""
    network = SplitNetwork(nn.BatchNorm1d(1), PooledHead(1, classes=2))
    method = BatchStatistics(network, prior=2.0).eval()
    method.begin(unlabelled([[1.0], [3.0]]), None)
    norm = method.norms[0]
    assert (norm.running_mean.item(), norm.running_var.item()) == (1.0, 1.5)
    assert not norm.training
    assert norm.momentum == 0.1


def test_entropy_by_hand():
    head = PooledHead(2, classes=2)
    nn.init.zeros_(head.linear.weight)
    head.linear.bias.data = torch.tensor([math.log(3.0), 0.0])
    terms = EntropyMinimisation(SplitNetwork(nn.Identity(), head)).objective(
        Adapting(unlabelled([[1.0, 2.0]])), 0.0
    )
    expected = -0.75 * math.log(0.75) - 0.25 * math.log(0.25)
    torch.testing.assert_close(terms["entropy"], torch.tensor(expected))


# --- special cases and independent ways


def test_batch_statistics_of_parts_are_nearly_those_at_once():
    """600 rows in three parts of 200: the mean of parts is exact, each variance lacks that between parts."""
    rows = torch.randn(600, 4, generator=torch.Generator().manual_seed(0)) * 2 + 1
    network = SplitNetwork(nn.BatchNorm1d(4), PooledHead(4, classes=2))
    BatchStatistics(network).begin(Unlabelled(rows, torch.arange(600)), None)
    norm = network.encoder
    torch.testing.assert_close(norm.running_mean, rows.mean(dim=0))
    parts = torch.stack([part.var(dim=0) for part in rows.split(200)])
    torch.testing.assert_close(norm.running_var, parts.mean(dim=0))


def test_people_of_no_style_lose_nothing_by_having_their_moments_set():
    """With the moments of the very rows, the gain is 1 and the offset 0."""
    person, network = styled_people(1, seed=3), plain_network()
    own = source_moments(network, person, classes=CLASSES)
    method = PersonNormalisation(network, moments=own)
    method.begin(person.without_labels(), None)
    torch.testing.assert_close(method.style(person.inputs), person.inputs)


def test_the_style_of_a_person_is_undone_whatever_it_was():
    """Normalised features do not depend on an affine map of the inputs: that is the point of it."""
    person, network = styled_people(1, seed=3), plain_network()
    method = PersonNormalisation(network, moments=source_moments(network, person, classes=CLASSES))
    gain, offset = torch.linspace(0.5, 2, 6), torch.linspace(-3, 3, 6)
    strange = person.without_labels()
    strange = Unlabelled(strange.inputs * gain + offset, strange.clip)
    method.begin(strange, None)
    torch.testing.assert_close(method.predict(strange.inputs), network(person.inputs), rtol=1e-3, atol=1e-4)


# --- what learns, and what must not


def grown(method, people):
    before = {name: tensor.clone() for name, tensor in method.state_dict().items()}
    optimizer = torch.optim.SGD([p for p in method.parameters() if p.requires_grad], 0.1)
    for _ in range(2):
        method.train().update(people, optimizer, 0.0)
    after = method.state_dict()
    return {name for name, tensor in before.items() if not torch.equal(tensor, after[name])}


def test_entropy_moves_the_style_alone():
    network = SplitNetwork(nn.Sequential(nn.BatchNorm1d(6), nn.Dropout(0.5)), PooledHead(6, classes=3))
    batch = Adapting(styled_people(1, seed=0).without_labels())
    assert grown(EntropyMinimisation(network), batch) == {"style.gain", "style.offset"}


@pytest.mark.parametrize("trained", ["all", "head"])
def test_fine_tuning_moves_what_it_is_told_to(trained):
    network = SplitNetwork(nn.Linear(6, 4), PooledHead(4, classes=3))
    moved = grown(FineTuning(network, trained=trained), styled_people(1, seed=0))
    head = {"network.head.linear.weight", "network.head.linear.bias"}
    assert moved == head | ({"network.encoder.weight", "network.encoder.bias"} if trained == "all" else set())


# --- planted styles


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """A network trained on 12 people who differ, and its moments."""
    people = styled_people(12, seed=1, gain=0.2, offset=0.4)
    run = RunFolder(tmp_path_factory.mktemp("sources"), "")
    network = train_sources(SupervisedPeople(plain_network()), people, SOURCE_PLAN, run, seed=0).network
    return network, source_moments(network, people, classes=CLASSES)


@pytest.fixture
def trained(sources):
    return copy.deepcopy(sources)


def shifted(gain):
    return styled_people(1, seed=8, rows=120, gain=gain, offset=2.0)


@pytest.mark.parametrize(
    ("kind", "gain"), [(PersonNormalisation, 0.4), (NeutralSubtraction, 0.0), (NearestNeutral, 0.0)]
)
def test_closed_forms_undo_a_planted_style(trained, tmp_path, kind, gain):
    network, known = trained
    target = shifted(gain)
    options = {} if kind is PersonNormalisation else {"neutral": NEUTRAL}
    shown = target if kind is PersonNormalisation else target.take(target.label == NEUTRAL)
    method = kind(network, moments=known, **options)
    before = right(SupervisedPeople(network), target)
    adapt(method, shown.without_labels(), None, BUDGET, RunFolder(tmp_path, ""), seed=0)
    assert before < 0.75
    assert right(method, target) > 0.9


def test_the_oracle_learns_the_person(trained, tmp_path):
    network, _ = trained
    target = shifted(0.4)
    before = right(SupervisedPeople(network), target)
    oracle = train_sources(FineTuning(network), target, SOURCE_PLAN, RunFolder(tmp_path, ""), seed=0)
    assert before < 0.75
    assert right(oracle, target) > 0.95


def test_entropy_sinks_and_does_not_harm_people_without_a_style(trained, tmp_path):
    network, _ = trained
    target = styled_people(1, seed=8, rows=120)
    method = EntropyMinimisation(network)
    batch = Adapting(target.without_labels())
    before, said = method.objective(batch, 0.0).total.item(), right(method, target)
    adapted = adapt(method, target.without_labels(), None, BUDGET, RunFolder(tmp_path, ""), seed=0)
    assert adapted.objective(batch, 1.0).total.item() < before
    assert right(adapted, target) >= said - 0.02


# --- the person file and bad input


@pytest.mark.parametrize(
    "make",
    [
        lambda n, m: PersonNormalisation(n, moments=m),
        lambda n, m: NeutralSubtraction(n, moments=m, neutral=0),
        lambda n, m: NearestNeutral(n, moments=m, neutral=0),
        lambda n, m: EntropyMinimisation(n),
        lambda n, m: BatchStatistics(n),
    ],
    ids=["normalisation", "subtraction", "nearest", "entropy", "batch"],
)
def test_what_belongs_to_a_person_is_small_and_enough(make, tmp_path):
    people = styled_people(3, seed=1)

    def fresh() -> Adaptation:
        torch.manual_seed(0)
        network = SplitNetwork(nn.BatchNorm1d(6), PooledHead(6, classes=3)).eval()
        return make(network, source_moments(network, people, classes=CLASSES)).eval()

    person = shifted(0.4)
    adapted = adapt(fresh(), person.without_labels(), None, BUDGET, RunFolder(tmp_path, ""), seed=0)
    kept, again = adapted.personal(), fresh()
    assert sum(tensor.numel() for tensor in kept.values()) <= 4 * 6
    assert not any(name.startswith("network.head") for name in kept)
    again.restore(kept)
    assert torch.equal(again.predict(person.inputs), adapted.predict(person.inputs))


def test_without_batch_normalisation_there_are_no_statistics():
    with pytest.raises(BadTraining, match="expected a network with batch normalisation, found none"):
        BatchStatistics(two_channels())


def test_source_people_of_one_class_only_have_no_steps():
    classes = [[[0.0, 0.0], [math.nan, math.nan]]]
    with pytest.raises(BadPeople, match="expected source people who have every class, found none"):
        NearestNeutral(two_channels(), moments=moments([0.0] * 2, [1.0] * 2, classes), neutral=0)
