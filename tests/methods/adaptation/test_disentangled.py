import copy
import math
from statistics import mean

import pytest
import torch
from torch import nn

from facsight.core.errors import BadPeople
from facsight.core.people import Adapting, People, Unlabelled
from facsight.methods.adaptation.disentangled import Decoder, Disentangled, DisentangledSources
from facsight.nn.split_network import PooledHead, SplitNetwork
from planted_channels import CLASSES, accuracy, network, neutral, trained, unseen, world

PARTS = ("network", "expression", "identity", "decoder", "who", "what")


def stage(persons=12, **options):
    return DisentangledSources(network(), classes=CLASSES, persons=persons, **options)


def opened(**options):
    """A stage whose branches and decoder no longer pass features unchanged."""
    found = stage(**options)
    for layer in (found.expression.outer, found.decoder.outer, found.decoder.shift):
        nn.init.normal_(layer.weight, std=0.1)
    return found


def known(shift=0.0):
    """A stage of one channel and two classes whose decoder adds `shift`; rest lies at 1, the other at 4."""
    split = SplitNetwork(nn.Identity(), PooledHead(1, classes=2))
    found = DisentangledSources(split, classes=2, persons=2, hidden=2)
    nn.init.constant_(found.decoder.shift.bias, shift)
    found.expressions.counts += 1
    found.expressions.totals.copy_(torch.tensor([[1.0], [4.0]]))
    return found


def adaptation(source, kind=Disentangled, **options):
    return kind(source.network, source=source, neutral=0, **options)


def begun(source, target, **options):
    method = adaptation(source, **options)
    method.begin(target, None)
    return method


def clip(*values):
    return Unlabelled(torch.tensor(values).reshape(-1, 1), torch.zeros(len(values), dtype=torch.long))


def moved(method, term):
    method.zero_grad()
    term.backward()
    return {
        name.split(".")[0]
        for name, parameter in method.named_parameters()
        if parameter.grad is not None and parameter.grad.abs().sum() > 0
    }


def test_a_decoder_by_hand():
    decoder = Decoder(1, 2, hidden=1)
    identity, expression = torch.tensor([[1.0, 2.0]]), torch.tensor([[5.0]])
    torch.testing.assert_close(decoder(identity, expression), expression)
    with torch.no_grad():
        decoder.shift.weight.copy_(torch.tensor([[0.5, 1.0]]))
        decoder.inner.weight.copy_(torch.tensor([[1.0, 1.0, -0.5]]))  # of the code, then the expression
        decoder.inner.bias.zero_()
        decoder.outer.weight.fill_(3.0)
    # the expression's 5, the shift's .5 + 2, and three times the perceptron's 1 + 2 - 2.5
    torch.testing.assert_close(decoder(identity, expression), torch.tensor([[9.0]]))


def test_source_terms_by_hand():
    source, shift, slope = known(shift=0.5), 0.5, 2.0
    with torch.no_grad():
        for judge in (source.who, source.what):
            judge.say.weight.zero_()
            judge.say.bias.zero_()
            judge.look[0].weight.fill_(slope)
            judge.look[0].bias.fill_(9.0)  # so that nothing is cut off
    # two people who look alike: whoever is mixed with whom, features are moved by the shift
    people = People(torch.ones(2, 1), torch.tensor([0, 1]), torch.tensor([0, 1]), torch.arange(2), ("a", "b"))
    terms = source.objective(people, 0.0)
    said = source.network(people.inputs)
    labels = -(said.log_softmax(1)[0, 0] + said.log_softmax(1)[1, 1]) / 2
    wanted = {
        "labels": labels,
        "expression": labels,
        "shown": 0.8 * math.log(2),
        "recognised": 0.2 * math.log(3),
        "likeness": (slope * shift) ** 2,
        "reconstruction": 5 * (shift + 2 * shift),  # decoded once; encoded and decoded again
        "who": math.log(3),
        "made_up": math.log(3),
        "what": math.log(2),
    }
    assert terms.keys() == wanted.keys()
    for name, value in wanted.items():
        torch.testing.assert_close(terms[name], torch.as_tensor(value, dtype=torch.float32))


