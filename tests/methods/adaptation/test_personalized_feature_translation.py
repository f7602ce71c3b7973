import copy
import math
from statistics import mean

import pytest
import torch
from torch import nn

from facsight.core.errors import BadPeople
from facsight.core.people import Adapting, People, Unlabelled
from facsight.methods.adaptation.personalized_feature_translation import (
    PersonalizedTranslation,
    TranslationSources,
    kept_expression,
    someone_else,
)
from facsight.nn.split_network import PooledHead, SplitNetwork
from planted_channels import CLASSES, accuracy, network, neutral, trained, unseen, world


def stage(**options):
    return TranslationSources(network(), classes=CLASSES, persons=12, neutral=0, **options)


def opened(**options):
    """A stage whose translator is no longer the identity."""
    found = stage(**options)
    torch.nn.init.normal_(found.translator.outer.weight)
    return found


def known(gap=0.0, frame=0.0, clip=1.0, label=0.0, person=1.0):
    """A stage of one channel and two classes that knows of such people; neutral is class 0, at `gap`."""
    head = PooledHead(1, classes=2)
    found = TranslationSources(SplitNetwork(nn.Identity(), head), classes=2, persons=2, neutral=0, hidden=2)
    found.people.counts += 1
    found.people.totals[0] = gap
    found.people.pairs += 1
    found.people.differences[:, 0] = torch.tensor([frame, clip, label, person]).cumsum(0)
    return found


def adaptation(source, **options):
    return PersonalizedTranslation(source.network, source=source, **options)


def clips(values, clip=None):
    rows = torch.tensor(values).reshape(-1, 1)
    return Unlabelled(rows, torch.arange(len(rows)) if clip is None else torch.tensor(clip))


def test_keeping_an_expression_by_hand():
    before, after = torch.tensor([[0.75, 0.25]]).log(), torch.tensor([[0.5, 0.5]]).log()
    wanted = 0.75 * math.log(1.5) + 0.25 * math.log(0.5)
    torch.testing.assert_close(kept_expression(before, after), torch.tensor(wanted))
    assert kept_expression(before, before) == 0


@pytest.mark.parametrize(
    ("values", "clip", "noise"),
    [([1.0, 3.0], None, 1 / 2), ([1.0, 3.0], [0, 0], 1.0), ([1.0, 3.0, 1.0, 3.0], [0, 0, 1, 1], 1 / 2)],
    ids=["two clips", "one clip of two rows", "two clips of two rows"],
)
def test_a_persons_mean_is_trusted_by_its_clips(values, clip, noise):
    # the person is at 2, others at 3; people differ by a variance of 1 and clips of one by 1
    method = adaptation(known(gap=3.0))
    method.begin(clips(values, clip), None)
    torch.testing.assert_close(method.noise, torch.tensor([noise]))
    moved = method.own(torch.tensor([[2.0]]))
    torch.testing.assert_close(moved, torch.tensor([[2 + 1 / (1 + noise)]]))


def test_who_is_further_off_than_people_are_is_moved_further():
    method = adaptation(known(gap=5.0))
    method.begin(clips([1.0, 3.0]), None)
    # 3 squared is the noise of 1/2 and a variance of 8.5 between people
    torch.testing.assert_close(method.people_differ, torch.tensor([8.5]))
    torch.testing.assert_close(method.own(torch.tensor([[2.0]])), torch.tensor([[2 + 3 * 8.5 / 9]]))


def test_source_people_are_moved_as_a_target_will_be():
    source = known(gap=3.0, label=0.5)
    source.neutrals[1], source.seen[1] = 4.0, 2.0  # person 1 is at 2, nothing is known of person 0
    moved = source._moved(torch.tensor([[7.0], [7.0]]), torch.tensor([0, 1]))
    torch.testing.assert_close(moved, torch.tensor([[7.0], [7 + 1 / 1.5]]))


def test_rows_of_a_clip_and_labels_add_to_the_doubt():
    method = adaptation(known(frame=0.4, clip=0.6, label=0.7))
    method.begin(clips([0.0, 0.1, 0.2, 0.3], [0, 0, 1, 1]), None)
    torch.testing.assert_close(method.noise, torch.tensor([0.7 + 0.6 / 2 + 0.4 / 4]))


def test_the_start_is_least_in_style_and_staying():
    method = adaptation(known(gap=5.0), style=3.0, expression=0.0)
    target = clips([1.0, 2.0, 4.0])
    method.begin(target, None)
    terms = method.objective(Adapting(target), 0.0)
    terms.total.backward()
    for part in method.own.parameters():
        assert part.grad is not None
        torch.testing.assert_close(part.grad, torch.zeros(1), rtol=0, atol=1e-5)


def test_terms_of_the_target_by_hand():
    method = adaptation(known(gap=5.0), style=3.0, expression=2.0, spread=0.5)
    target = clips([1.0, 3.0])
    method.begin(target, None)
    method.own.set(torch.tensor([math.exp(0.25)]), torch.tensor([3 - 2 * math.exp(0.25)]))
    terms = method.objective(Adapting(target), 0.0)
    # own variance 1, others' 1: the wanted gain is 0; freedom of two clips is 1
    torch.testing.assert_close(terms["style"], torch.tensor(3 * ((1 - 3) ** 2 / 0.5 + 2 * 0.25**2) / 2))
    torch.testing.assert_close(terms["staying"], torch.tensor(3 * (1 / 8.5 + 0.5**2) / 2))
    moved = 2 + math.exp(0.25) * (target.inputs - 2) + 1
    wanted = kept_expression(method.network(target.inputs), method.network(moved))
    torch.testing.assert_close(terms["expression"], 2 * wanted)


