"""Class scores of very many pictures: the network once traced, with its steps fused, and checked."""

import warnings
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from facsight.probe.outputs import class_scores
from facsight.probe.probe import Probe

#: Tracing and fusing cost less than so many runs.
WORTHWHILE = 8

#: How far fused scores may be from the network's own, as a share of the largest.
AGREEMENT = 1e-5

#: What torch may raise while it traces, freezes or runs a network that it cannot trace.
UNTRACEABLE = (RuntimeError, TypeError, ValueError, AttributeError, NotImplementedError)


@torch.no_grad()
def fused_scores(
    probe: Probe, example: Float[Tensor, "batch _ _ _"], *, runs: int
) -> Callable[[Tensor], Tensor]:
    """Like `probe.scores`, sooner where that pays: for many runs on a processor, in single precision.

    The network is traced on two pictures, normalisation folded into convolutions and activations joined to
    them. Where it cannot be traced, or what it then says of the first and last pictures of the example is not
    what the network itself says, and for batches of another size than the example, the network itself is run.
    """
    wanted = runs >= WORTHWHILE and not any(part.training for part in probe.network.modules())
    single = example.device.type == "cpu" and example.dtype == torch.float32
    if not (wanted and single):
        return probe.scores
    ends = [0, len(example) - 1]
    try:
        fused = _traced(probe, example[ends])
        found, truth = fused(example), probe.scores(example[ends])
    except UNTRACEABLE:
        return probe.scores
    within = AGREEMENT * truth.abs().amax().clamp(min=1)
    same = found.shape == (len(example), truth.shape[1]) and ((found[ends] - truth).abs() <= within).all()
    if not bool(same):
        return probe.scores

    @torch.no_grad()
    def run(pixels: Tensor) -> Tensor:
        return fused(pixels) if pixels.shape == example.shape else probe.scores(pixels)

    return run


class _Scores(nn.Module):
    """The network and nothing but its class scores, as tracing wants it."""

    def __init__(self, probe: Probe):
        super().__init__()
        self.network, self.head = probe.network, probe.head
        self.training = False

    def forward(self, pixels: Tensor) -> Tensor:
        return class_scores(self.network(pixels), self.head)


def _traced(probe: Probe, example: Tensor) -> Callable[[Tensor], Tensor]:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        traced = torch.jit.trace(_Scores(probe), example, check_trace=False)
        fused = torch.jit.optimize_for_inference(torch.jit.freeze(traced))  # pyright: ignore
    if any(issubclass(warning.category, torch.jit.TracerWarning) for warning in told):  # pyright: ignore
        raise RuntimeError("a branch on values would be frozen as the example takes it")
    return fused
