"""Who gains by adaptation and who loses: a score of each person before and after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from facsight.core.errors import BadLabels
from facsight.metrics.classification import Interval
from facsight.metrics.resampling import percentile_interval, resample_counts

#: What the interval takes for granted; told with every comparison.
ASSUMES = (
    "People are independent draws from one population; seeds are averaged within each. The interval is a "
    "percentile bootstrap over people, too narrow for fewer than about 20."
)


@dataclass(frozen=True)
class PersonalGain:
    """What a method did for people, beside the same people unadapted.

    `score` is the mean over people and `spread` its standard deviation (n - 1; NaN for one person). `gain` is
    the paired difference with its interval over people, NaN ends for one person. `gained` and `lost` name
    those who differ by more than the tolerance, most first, with by how much; `made_worse` is the share of
    people who lost. `recovered` is the gain as a share of what the bound gains over unadapted, NaN where the
    bound gains nothing.
    """

    score: float
    spread: float
    gain: Interval
    gained: tuple[tuple[str, float], ...]
    lost: tuple[tuple[str, float], ...]
    made_worse: float
    recovered: float


def personal_gain(
    scores: Mapping[str, Sequence[float]],
    unadapted: Mapping[str, Sequence[float]],
    bound: Mapping[str, Sequence[float]] | None = None,
    *,
    generator: torch.Generator,
    tolerance: float = 0.0,
    resamples: int = 2000,
    confidence: float = 0.95,
) -> PersonalGain:
    """Scores, one a seed, of each person under a method and unadapted; higher is better.

    `BadLabels` where people or their numbers of seeds differ: differences are paired.

    >>> found = personal_gain({"anna": [0.9], "ben": [0.5]}, {"anna": [0.5], "ben": [0.6]},
    ...                       generator=torch.Generator())
    >>> [name for name, _ in found.gained], [name for name, _ in found.lost], found.made_worse
    (['anna'], ['ben'], 0.5)
    """
    _check_paired(scores, unadapted)
    people = list(scores)
    after, before = _by_person(scores), _by_person(unadapted)
    difference = after - before
    told = sorted(zip(people, difference.tolist(), strict=True), key=lambda one: one[1])
    lost = tuple(one for one in told if one[1] < -tolerance)
    gained = sorted(told, key=lambda one: -one[1])
    return PersonalGain(
        score=float(after.mean()),
        spread=float(after.std()) if len(people) > 1 else torch.nan,
        gain=_interval(difference, generator, resamples, confidence),
        gained=tuple(one for one in gained if one[1] > tolerance),
        lost=lost,
        made_worse=len(lost) / len(people),
        recovered=_recovered(difference, before, bound, scores),
    )


def _by_person(scores: Mapping[str, Sequence[float]]) -> Float[Tensor, "person"]:
    return torch.stack([torch.tensor(own, dtype=torch.float64).mean() for own in scores.values()])


def _interval(difference: Tensor, generator: torch.Generator, resamples: int, confidence: float) -> Interval:
    estimate = float(difference.mean())
    if len(difference) < 2:
        return Interval(estimate, torch.nan, torch.nan)
    counts = resample_counts(len(difference), generator=generator, resamples=resamples)
    return percentile_interval(estimate, counts @ difference / len(difference), confidence)


def _recovered(
    difference: Tensor,
    before: Tensor,
    bound: Mapping[str, Sequence[float]] | None,
    scores: Mapping[str, Sequence[float]],
) -> float:
    if bound is None:
        return torch.nan
    _check_paired(scores, bound)
    gap = float((_by_person({name: bound[name] for name in scores}) - before).mean())
    return float(difference.mean()) / gap if gap > 0 else torch.nan


def _check_paired(one: Mapping[str, Sequence[float]], other: Mapping[str, Sequence[float]]) -> None:
    if not one or list(one) != list(other):
        raise BadLabels(
            f"expected the same people, one or more, in the same order, found {list(one)} and {list(other)}"
        )
    for person in one:
        if len(one[person]) != len(other[person]) or not one[person]:
            raise BadLabels(
                f"expected as many seeds of {person!r} with the method as without, one or more, found "
                f"{len(one[person])} and {len(other[person])}"
            )
