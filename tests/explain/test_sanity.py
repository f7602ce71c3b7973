import pytest
import torch
from torch import nn

from facsight.core.errors import BadFaces, UnknownName
from facsight.explain.sanity import likeness, randomise, randomise_weights


def drawn(seed=0):
    return torch.Generator().manual_seed(seed)


def network():
    parts = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1), nn.ReLU()
    )
    with torch.no_grad():
        for parameter in parts.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=drawn(parameter.numel())))
    return parts.eval()


FACES = torch.randn(12, 1, 10, 10, generator=drawn(3))


def attention(model):
    return model(FACES).mean(dim=1)


def test_likeness_by_hand():
    ramp = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])
    turned = torch.tensor([[[1.0, 3.0], [2.0, 4.0]]])
    same = likeness(ramp, 5 + 2 * ramp)
    assert (same.centred_cosine.item(), same.rank_correlation.item()) == (pytest.approx(1), pytest.approx(1))
    # one swap of neighbours: 1 - 6 * 2 / (4 * 15)
    assert likeness(ramp, turned).rank_correlation.item() == pytest.approx(0.8)
    # a monotone change keeps the ranks, not the correlation
    bent = likeness(ramp, ramp.exp())
    assert bent.rank_correlation.item() == pytest.approx(1)
    assert bent.centred_cosine.item() < 0.95


def test_a_constant_map_has_no_likeness():
    maps = torch.rand(2, 3, 3, generator=drawn())
    after = maps.clone()
    after[1] = 0.5
    told = likeness(maps, after)
    assert told.centred_cosine.isnan().tolist() == [False, True]
    assert told.rank_correlation.isnan().tolist() == [False, True]


def test_maps_of_learnt_weights_change_and_those_of_the_picture_do_not():
    learnt = randomise_weights(network(), attention, generator=drawn(), parts=("",))[""]
    assert learnt.centred_cosine.shape == (12,)
    assert learnt.centred_cosine.abs().mean() < 0.5
    picture = randomise_weights(network(), lambda model: FACES.squeeze(1), generator=drawn(), parts=("",))
    torch.testing.assert_close(picture[""].centred_cosine, torch.ones(12, dtype=torch.float64))


def test_the_cascade_goes_down_from_the_top_and_adds_up():
    model, seen = network(), []

    def watch(now):
        seen.append({name: value.clone() for name, value in now.named_parameters()})
        return attention(now)

    told = randomise_weights(model, watch, generator=drawn())
    assert list(told) == ["3", "1", "0"]
    changed = [
        {name.split(".")[0] for name, value in now.items() if not torch.equal(value, seen[0][name])}
        for now in seen
    ]
    assert changed == [set(), {"3"}, {"3", "1"}, {"3", "1", "0"}]


def test_the_likeness_is_to_the_maps_before():
    model = network()
    told = randomise_weights(model, attention, generator=drawn(7), parts=("3",))["3"]
    other = network()
    randomise(other[3], drawn(7))
    expected = likeness(attention(model), attention(other))
    torch.testing.assert_close(told.centred_cosine, expected.centred_cosine)
    torch.testing.assert_close(told.rank_correlation, expected.rank_correlation)


@pytest.mark.parametrize("training", [True, False])
def test_the_model_and_the_global_generator_are_left_alone(training):
    model = network().train(training)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.get_rng_state()

    def failing(now):
        if now is not model:
            now.train(not training)
            raise RuntimeError("in the middle")
        return FACES.squeeze(1)

    with pytest.raises(RuntimeError, match="in the middle"):
        randomise_weights(model, failing, generator=drawn())
    randomise_weights(model, lambda now: FACES.squeeze(1), generator=drawn())
    assert torch.equal(torch.get_rng_state(), state)
    assert model.training == training
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_random_weights_are_as_large_as_those_they_replace():
    part = nn.Linear(200, 300)
    with torch.no_grad():
        part.weight.mul_(40).add_(3)
    weight, bias = part.weight.detach().clone(), part.bias.detach().clone()
    randomise(part, drawn())
    # four standard errors of a root mean square of 60,000, which are 1.2 %, and of a mean
    assert part.weight.square().mean().item() == pytest.approx(weight.square().mean().item(), rel=0.024)
    assert abs(part.weight.mean().item()) < 4 * weight.square().mean().sqrt().item() / 60_000**0.5
    assert not torch.equal(part.bias, bias)
    assert torch.equal(part.bias.sort().values, bias.sort().values)


def test_the_same_generator_gives_the_same_answer():
    one, other = (randomise_weights(network(), attention, generator=drawn(4)) for _ in range(2))
    for name in one:
        assert torch.equal(one[name].centred_cosine, other[name].centred_cosine)


def test_maps_that_need_gradients_work():
    def gradients(model):
        faces = FACES.clone().requires_grad_()
        return torch.autograd.grad(model(faces).square().sum(), faces)[0].squeeze(1)

    told = randomise_weights(network(), gradients, generator=drawn())
    assert all(found.centred_cosine.isfinite().all() for found in told.values())


def test_a_part_that_does_not_exist_names_the_nearest():
    model = nn.Sequential()
    model.add_module("encoder", nn.Linear(2, 2))
    with pytest.raises(UnknownName, match="did you mean 'encoder'"):
        randomise_weights(model, lambda now: torch.zeros(1, 2, 2), generator=drawn(), parts=("encodr",))


def test_maps_of_another_size_are_refused():
    with pytest.raises((BadFaces, TypeError)):
        likeness(torch.zeros(1, 2, 2), torch.zeros(1, 3, 3))
