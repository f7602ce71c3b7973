"""What every network along time keeps, whatever its paper."""

import pytest
import torch

from facsight import catalog
from facsight.core.errors import BadRecipe

STEPS, INPUTS = 7, 4
CASES = [
    pytest.param("tcn", {"size": 6, "layers": 2, "kernel": 3, "dropout": 0.0}, id="tcn"),
    pytest.param(
        "tcn", {"size": 6, "layers": 2, "kernel": 2, "causal": True, "dropout": 0.0}, id="tcn, causal"
    ),
    pytest.param("lstm", {"size": 6}, id="lstm"),
    pytest.param("lstm", {"size": 6, "layers": 2, "bidirectional": False}, id="lstm, forwards"),
    pytest.param("temporal_convergence", {"size": 6}, id="temporal convergence"),
    pytest.param("time_transformer", {"size": 6, "heads": 2, "dropout": 0.0}, id="transformer"),
    pytest.param(
        "time_transformer",
        {"size": 6, "heads": 2, "positions": False, "dropout": 0.0},
        id="transformer, no positions",
    ),
]
EVERY = pytest.mark.parametrize(("name", "options"), CASES)


def made(name, options, dtype=torch.float64):
    torch.manual_seed(0)
    return catalog.load("temporal", name)(INPUTS, **options).to(dtype).eval()


def some(batch=4, steps=STEPS, dtype=torch.float64):
    """Windows of which the second ends after three steps, and the third after one."""
    features = torch.randn(batch, steps, INPUTS, generator=torch.Generator().manual_seed(1), dtype=dtype)
    inside = torch.ones(batch, steps, dtype=torch.bool)
    if batch > 2:
        inside[1, 3:], inside[2, 1:] = False, False
    return torch.where(inside.unsqueeze(-1), features, 0.0), inside


def close(one, other):
    torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-8)


def test_every_network_has_a_case():
    assert {case.values[0] for case in CASES} == catalog.TEMPORAL.keys()


@EVERY
def test_the_size_is_told(name, options):
    network = made(name, options)
    assert network(*some()).shape == (4, STEPS, network.size)
    assert network.size == 6


@EVERY
def test_a_window_does_not_depend_on_its_batch(name, options):
    network, (features, inside) = made(name, options), some()
    for mode in (True, False):
        whole = network.train(mode)(features, inside)
        for which in ([2, 0, 3, 1], [1], [2], [3, 3, 0]):
            found = network(features[which], inside[which])
            close(found[inside[which]], whole[which][inside[which]])


@EVERY
def test_steps_beyond_the_end_change_nothing(name, options):
    network, (features, inside) = made(name, options), some()
    said = network(features, inside)[inside]
    close(network(torch.where(inside.unsqueeze(-1), features, 9.0), inside)[inside], said)
    longer = torch.nn.functional.pad(features, (0, 0, 0, 5), value=3.0)
    more = network(longer, torch.nn.functional.pad(inside, (0, 5)))
    close(more[:, :STEPS][inside], said)


