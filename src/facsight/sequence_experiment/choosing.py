"""Choosing the best of several ways to learn a task, and what the choice itself is worth.

The best of many on one set of recordings looks better than it is. So people are dealt into parts, the choice
is made once for each part on all others, and the part is scored by what they chose: the cross-fitted score is
that of the whole procedure, choice included. How much better the best looks on its own people is optimism.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, combinations

import torch
from jaxtyping import Int
from torch import Tensor

from facsight.core.errors import BadFolds
from facsight.metrics.clusters import ClusterTally


@dataclass(frozen=True)
class Strategy:
    """A way to learn a task: whose features it is given, which tasks are learnt beside it, in time or not.

    >>> str(Strategy(donors=("units",), beside=("affect",), temporal=True))
    'features of units, beside affect, in time'
    >>> str(Strategy())
    'alone'
    """

    donors: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    temporal: bool = False

    def __str__(self) -> str:
        parts = [f"features of {' + '.join(self.donors)}"] if self.donors else []
        parts += [f"beside {' + '.join(self.beside)}"] if self.beside else []
        return ", ".join(parts + ["in time"] * self.temporal) or "alone"

    @property
    def folder(self) -> str:
        """The name of its run folder."""
        return str(self).replace(" + ", "+").replace(", ", "-").replace(" ", "_")


#: The sums of a strategy's score for each person.
Evaluate = Callable[[Strategy], ClusterTally]
#: The best of the strategies for some of the people.
Choose = Callable[[Callable[[Strategy], float]], Strategy]


@dataclass(frozen=True)
class Choice:
    """What was chosen by everybody, what by the others of each part, and what both are worth."""

    best: Strategy
    apparent: float
    by_part: tuple[Strategy, ...]
    crossfitted: ClusterTally

    @property
    def optimism(self) -> float:
        """By how much the best looks better on the people it was chosen on than the choice is on others."""
        return self.apparent - self.crossfitted.estimate


def exhaustive(others: Sequence[str], *, temporal: bool) -> Choose:
    """All strategies, the simplest first: 4 to the power of the number of other tasks, twice that in time."""
    sets = [tuple(one) for one in chain(*(combinations(others, k) for k in range(len(others) + 1)))]
    times = (False, True) if temporal else (False,)
    every = [Strategy(donors, beside, time) for time in times for donors in sets for beside in sets]
    every.sort(key=lambda one: len(one.donors) + len(one.beside) + one.temporal)
    return lambda score: max(every, key=score)  # of equals the first


def greedy(others: Sequence[str], *, temporal: bool) -> Choose:
    """From alone on, a donor, a partner or the course of time after the other, while the best one helps."""

    def climb(score: Callable[[Strategy], float]) -> Strategy:
        here = Strategy()
        while further := _further(here, others, temporal):
            best = max(further, key=score)
            if score(best) <= score(here):
                break
            here = best
        return here

    return climb


def _further(here: Strategy, others: Sequence[str], temporal: bool) -> list[Strategy]:
    """The strategies with one thing more; tasks in their order, so that each set has one name."""
    found = [
        replace(here, **{role: tuple(one for one in others if one in (*given, name))})
        for role, given in (("donors", here.donors), ("beside", here.beside))
        for name in others
        if name not in given
    ]
    return found + ([replace(here, temporal=True)] if temporal and not here.temporal else [])


def deal(clusters: int, parts: int, *, seed: int = 0) -> Int[Tensor, "cluster"]:
    """The part of each person, at random, parts as large as each other; `BadFolds` for too few people."""
    if not 2 <= parts <= clusters:
        raise BadFolds(
            f"a choice is cross-fitted over 2 parts or more, with somebody in each: found {parts} parts of "
            f"{clusters} people"
        )
    order = torch.randperm(clusters, generator=torch.Generator().manual_seed(seed))
    return order.argsort() % parts


def choose(evaluate: Evaluate, choice: Choose, *, parts: int = 5, seed: int = 0) -> Choice:
    """The best strategy, and the score of choosing it, cross-fitted over people."""
    start = evaluate(Strategy())
    part = deal(len(start.sums), parts, seed=seed)

    def among(people: Tensor) -> Strategy:
        return choice(lambda one: _score(evaluate(one), people))

    by_part = tuple(among(part != k) for k in range(parts))
    sums = torch.where(
        torch.stack([part == k for k in range(parts)]).unsqueeze(-1),
        torch.stack([evaluate(one).sums for one in by_part]),
        0.0,
    ).sum(dim=0)
    best = among(torch.ones_like(part, dtype=torch.bool))
    return Choice(best, evaluate(best).estimate, by_part, replace(start, sums=sums))


def _score(tally: ClusterTally, people: Tensor) -> float:
    return float(tally.score(tally.sums[people].sum(dim=0, keepdim=True))[0])