@pytest.mark.parametrize("name", ["labels", "translated", "expression", "style"])
def test_a_source_term_moves_what_it_should(name):
    method, people = opened(), world(0).sources
    torch.manual_seed(0)
    method.objective(people.take(torch.arange(0, len(people), 9)), 0.0)[name].backward()
    for part, moves in ((method.network.head, name == "labels"), (method.translator, name != "labels")):
        for parameter in part.parameters():
            assert (parameter.grad is not None and bool(parameter.grad.abs().sum() > 0)) == moves


@pytest.mark.parametrize("name", ["style", "staying", "expression"])
def test_a_target_term_moves_gain_and_shift_alone(name):
    source = trained(opened(), world(0).sources, steps=2)
    method, target = adaptation(source), neutral(world(0).targets[0])
    method.begin(target, None)
    method.zero_grad()
    method.objective(Adapting(target), 0.0)[name].backward()
    moved = {key for key, p in method.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0}
    assert moved == {"own.gain", "own.offset"}


def test_the_network_is_read_as_at_the_end_while_it_is_trained():
    source = opened()
    source.network.head = nn.Sequential(nn.Dropout(0.5), *source.network.head)
    source.train().objective(world(0).sources, 0.0)
    assert all(part.training for part in source.network.modules())
    method = adaptation(source).train()
    assert method.training
    assert not any(part.training for part in method.network.modules())


def test_somebody_else_shows_the_same():
    label, person = torch.tensor([0, 0, 1, 0, 2]), torch.tensor([0, 1, 0, 0, 3])
    people = People(torch.zeros(5, 1), label, person, torch.arange(5), tuple("abcd"))
    some, other = someone_else(people)
    assert some.tolist() == [0, 1, 3]
    assert other[0] == other[2] == 1
    assert other[1] in (0, 3)


def test_one_person_has_no_somebody_else():
    source = stage()
    batch = world(0).sources.of(0)
    terms = source.objective(batch, 0.0)
    assert terms["style"] == 0
    terms.total.backward()


def test_nothing_changes_before_it_begins():
    source = stage()
    rows = world(0).sources.inputs[:5]
    torch.testing.assert_close(adaptation(source).predict(rows), source.predict(rows))


def test_what_is_personal_goes_into_another_copy():
    source, person = trained(stage(), world(0).sources, steps=20), world(0).targets[0]
    first, second = adaptation(copy.deepcopy(source)), adaptation(copy.deepcopy(source))
    first.begin(neutral(person), None)
    second.restore(first.personal())
    torch.testing.assert_close(second.predict(person.inputs), first.predict(person.inputs))


def test_maps_are_moved_alike_at_every_place():
    encoder = nn.Conv2d(1, 3, 3, padding=1)
    source = TranslationSources(
        SplitNetwork(encoder, PooledHead(3, classes=2)), classes=2, persons=4, neutral=0
    )
    g = torch.Generator().manual_seed(0)
    inputs = torch.randn(24, 1, 6, 6, generator=g)
    label, person = torch.arange(24) % 2, torch.arange(24) // 6
    people = People(inputs, label, person, torch.arange(24), tuple("abcd"))
    trained(source, people, steps=5, batch=24)
    method = adaptation(source)
    method.begin(Unlabelled(inputs[:6], torch.arange(6)), None)
    assert method.objective(Adapting(Unlabelled(inputs[:6], torch.arange(6))), 0.0).total.isfinite()
    moved = method.own(method.network.encode(inputs[:6]))
    assert moved.shape == (6, 3, 6, 6)
    assert not torch.equal(moved, method.network.encode(inputs[:6]))


def test_a_clip_without_inputs_is_refused():
    with pytest.raises(BadPeople, match="found none"):
        adaptation(known()).begin(Unlabelled(torch.zeros(0, 1), torch.zeros(0, dtype=torch.long)), None)


def scores(seed, **options):
    """Accuracy on targets: of the network alone, and adapted."""
    planted = world(seed)
    source = trained(stage(), planted.sources)
    before = mean(accuracy(source, unseen(one)) for one in planted.targets)
    after = []
    for one in planted.targets:
        method = adaptation(copy.deepcopy(source), **options)
        method.begin(neutral(one), None)
        optimizer = torch.optim.AdamW(method.own.parameters(), 1e-2, weight_decay=0.0)
        for step in range(20):
            method.train().update(Adapting(neutral(one)), optimizer, step / 20)
        after.append(accuracy(method.eval(), unseen(one)))
    return before, mean(after)


def test_a_neutral_clip_helps_with_other_expressions():
    before, after = scores(0)
    assert after > before + 0.05


@pytest.mark.slow
def test_it_is_style_that_helps():
    full, without = zip(*((scores(s)[1], scores(s, style=0.0)[1]) for s in range(3)), strict=True)
    assert mean(full) > mean(without) + 0.03
