import warnings

import pytest
import torch
from torch import nn

from facsight.probe.fused import fused_scores
from facsight.probe.probe import Probe
from small_networks import SmallCNN, faces, seeded


class Normalised(SmallCNN):
    def __init__(self):
        super().__init__(inplace=True)
        self.second = nn.Sequential(self.second, nn.BatchNorm2d(5))  # pyright: ignore
        self.second[1].running_mean.uniform_(-1, 1)  # pyright: ignore


class Named(SmallCNN):
    def forward(self, pixels):
        return {"valence": pixels.mean(dim=(2, 3)), "logits": super().forward(pixels)}


def runs_itself(probe: Probe, example: torch.Tensor, runs: float = 100) -> bool:
    return fused_scores(probe, example, runs=runs) == probe.scores


@pytest.mark.parametrize("build", [SmallCNN, Normalised, Named])
def test_fused_scores_are_the_networks_own(build):
    network = seeded(build)
    probe, example, others = Probe(network), faces(4), faces(4, seed=2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fused = fused_scores(probe, example, runs=100)
    assert fused != probe.scores
    with torch.no_grad():
        torch.testing.assert_close(fused(others), probe.scores(others), atol=1e-6, rtol=1e-5)


def test_batches_of_another_size_are_run_by_the_network():
    probe = Probe(seeded(Normalised))
    fused = fused_scores(probe, faces(4), runs=100)
    assert torch.equal(fused(faces(3)), probe.scores(faces(3)))


class Branches(SmallCNN):
    def forward(self, pixels):
        scores = super().forward(pixels)
        return scores if pixels.mean() > 0 else -scores


class Untraceable(SmallCNN):
    def forward(self, pixels):
        if torch.jit.is_tracing():
            raise RuntimeError("not this one")
        return super().forward(pixels)


class Counts(SmallCNN):
    """Says something else every time."""

    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, pixels):
        self.calls += 1
        return super().forward(pixels) * self.calls


@pytest.mark.parametrize("build", [Branches, Untraceable, Counts])
def test_a_network_that_cannot_be_traced_is_run_itself(build):
    assert runs_itself(Probe(seeded(build)), faces(4))


def test_few_runs_half_or_double_precision_and_training_are_left_alone():
    network = seeded(SmallCNN)
    assert runs_itself(Probe(network), faces(4), runs=2)
    assert runs_itself(Probe(seeded(SmallCNN).double()), faces(4).double())
    network.first.train()
    assert runs_itself(Probe(network), faces(4))


def test_the_network_is_left_as_it_was():
    network = seeded(Normalised)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    kinds = [type(part) for part in network.modules()]
    fused_scores(Probe(network), faces(4), runs=100)(faces(4))
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert [type(part) for part in network.modules()] == kinds
    assert not any(part.training or part._forward_hooks for part in network.modules())


class KnowsItsBatch(SmallCNN):
    """The number of pictures becomes a constant when this is traced."""

    def forward(self, pixels):
        return super().forward(pixels.view(int(pixels.shape[0]), *pixels.shape[1:]))[: int(pixels.shape[0])]


def test_a_batch_size_that_tracing_makes_a_constant_does_no_harm():
    probe = Probe(seeded(KnowsItsBatch))
    fused = fused_scores(probe, faces(4), runs=100)
    torch.testing.assert_close(fused(faces(4)), probe.scores(faces(4)))
