import copy
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from facsight.core.errors import BadPeople
from facsight.core.people import Adapting, Unlabelled
from facsight.data.simulated.people import simulate_people
from facsight.functional.discrepancy import closeness, maximum_mean_discrepancy
from facsight.methods.adaptation.progressive_subject_based import ProgressiveSubjectBased, memorable
from facsight.training.adapting import BUDGET, adapt
from facsight.training.run_folder import RunFolder
from planted_sources import halves, moved_by, part, small_network, source_people

SOURCES, TARGET = source_people(6), simulate_people(1, generator=torch.Generator().manual_seed(0), first=30)


def begun(**options):
    method = ProgressiveSubjectBased(small_network(), **options).eval()
    method.begin(TARGET.without_labels(), SOURCES)
    return method


def step(method, progress, rows=24):
    torch.manual_seed(3)
    return method.objective(Adapting(TARGET.take(torch.arange(rows)).without_labels()), progress)


def test_people_come_from_the_closest_on():
    method = begun(close=0.3)
    seen, own = method.network(SOURCES.inputs).detach(), None
    seen, own = (method.network.encode(x.inputs).detach() for x in (SOURCES, TARGET))
    people, close = closeness(seen, SOURCES.person, own)
    wanted = sorted(
        (p for p, c in zip(people.tolist(), close, strict=True) if c >= 0.3), key=lambda p: -close[p]
    )
    assert [int(one.person[0]) for one in method.kept] == wanted
    assert 1 < len(wanted) < 6


def test_what_is_remembered_by_hand():
    # a crowd of five around 0 and one far out; the nearest to its centre are 0, -1 and 1, of which 1 and 0
    # lie nearest to the target
    features = torch.tensor([[2.0], [-2.0], [0.0], [1.0], [-1.0], [-30.0]])
    # the centre is -5: nearest to it -2, -1, 0, 1
    assert memorable(features, torch.tensor([9.0]), count=2).tolist() == [3, 2]


def test_fewer_rows_than_a_crowd_are_all_remembered():
    assert memorable(torch.tensor([[0.0], [5.0]]), torch.zeros(1), count=4).tolist() == [0, 1]


@pytest.mark.parametrize("progress", [0.0, 0.5, 0.999])
def test_the_newest_and_those_before_by_hand(progress):
    method = begun(close=0.0, threshold=1.0, weight=0.5)
    terms, turn = step(method, progress), int(progress * 6)
    torch.manual_seed(3)
    torch.randint(1, (24,))
    newest = method.kept[turn].take(torch.randint(len(method.kept[turn]), (24,)))
    wanted = F.cross_entropy(method.network(newest.inputs), newest.label)
    torch.testing.assert_close(terms["expression"], wanted)
    new, unknown = (method.network.encode(x) for x in (newest.inputs, TARGET.inputs[:24]))
    torch.testing.assert_close(terms["discrepancy"], 0.5 * maximum_mean_discrepancy(new, unknown))
    assert terms["labels"] == 0  # nothing is surer than 1


def test_the_memory_is_of_those_before_alone():
    method = begun(close=0.0, remembered=3)
    # whatever else anybody shows, the label of those remembered before the third is 0, and the head says 0
    method.memory = tuple(replace(one, label=one.label * 0 + (k >= 2)) for k, one in enumerate(method.memory))
    nn.init.zeros_(method.network.head.linear.weight)
    method.network.head.linear.bias.data = torch.tensor([50.0, 0.0, 0.0, 0.0])
    assert step(method, 2.5 / 6)["memory"] == 0
    assert step(method, 3.5 / 6)["memory"] > 1


def test_each_term_moves_what_it_should():
    method = begun(close=0.0, threshold=0.0)
    terms = step(method, 0.5)
    for term in ("expression", "memory", "labels"):
        assert moved_by(terms[term], method) == part(method, "network")
    for term in ("discrepancy", "replayed"):
        assert moved_by(terms[term], method) == part(method, "network.encoder")


def test_what_is_personal_holds_no_other_people(tmp_path):
    adapted, _ = halves(TARGET)
    network, plan = small_network(), replace(BUDGET, epochs=1)
    method = ProgressiveSubjectBased(copy.deepcopy(network))
    method = adapt(method, adapted.without_labels(), SOURCES, plan, RunFolder(tmp_path, ""), seed=0)
    assert set(method.personal()) == part(method, "network")
    other = ProgressiveSubjectBased(copy.deepcopy(network))
    other.restore(method.personal())
    torch.testing.assert_close(other.predict(TARGET.inputs), method.predict(TARGET.inputs))


def test_without_source_people_it_says_so(tmp_path):
    target = Unlabelled(torch.rand(4, 16), torch.arange(4))
    with pytest.raises(BadPeople, match="looks at source people"):
        adapt(ProgressiveSubjectBased(small_network()), target, None, BUDGET, RunFolder(tmp_path, ""), seed=0)
