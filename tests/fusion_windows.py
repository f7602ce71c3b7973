"""Small windows of several modalities for the tests of fusion blocks."""

import torch

from facsight.core.sequences import Sequences


def windows_of(sizes, *, batch=3, steps=5, generator, dtype=torch.float64, gaps=True):
    """Random features.

    With gaps the second window is two steps shorter, and the last one lacks two steps of the first modality
    and the whole last modality.
    """
    inside = torch.ones(batch, steps, dtype=torch.bool)
    known = {name: inside.clone() for name in sizes}
    if gaps:
        inside[1, steps - 2 :] = False
        known = {name: inside.clone() for name in sizes}
        known[next(iter(sizes))][batch - 1, 1:3] = False
        known[list(sizes)[-1]][batch - 1] = False
    streams = {
        name: torch.randn(batch, steps, size, dtype=dtype, generator=generator) * known[name].unsqueeze(-1)
        for name, size in sizes.items()
    }
    return Sequences(streams, known, inside)


def taken(windows, which):
    """Some of the windows, in this order."""
    return Sequences(
        {name: stream[which] for name, stream in windows.streams.items()},
        {name: known[which] for name, known in windows.known.items()},
        windows.inside[which],
    )
