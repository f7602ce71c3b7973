from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
import torch
from torch import nn

from facsight.core.errors import UnknownName
from facsight.probe.probe import Probe
from small_networks import CurvedCNN, SmallCNN, faces, seeded

ABOUT = torch.tensor([0, 3])


def hooks(network: nn.Module) -> int:
    return sum(len(part._forward_hooks) for part in network.modules())


def full_graph(
    network: nn.Module, layer: nn.Module, pixels: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The last output of a layer and its gradient, with nothing cut."""
    kept: list[torch.Tensor] = []

    def keep(_module: nn.Module, _inputs: Any, output: Any) -> Any:
        kept.append(output[0] if isinstance(output, tuple) else output)
        return (kept[-1].clone(), *output[1:]) if isinstance(output, tuple) else kept[-1].clone()

    handle = layer.register_forward_hook(keep)
    scores = network(pixels)
    handle.remove()
    slope = torch.autograd.grad(scores.gather(1, ABOUT[:, None]).sum(), kept[-1])[0]
    return kept[-1].detach(), slope


def assert_as_the_full_graph(network: nn.Module, layer: str, pixels: torch.Tensor):
    seen = Probe(network, [layer]).record(pixels)
    maps, slope = full_graph(network, network.get_submodule(layer), pixels)
    torch.testing.assert_close(seen.maps[0], maps)
    torch.testing.assert_close(seen.gradients(ABOUT)[0], slope)
    torch.testing.assert_close(seen.scores, network(pixels))


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("layer", ["first", "second", "activation"])
def test_maps_and_gradients_are_those_of_the_full_graph(layer, inplace):
    # `second` is overwritten by the activation right after it, where that works in place
    assert_as_the_full_graph(seeded(CurvedCNN, inplace=inplace), layer, faces())


def test_by_hand():
    network = nn.Sequential(nn.Conv2d(1, 1, 1, bias=False), nn.Flatten(), nn.Linear(4, 2, bias=False))
    with torch.no_grad():
        network[0].weight.fill_(2.0)  # pyright: ignore
        network[2].weight.copy_(torch.tensor([[1.0, 2.0, 3.0, 4.0], [0.0, 1.0, 0.0, -1.0]]))  # pyright: ignore
    seen = Probe(network, ["0"]).record(torch.tensor([[[[1.0, 0.0], [0.0, 1.0]]]]))
    assert seen.maps[0].tolist() == [[[[2.0, 0.0], [0.0, 2.0]]]]
    assert seen.scores.tolist() == [[10.0, -2.0]]
    assert seen.gradients(torch.tensor([1]))[0].tolist() == [[[[0.0, 1.0], [0.0, -1.0]]]]
    (squared,) = seen.gradients(torch.tensor([0]), of=torch.square)  # 2 y dy
    assert squared.tolist() == [[[[20.0, 40.0], [60.0, 80.0]]]]


def test_several_layers_at_once_are_each_as_alone():
    network, pixels = seeded(CurvedCNN, inplace=True), faces()
    both = Probe(network, ["activation", network.first]).record(pixels)
    for number, name in enumerate(("activation", "first")):
        alone = Probe(network, [name]).record(pixels)
        torch.testing.assert_close(both.maps[number], alone.maps[0])
        torch.testing.assert_close(both.gradients(ABOUT)[number], alone.gradients(ABOUT)[0])


class GivesTuple(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Conv2d(3, 4, 3)

    def forward(self, pixels):
        return self.inner(pixels), "weights"


class WithTuple(nn.Module):
    def __init__(self):
        super().__init__()
        self.block, self.head = GivesTuple(), nn.Linear(4, 4)

    def forward(self, pixels):
        maps, _ = self.block(pixels)
        return self.head(maps.square().mean(dim=(2, 3)))


def test_a_layer_may_return_a_tuple():
    assert_as_the_full_graph(seeded(WithTuple), "block", faces())


class Twice(SmallCNN):
    """The same activation module after both convolutions."""

    def features(self, pixels):
        return self.activation(self.second(self.activation(self.first(pixels))))


def test_of_a_shared_layer_the_last_call_counts():
    network = seeded(Twice)
    assert_as_the_full_graph(network, "activation", faces())
    assert Probe(network, ["activation"]).record(faces()).maps[0].shape[1] == network.second.out_channels


def test_frozen_parameters_change_nothing():
    network = seeded(CurvedCNN)
    free = Probe(network, ["first"]).record(faces()).gradients(ABOUT)[0]
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    torch.testing.assert_close(Probe(network, ["first"]).record(faces()).gradients(ABOUT)[0], free)


def test_gradients_of_parameters_are_not_touched():
    network = seeded(CurvedCNN)
    network.first.weight.grad = torch.full_like(network.first.weight, 7.0)
    Probe(network).record(faces()).gradients(ABOUT)
    assert (network.first.weight.grad == 7).all()
    assert all(p.grad is None for p in network.parameters() if p is not network.first.weight)


def test_what_lies_before_the_layer_costs_no_graph():
    seen = Probe(seeded(CurvedCNN), ["second"]).record(faces())
    assert seen.outputs[0].is_leaf
    assert not seen.maps[0].requires_grad


class Breaks(SmallCNN):
    def features(self, pixels):
        maps = super().features(pixels)
        if maps.shape[-1] != 4:
            raise ValueError("in the middle of forward")
        return maps


@pytest.mark.parametrize("look", [Probe.record, Probe.scores])
@pytest.mark.parametrize("mode", [torch.no_grad, torch.enable_grad])
@pytest.mark.parametrize("layers", [["activation"], []])
def test_an_error_in_the_network_leaves_no_trace(look, mode, layers):
    network = seeded(Breaks)
    with mode():
        before = torch.is_grad_enabled()
        with pytest.raises(ValueError, match="in the middle"):
            look(Probe(network, layers), faces(2, 24, 24))
        assert torch.is_grad_enabled() is before
    assert hooks(network) == 0


def test_a_good_run_leaves_no_trace():
    network = seeded(CurvedCNN)
    with torch.no_grad():
        probe = Probe(network)
        probe.record(faces()).gradients(ABOUT)
        assert not torch.is_grad_enabled()
    assert hooks(network) == 0


@pytest.mark.parametrize("mode", [nullcontext, torch.no_grad])
def test_works_whatever_the_gradient_mode_of_the_caller(mode):
    network = seeded(CurvedCNN)
    expected = Probe(network, ["first"]).record(faces()).gradients(ABOUT)[0]
    with mode():
        torch.testing.assert_close(Probe(network, ["first"]).record(faces()).gradients(ABOUT)[0], expected)


def test_double_precision_stays_and_half_becomes_single():
    double = Probe(seeded(CurvedCNN).double(), ["activation"]).record(faces().double())
    half = Probe(seeded(CurvedCNN).bfloat16(), ["activation"]).record(faces().bfloat16())
    assert {t.dtype for t in (double.scores, double.maps[0], double.gradients(ABOUT)[0])} == {torch.float64}
    assert {t.dtype for t in (half.scores, half.maps[0], half.gradients(ABOUT)[0])} == {torch.float32}


def counted(network: nn.Module) -> tuple[nn.Module, Callable[[], int]]:
    runs: list[int] = []
    network.register_forward_pre_hook(lambda _module, inputs: runs.append(len(inputs[0])))
    return network, lambda: len(runs)


def test_the_same_pixels_are_run_once_and_changed_ones_again():
    network, runs = counted(seeded(SmallCNN))
    probe, pixels = Probe(network, ["activation"]), faces()
    assert probe.record(pixels) is probe.record(pixels)
    assert runs() == 1
    pixels.mul_(2)
    torch.testing.assert_close(probe.record(pixels).scores, network(pixels))
    probe.record(pixels.clone())
    assert runs() == 4


def test_a_layer_without_places_is_refused_with_those_that_have_some():
    network = seeded(SmallCNN)
    with pytest.raises(UnknownName, match=r"'head' gives no maps .* first_activation, second, activation"):
        Probe(network, ["head"]).record(faces())
    with pytest.raises(UnknownName, match="has no layer 'sekond': did you mean 'second'"):
        Probe(network, ["sekond"])


def test_a_map_of_one_place_is_refused():
    with pytest.raises(UnknownName, match=r"more than one place for pictures of \(4, 4\)"):
        Probe(seeded(SmallCNN), ["activation"]).record(faces(2, 4, 4))


def test_a_layer_that_is_not_used_is_refused():
    network = seeded(SmallCNN)
    network.spare = nn.ReLU()
    with pytest.raises(UnknownName, match=r"'spare' gives no maps .* or is not used"):
        Probe(network, ["spare"]).record(faces())


class TwoWays(SmallCNN):
    """The first convolution is run, but decides nothing."""

    def forward(self, pixels):
        self.first(pixels)
        return self.head(self.activation(self.second(pixels[:, [0, 1, 2, 0]])).mean(dim=(2, 3)))


def test_gradients_are_zero_where_no_score_depends_on_a_layer_beside_one_that_counts():
    seen = Probe(seeded(TwoWays), ["first", "second"]).record(faces())
    idle, telling = seen.gradients(ABOUT)
    assert not idle.any()
    assert telling.any()


class SwitchesOff(SmallCNN):
    def features(self, pixels):
        with torch.no_grad():
            return super().features(pixels)


@pytest.mark.parametrize(("build", "layer"), [(TwoWays, "first"), (SwitchesOff, "activation")])
def test_a_layer_without_a_way_to_the_scores_has_no_gradients(build, layer):
    seen = Probe(seeded(build), [layer]).record(faces())
    if build is SwitchesOff:
        with pytest.raises(UnknownName, match="no score depends on this layer"):
            seen.gradients(ABOUT)
    else:
        assert seen.maps[0].any()


class Views(SmallCNN):
    """Sees maps as vectors in a way that needs them contiguous."""

    def forward(self, pixels):
        maps = self.features(pixels)
        pooled = maps.view(len(maps), -1).unflatten(1, maps.shape[1:]).mean(dim=(2, 3))
        return self.head(pooled)


def test_a_network_that_needs_contiguous_maps_gets_them():
    network, runs = counted(seeded(Views))
    probe, pixels = Probe(network, ["activation"]), faces()
    assert_as_the_full_graph(network, "activation", pixels)
    probe.record(pixels)
    before = runs()
    torch.testing.assert_close(probe.scores(pixels), seeded(SmallCNN)(pixels))
    assert runs() == before + 1  # it is tried once
    assert hooks(network) == 0


def test_other_errors_of_the_network_are_not_tried_again():
    network, runs = counted(seeded(SmallCNN))
    with pytest.raises(RuntimeError, match="expected input"):
        Probe(network, ["activation"]).record(faces(channels=2))
    assert runs() == 1
