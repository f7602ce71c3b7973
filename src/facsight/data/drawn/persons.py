"""Who is drawn: the lasting looks of a person, a function of the person's number alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from facsight.data.drawn.template import PERSON_MOVES

#: Looks beside the shape, each between 0 and 1: what 0 and 1 mean stands beside it.
LOOKS = (
    "skin",  # dark .. light
    "hair",  # black .. white
    "hair_length",  # cropped .. to the shoulders
    "fringe",  # high hairline .. deep fringe
    "parting",  # fringe longer on the left .. on the right
    "brow",  # thin .. bushy
    "lips",  # pale .. dark
    "iris",  # dark .. light
    "beard",  # below 0.7 none, then stubble .. full
    "glasses",  # below 0.75 none, then thin .. thick
    "age",  # smooth .. furrowed
)


@dataclass(frozen=True)
class People:
    """A row a face: the person's number, shape coefficients (rows of `PERSON_MOVES`) and `LOOKS`."""

    identity: Int[Tensor, "n"]
    shape: Float[Tensor, "n proportion"]
    looks: Float[Tensor, "n look"]

    def look(self, name: str) -> Float[Tensor, "n"]:
        return self.looks[:, LOOKS.index(name)]


def people(numbers: Sequence[int] | Int[Tensor, "n"]) -> People:
    """The persons of these numbers: the same number is the same person, in every set and on every machine.

    >>> twice = people([7, 7])
    >>> bool((twice.shape[0] == twice.shape[1]).all()), bool((twice.looks == people([7]).looks).all())
    (True, True)
    """
    identity = torch.as_tensor(numbers, dtype=torch.int64)
    distinct, rows = identity.unique(return_inverse=True)
    draws = (
        torch.stack([_draw(int(number)) for number in distinct]) if len(distinct) else torch.zeros(0, _DRAWS)
    )
    shape, looks = draws.split([len(PERSON_MOVES), len(LOOKS)], dim=1)
    return People(identity, (2 * shape - 1)[rows], looks[rows])


def average(count: int) -> People:
    """Faces without any peculiarity: the template's shape, middling looks, no beard, no glasses, young."""
    looks = {
        "fringe": 0.2,
        "beard": 0.0,
        "glasses": 0.0,
        "age": 0.0,
        "skin": 0.7,
        "hair": 0.2,
        "hair_length": 0.3,
    }
    row = torch.tensor([looks.get(name, 0.5) for name in LOOKS])
    return People(
        torch.full((count,), -1), torch.zeros(count, len(PERSON_MOVES)), row.expand(count, len(LOOKS)).clone()
    )


_DRAWS = len(PERSON_MOVES) + len(LOOKS)


def _draw(number: int) -> Tensor:
    return torch.rand(_DRAWS, generator=torch.Generator().manual_seed(number))
