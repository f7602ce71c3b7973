"""People with a style of their own: what is planted is a class, a gain and an offset a channel."""

import torch
from torch import nn

from facsight.core.people import People
from facsight.nn.split_network import PooledHead, SplitNetwork

CHANNELS, CLASSES, NEUTRAL = 6, 3, 0


def styled_people(
    persons: int, *, seed: int, rows: int = 30, gain: float = 0.0, offset: float = 0.0
) -> People:
    """Rows around a mean a class, the same for all, under `exp(gain * n)` and `offset * n` of each person.

    The classes are as often for each person; class 0 is neutral. Clips are of three rows of one class.
    """
    generator = torch.Generator().manual_seed(seed)
    means = 1.5 * torch.randn(CLASSES, CHANNELS, generator=torch.Generator().manual_seed(99))
    gains = torch.exp(gain * torch.randn(persons, CHANNELS, generator=generator))
    offsets = offset * torch.randn(persons, CHANNELS, generator=generator)
    person = torch.arange(persons).repeat_interleave(rows)
    label = (torch.arange(persons * rows) // 3) % CLASSES
    inputs = means[label] + 0.5 * torch.randn(persons * rows, CHANNELS, generator=generator)
    names = tuple(f"person_{k:02}" for k in range(persons))
    clip = torch.arange(persons * rows) // 3
    return People(inputs * gains[person] + offsets[person], label, person, clip, names)


def plain_network(seed: int = 0) -> SplitNetwork:
    """Features are the inputs themselves: a style of people is one of features."""
    torch.manual_seed(seed)
    return SplitNetwork(nn.Identity(), PooledHead(CHANNELS, classes=CLASSES))


def right(method: nn.Module, people: People) -> float:
    """The share of rows whose class a method says."""
    answers = method.eval().predict(people.inputs)  # pyright: ignore
    return float((answers.argmax(dim=1) == people.label).float().mean())