def test_a_judge_has_an_answer_for_what_is_made_up():
    source = opened()
    with torch.no_grad():
        source.who.say.weight.zero_()
        source.who.say.bias.zero_()
        source.who.say.bias[12] = 50.0  # sure that all is made up
    terms = source.objective(world(0).sources, 0.0)
    torch.testing.assert_close(terms["made_up"], torch.tensor(0.0))
    torch.testing.assert_close(terms["who"], torch.tensor(50.0))


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("labels", {"network"}),
        ("expression", {"expression"}),
        ("shown", {"expression", "identity", "decoder"}),
        ("recognised", {"expression", "identity", "decoder"}),
        ("likeness", {"expression", "identity", "decoder"}),
        ("reconstruction", {"expression", "identity", "decoder"}),
        ("who", {"who"}),
        ("made_up", {"who"}),
        ("what", {"what"}),
    ],
)
def test_a_source_term_moves_what_it_should(name, parts):
    method, people = opened(), world(0).sources
    terms = method.objective(people.take(torch.arange(0, len(people), 9)), 0.0)
    assert moved(method, terms[name]) == parts
    assert parts <= set(PARTS)


def test_what_is_made_by_hand():
    method, target = adaptation(known(shift=0.5)), clip(2.0, 4.0)
    method.begin(target, None)
    torch.testing.assert_close(method.mean, torch.tensor([3.0]))
    made, wanted = method.made(target.inputs, torch.tensor([1, 0]))
    # 2 shows the other expression: 3 further, and the shift; 4 stays
    # parts are off 4 and off 1 as frames are off their mean of 3
    torch.testing.assert_close(made, torch.tensor([[5.5], [4.0]]))
    torch.testing.assert_close(wanted, torch.tensor([[3.0], [2.0]]))


def test_target_terms_by_hand():
    method, target = adaptation(known(shift=0.5), labels=2.0, code=3.0), clip(3.0, 3.0)
    method.begin(target, None)
    terms = method.objective(Adapting(target), 0.0)
    # made: 6.5 and 3, where 4 and 1 are wanted, in either order
    torch.testing.assert_close(terms["code"], torch.tensor(3 * (2.5**2 + 2**2) / 2))
    said = method.network(torch.tensor([[3.0], [6.5]])).log_softmax(dim=1)
    torch.testing.assert_close(terms["labels"], -2 * (said[0, 0] + said[1, 1]) / 2)


@pytest.mark.parametrize("name", ["labels", "code"])
def test_a_target_term_moves_the_expression_branch_alone(name):
    source = trained(opened(), world(0).sources, steps=2)
    method, target = adaptation(source, labels=1.0), neutral(world(0).targets[0])
    method.begin(target, None)
    assert moved(method, method.objective(Adapting(target), 0.0)[name]) == {"expression"}


def test_every_expression_is_drawn_as_often():
    method = adaptation(stage())
    drawn = torch.stack([method._drawn(8) for _ in range(20)])
    assert all((row.bincount(minlength=CLASSES) == 2).all() for row in drawn)
    assert len(drawn.unique(dim=0)) > 1


def test_as_many_steps_as_rounds():
    target, steps = neutral(world(0).targets[0]), []
    for rounds in (1, 3):
        source = trained(opened(), world(0).sources, steps=1)
        method = begun(source, target, rounds=rounds)
        optimizer = torch.optim.Adam(method.expression.parameters())
        method.update(Adapting(target), optimizer, 0.0)
        steps.append(int(optimizer.state[method.expression.outer.weight]["step"]))
    assert steps == [1, 3]


def test_it_starts_as_the_source_reads_expressions():
    source, rows = opened(), world(0).sources.inputs[:5]
    wanted = source.network.decide(source.expression(rows))
    torch.testing.assert_close(adaptation(source).predict(rows), wanted)


def test_the_network_is_read_as_at_the_end_while_it_is_trained():
    source = opened()
    source.network.head = nn.Sequential(nn.Dropout(0.5), *source.network.head)
    source.train().objective(world(0).sources, 0.0)
    assert all(part.training for part in source.network.modules())
    method = adaptation(source).train()
    assert method.training
    assert not any(part.training for part in method.network.modules())


def test_what_is_kept_of_source_people_does_not_grow_with_them():
    few, many = (
        {name: tensor.shape for name, tensor in adaptation(stage(persons)).state_dict().items()}
        for persons in (2, 200)
    )
    assert few == many


