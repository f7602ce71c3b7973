"""People whose features differ by a gain and an offset of every channel, and whose expressions do not."""

from dataclasses import dataclass

import torch
from torch import nn

from facsight.core.people import People, Unlabelled
from facsight.nn.split_network import SplitNetwork

CLASSES, CHANNELS, EACH = 4, 16, 16


@dataclass(frozen=True)
class World:
    """Source people, and targets with labels, of which methods see none."""

    sources: People
    targets: list[People]


def world(seed, *, sources=12, targets=4, offset=1.2, gain=0.3, noise=1.0):
    """Every row is a clip of its own; standardised by the sources."""
    g = torch.Generator().manual_seed(seed)
    means = 0.8 * torch.randn(CLASSES, CHANNELS, generator=g)
    label = torch.arange(CLASSES).repeat_interleave(EACH)
    rows = []
    for _ in range(sources + targets):
        factor = torch.exp(gain * torch.randn(CHANNELS, generator=g))
        where = offset * torch.randn(CHANNELS, generator=g)
        rows.append(factor * (means[label] + noise * torch.randn(len(label), CHANNELS, generator=g)) + where)
    known = torch.cat(rows[:sources])
    rows = [(each - known.mean(dim=0)) / known.std(dim=0) for each in rows]
    return World(_people(rows[:sources], label), [_people([each], label) for each in rows[sources:]])


def neutral(person):
    """The first half of the neutral rows, without labels."""
    rows = (person.label == 0).nonzero().flatten()[: EACH // 2]
    return Unlabelled(person.inputs[rows], person.clip[rows])


def unseen(person):
    """Every other row: those that no method is shown."""
    return person.take(torch.arange(EACH // 2, len(person)))


def network(seed=0, hidden=32):
    """Features are the inputs themselves."""
    torch.manual_seed(seed)
    head = nn.Sequential(nn.Linear(CHANNELS, hidden), nn.ReLU(), nn.Linear(hidden, CLASSES))
    return SplitNetwork(nn.Identity(), head)


def trained(stage, people, *, steps=200, rate=5e-3, batch=64):
    """After so many steps on random rows."""
    optimizer = torch.optim.AdamW([p for p in stage.parameters() if p.requires_grad], rate)
    g = torch.Generator().manual_seed(0)
    for step in range(steps):
        stage.train().update(
            people.take(torch.randperm(len(people), generator=g)[:batch]), optimizer, step / steps
        )
    return stage.eval()


def accuracy(method, people):
    with torch.no_grad():
        return float((method.predict(people.inputs).argmax(dim=1) == people.label).float().mean())


def _people(rows, label):
    person = torch.arange(len(rows)).repeat_interleave(len(label))
    return People(
        torch.cat(rows),
        label.repeat(len(rows)),
        person,
        torch.arange(len(person)),
        tuple(f"person {k}" for k in range(len(rows))),
    )
