import pytest
import torch

from facsight.core.labels import LabelSpace
from facsight.core.sequences import LabelledSequences
from facsight.fusion.concatenation import Concatenation
from facsight.losses.label_spaces import label_terms
from facsight.methods.multitask.gradient_norm import LEAST, GradientNorm
from facsight.nn.sequence_network import SequenceNetwork
from fusion_windows import windows_of

SIZES = {"face": 4, "audio": 3}
SPACES = (
    LabelSpace("mood", ("low", "high")),
    LabelSpace("units", ("AU01", "AU12"), kind="units"),
)
HERE = torch.tensor([True, True])


def made(**options):
    torch.manual_seed(0)
    fusion = Concatenation(SIZES, width=8, dropout=0.0)
    return GradientNorm(SequenceNetwork(fusion, {"mood": 2, "units": 2}), spaces=SPACES, **options)


def batch(seed=0, batch=4):
    draw = torch.Generator().manual_seed(seed)
    windows = windows_of(SIZES, batch=batch, generator=draw, dtype=torch.float32)
    shape = windows.inside.shape
    truth = {
        "mood": torch.eye(2)[torch.randint(2, shape, generator=draw)],
        "units": torch.randint(2, (*shape, 2), generator=draw).float(),
    }
    return LabelledSequences(windows, truth)


def test_hand_values():
    """Norms 3 and 1, mean 2: the first is above and loses 0.1 * 3 / 2, the other gains 0.1 * 1 / 2."""
    method = made(rate=0.1, restoring=0.0)
    method.balance(torch.tensor([0.7, 0.4]), torch.tensor([3.0, 1.0]), HERE)
    moved = torch.tensor([0.85, 1.05])
    torch.testing.assert_close(method.weights, moved * 2 / 1.9)
    torch.testing.assert_close(method.first, torch.tensor([0.7, 0.4]))


def test_a_task_that_lags_behind_is_to_pull_harder():
    """Norms are equal, but the first task's cost is halved and the other's is not: ratios 2/3 and 4/3."""
    method = made(rate=0.1, restoring=1.0)
    method.first.copy_(torch.tensor([1.0, 1.0]))
    method.balance(torch.tensor([0.5, 1.0]), torch.tensor([2.0, 2.0]), HERE)
    torch.testing.assert_close(method.weights, torch.tensor([0.9, 1.1]))


def test_the_rule_is_the_gradient_of_the_papers_loss():
    """Oracle: |G_i - constant| differentiated twice, as the paper does."""
    method, data = made(rate=0.05, restoring=1.5), batch()
    method.first.copy_(torch.tensor([0.9, 0.5]))
    weights = torch.tensor([0.6, 1.4], requires_grad=True)
    method.weights.copy_(weights.detach())
    costs = list(label_terms(method.network(data.sequences).outputs, data.truth, SPACES).values())
    shared = method.network.fusion.project[3].weight
    norms = [
        torch.autograd.grad(weight * cost, shared, create_graph=True)[0].norm()
        for weight, cost in zip(weights, costs, strict=True)
    ]
    ratios = [float(cost.detach()) / first for cost, first in zip(costs, (0.9, 0.5), strict=True)]
    mean = float(sum(norms).detach()) / 2
    loss = sum(
        (norm - mean * (ratio / (sum(ratios) / 2)) ** 1.5).abs()
        for norm, ratio in zip(norms, ratios, strict=True)
    )
    (gradient,) = torch.autograd.grad(loss, weights, retain_graph=True)
    unit = sum(float((norm / weight).detach()) for norm, weight in zip(norms, weights, strict=True)) / 2
    moved = weights.detach() - 0.05 * gradient / unit
    method.update(data, torch.optim.SGD(method.parameters(), lr=0.0), 0.0)
    torch.testing.assert_close(method.weights, moved * 2 / moved.sum())


def test_norms_become_equal():
    method = made(rate=0.02, restoring=0.0)
    for _ in range(300):
        method.balance(torch.tensor([0.7, 0.4]), torch.tensor([3.0, 1.0]), HERE)
    # weights of 1/2 and 3/2 make the norms equal; a step is at most 0.02 * 3 / 2
    torch.testing.assert_close(method.weights, torch.tensor([0.5, 1.5]), atol=0.03, rtol=0)


def test_weights_sum_to_the_number_of_tasks_and_stay_above_the_least():
    method = made(rate=0.5)
    for seed in range(20):
        draw = torch.Generator().manual_seed(seed)
        method.balance(torch.rand(2, generator=draw), 5 * torch.rand(2, generator=draw), HERE)
        assert float(method.weights.sum()) == pytest.approx(2.0, abs=1e-5)
        assert float(method.weights.min()) >= LEAST / 2


def test_a_task_without_labels_keeps_its_weight():
    method, data = made(), batch()
    method.weights.copy_(torch.tensor([0.8, 1.2]))
    truth = data.truth | {"mood": torch.full_like(data.truth["mood"], torch.nan)}
    method.update(LabelledSequences(data.sequences, truth), torch.optim.SGD(method.parameters(), 0.1), 0.0)
    torch.testing.assert_close(method.weights, torch.tensor([0.8, 1.2]))
    assert method.first[0] == 0 < method.first[1]
    nothing = {name: torch.full_like(labels, torch.nan) for name, labels in data.truth.items()}
    method.update(LabelledSequences(data.sequences, nothing), torch.optim.SGD(method.parameters(), 0.1), 0.0)
    assert method.weights.isfinite().all()


def test_a_step_moves_the_network_as_the_weighted_sum_does():
    method, data = made(), batch()
    method.weights.copy_(torch.tensor([0.5, 1.5]))
    costs = label_terms(method.network(data.sequences).outputs, data.truth, SPACES)
    total = 0.5 * costs["mood"] + 1.5 * costs["units"]
    wanted = [
        p - 0.1 * g
        for p, g in zip(
            method.network.parameters(),
            torch.autograd.grad(total, list(method.network.parameters())),
            strict=True,
        )
    ]
    method.update(data, torch.optim.SGD(method.parameters(), 0.1), 0.0)
    for one, other in zip(method.network.parameters(), wanted, strict=True):
        torch.testing.assert_close(one, other)
