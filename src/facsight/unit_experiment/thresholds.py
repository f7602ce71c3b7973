"""From which probability on a unit counts as shown, chosen and judged on different people.

A threshold that is judged on the faces it was chosen on looks better than it is, rare units most. Each face
is therefore decided at the threshold that the people of the other folds choose; the one that is kept is
chosen on all.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from facsight.core.labels import LabelSpace
from facsight.data.protocol import Part
from facsight.scoring.adjusting import Rows, UnitThresholds
from facsight.scoring.tallies import SHOWN

#: People are divided among so many folds, fewer where there are fewer people.
FOLDS = 5
ONE_PERSON = (
    "all faces are of one person: thresholds cannot be chosen on some people and judged on others, and stay "
    f"at {SHOWN:g}; validate on two people or more"
)


@dataclass(frozen=True)
class Choice:
    """A unit's threshold, None where it never shows, and how faces were decided.

    `decided` is each face's decision at the threshold of other people; only `judged` faces have one: those
    that were coded, where other people show the unit. `at_own` are the decisions at `threshold` itself.
    """

    threshold: float | None
    decided: Bool[Tensor, "n"]
    judged: Bool[Tensor, "n"]
    at_own: Bool[Tensor, "n"]


def persons_of(person: Int[Tensor, "n"]) -> Int[Tensor, "n"]:
    """Persons numbered from 0; a face of an unknown one (-1) is a person by itself.

    >>> persons_of(torch.tensor([7, -1, 7, -1])).tolist()
    [2, 0, 2, 1]
    """
    unknown = person < 0
    alone = torch.where(unknown, -torch.arange(len(person), 0, -1), person)
    return alone.unique(return_inverse=True)[1]


def choose(probability: Float[Tensor, "n"], shown: Float[Tensor, "n"], person: Int[Tensor, "n"]) -> Choice:
    """The threshold with the best F1 of a unit, cross-fitted over people; of several, the nearest to .5.

    `shown` is 1 or 0, NaN where not coded; `person` counts from 0. With one person alone nothing is chosen.
    """
    known, people = shown.isfinite(), int(person.max()) + 1 if len(person) else 0
    if people < 2:
        decided = probability >= SHOWN
        return Choice(SHOWN if bool((shown == 1).any()) else None, decided, known, decided)
    grid = _grid(probability[known], shown[known], person[known], people)
    fold, count = person % min(FOLDS, people), min(FOLDS, people)
    decided, judged = torch.zeros_like(known), torch.zeros_like(known)
    for held_out in range(count):
        rows = fold == held_out
        threshold = _best(grid, shown, person, ~rows)
        if threshold is not None:
            decided[rows], judged[rows] = probability[rows] >= threshold, known[rows]
    own = _best(grid, shown, person, torch.ones_like(known))
    return Choice(own, decided, judged, probability >= (SHOWN if own is None else own))


def _grid(probability: Tensor, shown: Tensor, person: Tensor, people: int) -> UnitThresholds:
    rows = Rows(
        LabelSpace("unit", ("unit",), kind="units"),
        (Part("unit", "unit_f1"),),
        probability[:, None].double().numpy(),
        shown[:, None].numpy(),
        person.numpy(),
        people,
    )
    return UnitThresholds(rows)


def _best(grid: UnitThresholds, shown: Tensor, person: Tensor, rows: Tensor) -> float | None:
    """The best threshold on the people of these rows; None where none of them shows the unit."""
    if not bool((shown[rows] == 1).any()):
        return None
    chosen = np.zeros(grid.rows.clusters, dtype=bool)
    chosen[person[rows].numpy()] = True
    steps = grid.fit(chosen).steps
    return float(steps[0].options["of"]["unit"]) if steps else SHOWN
