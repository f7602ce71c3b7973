"""Using a network without training it: in evaluation mode, or with a gradient for what goes in only."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
from torch.func import functional_call


@contextmanager
def evaluated(network: nn.Module) -> Iterator[None]:
    """All parts of a network in evaluation mode, and each back in the mode that it was in."""
    modes = {part: part.training for part in network.modules()}
    network.eval()
    try:
        yield
    finally:
        for part, mode in modes.items():
            part.training = mode


def fixed(network: nn.Module, *inputs: Tensor) -> Any:
    """What a network answers in evaluation mode, with a gradient for the inputs and none for its weights."""
    weights = {name: parameter.detach() for name, parameter in network.named_parameters()}
    with evaluated(network):
        return functional_call(network, weights, inputs)