def test_what_is_personal_goes_into_another_copy():
    source, person = trained(stage(), world(0).sources, steps=20), world(0).targets[0]
    first, second = adaptation(copy.deepcopy(source)), adaptation(copy.deepcopy(source))
    adapted(first, person)
    second.restore(first.personal())
    torch.testing.assert_close(second.predict(person.inputs), first.predict(person.inputs))
    assert all(name.startswith("expression.") for name in first.personal())


def test_maps_stay_maps():
    split = SplitNetwork(nn.Conv2d(1, 3, 3, padding=1), PooledHead(3, classes=2))
    source = DisentangledSources(split, classes=2, persons=4)
    inputs = torch.randn(24, 1, 6, 6, generator=torch.Generator().manual_seed(0))
    people = People(
        inputs, torch.arange(24) % 2, torch.arange(24) // 6, torch.arange(24), ("a", "b", "c", "d")
    )
    trained(source, people, steps=5, batch=24)
    target = Unlabelled(inputs[:6], torch.arange(6))
    method = begun(source, target, labels=1.0)
    assert method.objective(Adapting(target), 0.0).total.isfinite()
    features, label = method.network.encode(inputs[:6]), torch.tensor([1, 0, 1, 0, 1, 0])
    made, wanted = method.made(features, label)
    assert made.shape == wanted.shape == (6, 3, 6, 6)
    assert torch.equal(made[1::2], features[1::2])
    # the step is the same at all places
    rows = method.before(features) + (method.expressions.mean(label) - method.mean)[:, :, None, None]
    torch.testing.assert_close(wanted, rows)


def test_a_clip_without_inputs_is_refused():
    with pytest.raises(BadPeople, match="found none"):
        begun(known(), clip())


def test_an_expression_that_no_source_person_showed_is_refused():
    source = known()
    source.expressions.counts[1] = 0
    with pytest.raises(BadPeople, match="none of class 1"):
        begun(source, clip(1.0, 2.0))


def adapted(method, person, steps=20):
    method.begin(neutral(person), None)
    optimizer = torch.optim.AdamW(method.expression.parameters(), 1e-3, weight_decay=0.0)
    torch.manual_seed(0)
    for step in range(steps):
        method.train().update(Adapting(neutral(person)), optimizer, step / steps)
    return method.eval()


def scores(source, people, **options):
    """Mean accuracy on targets of copies of a stage, adapted."""
    return mean(
        accuracy(adapted(adaptation(copy.deepcopy(source), **options), one), unseen(one)) for one in people
    )


class OnlyNeutral(Disentangled):
    """Nothing is made: the clip is neutral, and that is all."""

    def _drawn(self, rows):
        return torch.full((rows,), self.neutral)


def test_a_neutral_clip_helps_with_other_expressions():
    people = world(0)
    source, targets = trained(stage(), people.sources), people.targets[:2]
    before = mean(accuracy(source, unseen(one)) for one in targets)
    assert scores(source, targets) > before + 0.05


def worth(seed):
    """Accuracy on targets of this seed, of the whole and without some of it."""
    people = world(seed, targets=3)
    whole = trained(stage(), people.sources)
    no_judges = trained(stage(expression=0.0, identity=0.0, likeness=0.0), people.sources)
    return {
        "unadapted": mean(accuracy(whole, unseen(one)) for one in people.targets),
        "whole": scores(whole, people.targets),
        "nothing learnt": scores(whole, people.targets, code=0.0),
        "labels alone": scores(whole, people.targets, code=0.0, labels=1.0),
        "labels beside": scores(whole, people.targets, labels=1.0),
        "neutral only": scores(whole, people.targets, kind=OnlyNeutral),
        "no judges": scores(no_judges, people.targets),
    }


@pytest.mark.slow
def test_what_was_made_helps_and_more_than_neutral_alone():
    seeds = [worth(seed) for seed in range(3)]
    found = {name: mean(one[name] for one in seeds) for name in seeds[0]}
    assert found["whole"] > found["unadapted"] + 0.05
    assert found["whole"] > found["nothing learnt"] + 0.05
    assert found["whole"] > found["neutral only"] + 0.01