@EVERY
def test_every_parameter_and_every_step_is_learnt_from(name, options):
    network, (features, inside) = made(name, options).train(), some()
    features.requires_grad_()
    said = network(features, inside)
    weights = torch.randn(said.shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    (said * weights)[inside].sum().backward()
    assert features.grad[inside].abs().sum(dim=-1).gt(0).all()
    assert features.grad[~inside].eq(0).all()
    still = [n for n, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert not still


@EVERY
def test_gradients_are_right(name, options):
    network, (features, inside) = made(name, options), some()

    def inner(values):
        return network(torch.where(inside.unsqueeze(-1), values, 0.0), inside)[inside]

    assert torch.autograd.gradcheck(inner, features.requires_grad_(), atol=1e-6)


@EVERY
@pytest.mark.parametrize("steps", [1, 2, 2400])
def test_windows_of_one_step_and_of_ten_minutes(name, options, steps):
    network = made(name, options, torch.float32)
    features, inside = some(batch=1, steps=steps, dtype=torch.float32)
    said = network(features.requires_grad_(), inside)
    said.square().sum().backward()
    assert said.shape == (1, steps, 6)
    assert features.grad.isfinite().all()


@EVERY
def test_a_window_with_nothing_inside_is_finite_and_harms_no_other(name, options):
    network, (features, inside) = made(name, options), some()
    inside[0] = False
    said = network(torch.where(inside.unsqueeze(-1), features, 0.0), inside)
    assert said[1:][inside[1:]].isfinite().all()


@EVERY
def test_half_precision_is_finite(name, options):
    network = made(name, options, torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        said = network(*some(dtype=torch.float32))
    assert said[some()[1]].isfinite().all()


def seen_by(network, place, steps=15):
    """The steps that the output at a place depends on."""
    features = torch.zeros(1, steps, INPUTS, dtype=torch.float64).normal_(
        generator=torch.Generator().manual_seed(3)
    )
    features.requires_grad_()
    network(features, torch.ones(1, steps, dtype=torch.bool))[0, place].sum().backward()
    return features.grad[0].abs().sum(dim=-1).nonzero().flatten().tolist()


def test_the_reach_of_convolutions_is_what_is_told():
    """2 (3 - 1) (2^1 - 1) = 4 steps with one layer of 3: two on each side, or four before."""
    options = {"size": 32, "layers": 1, "kernel": 3, "dropout": 0.0}
    assert seen_by(made("tcn", options), 7) == [5, 6, 7, 8, 9]
    assert seen_by(made("tcn", options | {"causal": True}), 7) == [3, 4, 5, 6, 7]
    two = seen_by(made("tcn", options | {"layers": 2}), 7)
    assert (two[0], two[-1]) == (7 - 6, 7 + 6)


def test_a_memory_that_reads_forwards_sees_nothing_later():
    assert seen_by(made("lstm", {"size": 6, "bidirectional": False}), 4) == [0, 1, 2, 3, 4]


def test_temporal_convergence_leaks_a_tenth_of_what_is_below_zero():
    """A feature of -0.5 is the same to the memory as one of -0.05 would be without the leak."""
    network = made("temporal_convergence", {"size": 6})
    features, inside = some(batch=1)
    leaked = torch.where(features > 0, features, features / 10)
    close(network(features, inside), network.memory.lstm(leaked)[0])
    assert seen_by(network, 4) == [0, 1, 2, 3, 4]


def test_temporal_convergence_begins_with_orthogonal_steps_of_its_memory():
    memory = made("temporal_convergence", {"size": 6}).memory.lstm
    for weight in (memory.weight_hh_l0, memory.weight_hh_l1):
        for gate in weight.chunk(4):
            torch.testing.assert_close(
                gate @ gate.T, torch.eye(6, dtype=torch.float64), atol=1e-5, rtol=0
            )  # drawn in single precision


def test_without_positions_order_says_nothing():
    options = {"size": 6, "heads": 2, "dropout": 0.0}
    features, inside = some(batch=1)
    order = torch.tensor([3, 0, 6, 1, 5, 2, 4])
    plain = made("time_transformer", options | {"positions": False})
    close(plain(features[:, order], inside), plain(features, inside)[:, order])
    placed = made("time_transformer", options)
    assert (placed(features[:, order], inside) - placed(features, inside)[:, order]).abs().max() > 1e-3


def test_a_memory_by_hand():
    """One cell, forwards: gates of sigmoid(0) = 1/2 and a candidate of tanh(x)."""
    memory = made("lstm", {"size": 1, "bidirectional": False})
    for parameter in memory.parameters():
        torch.nn.init.zeros_(parameter)
    memory.lstm.weight_ih_l0.data[2, 0] = 1.0  # torch's order of gates: input, forget, cell, output
    features = torch.zeros(1, 2, INPUTS, dtype=torch.float64)
    features[0, :, 0] = torch.tensor([0.5, -1.0])
    first = 0.5 * torch.tensor(0.5).tanh()
    cells = torch.stack([first, 0.5 * first + 0.5 * torch.tensor(-1.0).tanh()])
    said = memory(features, torch.ones(1, 2, dtype=torch.bool))
    torch.testing.assert_close(said[0, :, 0], (0.5 * cells.tanh()).double())


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        ("tcn", {"kernel": 4}, "odd"),
        ("tcn", {"kernel": 1}, "2 steps"),
        ("lstm", {"size": 7}, "even"),
        ("time_transformer", {"size": 10, "heads": 4}, "heads"),
    ],
)
def test_bad_options(name, options, told):
    with pytest.raises(BadRecipe, match=told):
        made(name, options)
