"""Many simulated source people and a target, for methods that learn from both."""

import torch
from torch import Tensor, nn

from facsight.core.people import Adapting, People, Unlabelled
from facsight.data.simulated.people import CHANNELS, EXPRESSIONS, Style, simulate_people
from facsight.nn.split_network import PooledHead, SplitNetwork

#: Channels of the features of `small_network`.
FEATURES = 32


def small_network(seed: int = 0) -> SplitNetwork:
    """Two layers of rectified units over the inputs, and a linear head."""
    torch.manual_seed(seed)
    encoder = nn.Sequential(nn.Linear(CHANNELS, 64), nn.ReLU(), nn.Linear(64, FEATURES), nn.ReLU())
    return SplitNetwork(encoder, PooledHead(FEATURES, classes=len(EXPRESSIONS)))


def source_people(people: int = 30, *, seed: int = 0, **options: Style) -> People:
    return simulate_people(people, generator=torch.Generator().manual_seed(2 * seed + 1), **options)


def halves(target: People) -> tuple[People, People]:
    """One person's clips to adapt on and others to score on, each with every expression."""
    first = target.clip < target.clip.unique().median() + 1
    return target.take(first), target.take(~first)


def small_batch(seed: int = 0, rows: int = 24) -> Adapting:
    """Rows of four source people and of one target."""
    sources = source_people(4, seed=seed)
    target = simulate_people(1, generator=torch.Generator().manual_seed(seed), first=30)
    order = torch.randperm(len(sources), generator=torch.Generator().manual_seed(seed))[:rows]
    return Adapting(target.take(order[:rows] % len(target)).without_labels(), sources.take(order))


def moved_by(term: Tensor, module: nn.Module) -> set[str]:
    """The parameters that a term's gradient moves."""
    named = dict(module.named_parameters())
    trained = {name: p for name, p in named.items() if p.requires_grad}
    gradients = torch.autograd.grad(term, list(trained.values()), allow_unused=True, retain_graph=True)
    return {
        name
        for name, gradient in zip(trained, gradients, strict=True)
        if gradient is not None and gradient.abs().sum() > 0
    }


def part(module: nn.Module, *prefixes: str) -> set[str]:
    """The names of a module's parameters under prefixes."""
    return {name for name, _ in module.named_parameters() if name.startswith(prefixes)}


def unlabelled(rows: list[list[float]]) -> Unlabelled:
    return Unlabelled(torch.tensor(rows), torch.arange(len(rows)))
