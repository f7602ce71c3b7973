"""Which action units go together on drawn faces, by a table that is known exactly."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from facsight.core.errors import BadCodebook
from facsight.data.drawn.template import ACTION_UNITS


@dataclass(frozen=True)
class Cooccurrence:
    """Every unit shows with probability `rate`; of a pair (one, other, together) both do with `together`.

    Pairs are independent of one another and of the units that are in none, so the table of all units is a
    product of tables of two. A unit is in one pair at most. `together` is rate² where a pair means nothing,
    more where its units go together, less where they exclude each other. `BadCodebook` says what cannot be.
    """

    action_units: tuple[int, ...]
    pairs: tuple[tuple[int, int, float], ...]
    rate: float

    def __post_init__(self):
        paired = [unit for one, other, _ in self.pairs for unit in (one, other)]
        for unit in (*self.action_units, *paired):
            known = ACTION_UNITS if unit not in paired else self.action_units
            if unit not in known:
                raise BadCodebook(f"AU {unit} is not drawn here; drawn are {', '.join(map(str, known))}")
        if len(set(paired)) < len(paired) or len(set(self.action_units)) < len(self.action_units):
            raise BadCodebook(
                f"expected each unit once, and in one pair at most, found {self.action_units}, {self.pairs}"
            )
        if not 0 < self.rate < 1:
            raise BadCodebook(f"expected a rate above 0 and below 1, found {self.rate}")
        for one, other, together in self.pairs:
            if not max(0.0, 2 * self.rate - 1) <= together <= self.rate:
                raise BadCodebook(
                    f"AU {one} and AU {other} show with probability {self.rate} each: together with "
                    f"{max(0.0, 2 * self.rate - 1)} to {self.rate}, found {together}"
                )

    @property
    def partners(self) -> Bool[Tensor, "unit unit"]:
        """Which units are a pair."""
        table = torch.zeros(len(self.action_units), len(self.action_units), dtype=torch.bool)
        for one, other in self._places():
            table[one, other] = table[other, one] = True
        return table

    @property
    def joint(self) -> Float[Tensor, "unit unit"]:
        """The probability of both of any two units; on the diagonal that of one."""
        count = len(self.action_units)
        table = torch.full((count, count), self.rate**2).fill_diagonal_(self.rate)
        for (one, other), (_, _, together) in zip(self._places(), self.pairs, strict=True):
            table[one, other] = table[other, one] = together
        return table

    def draw(self, n: int, generator: torch.Generator) -> Bool[Tensor, "n unit"]:
        """Which units so many faces show.

        >>> table = Cooccurrence((1, 12), ((1, 12, 0.3),), rate=0.3)
        >>> shown = table.draw(100, torch.Generator().manual_seed(0))
        >>> bool((shown[:, 0] == shown[:, 1]).all())
        True
        """
        lot = torch.rand(n, len(self.action_units), generator=generator)
        shown = lot < self.rate
        for (one, other), (_, _, together) in zip(self._places(), self.pairs, strict=True):
            given = torch.where(shown[:, one], together, self.rate - together)
            chance = given / torch.where(shown[:, one], self.rate, 1 - self.rate)
            shown[:, other] = lot[:, other] < chance
        return shown

    def told_by_partner(self, shown: Float[Tensor, "n unit"]) -> Float[Tensor, "n unit"]:
        """The probability of each unit given all others: what can be known of one that is hidden."""
        told = torch.full_like(shown, self.rate)
        for (one, other), (_, _, together) in zip(self._places(), self.pairs, strict=True):
            present, absent = together / self.rate, (self.rate - together) / (1 - self.rate)
            told[:, one] = torch.where(shown[:, other] > 0, present, absent)
            told[:, other] = torch.where(shown[:, one] > 0, present, absent)
        return told

    def _places(self) -> Sequence[tuple[int, int]]:
        return [
            (self.action_units.index(one), self.action_units.index(other)) for one, other, _ in self.pairs
        ]
