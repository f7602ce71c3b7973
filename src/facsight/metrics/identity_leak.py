"""How well the person can be read from features: what a reader could recognise people by."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from facsight.core.errors import BadPeople, counted

#: The weight of the squared coefficients beside the mean cross entropy: holds where classes are separable.
PENALTY = 1e-3
#: Rounds of the solver: it stops before, once its gradient has gone.
ROUNDS = 200


@dataclass(frozen=True)
class IdentityLeak:
    """`accuracy` of telling people apart (the mean over people of the share told right) and that of a guess.

    `excess` is 0 for a guess and 1 where everybody is always told right.
    """

    accuracy: float
    chance: float
    people: int
    rows: int

    @property
    def excess(self) -> float:
        return (self.accuracy - self.chance) / (1 - self.chance)


def identity_leak(
    features: Float[Tensor, "row channel *place"], person: Int[Tensor, "row"], clip: Int[Tensor, "row"]
) -> IdentityLeak:
    """How well a linear probe reads the person from features, in clips that it has not seen.

    Every other clip of each person, in the order of their numbers, trains the probe (multinomial logistic
    regression of standardised features, with `PENALTY`); the others test it; then the other way around.
    Frames of one clip are nearly copies: a split by frames would measure that. Maps are averaged over their
    places. A probe that finds nothing proves nothing: one that is not linear may.

    `BadPeople` where there are fewer than two people, or one has a single clip.
    """
    rows = features.detach().double()
    rows = rows.flatten(2).mean(dim=2) if rows.ndim > 2 else rows
    people, place = person.unique(return_inverse=True)
    if len(people) < 2:
        raise BadPeople(f"expected two or more people to tell apart, found {len(people)}")
    half = _halves(person, clip)
    said = torch.empty_like(place)
    for side in (False, True):
        train, test = half != side, half == side
        said[test] = _probe(rows[train], place[train], rows[test], len(people))
    right = torch.zeros(len(people)).double().index_add(0, place, (said == place).double())
    accuracy = float((right / torch.bincount(place)).mean())
    return IdentityLeak(accuracy, 1 / len(people), len(people), len(rows))


def _halves(person: Int[Tensor, "row"], clip: Int[Tensor, "row"]) -> Tensor:
    """Which rows are of every other clip of their person."""
    half = torch.zeros(len(person), dtype=torch.bool)
    for one in person.unique().tolist():
        clips, turn = clip[person == one].unique(return_inverse=True)
        if len(clips) < 2:
            raise BadPeople(
                f"expected two clips or more of each person, found {counted(len(clips), 'clip')} of person "
                f"{one}: the probe is tested on clips that it has not seen"
            )
        half[person == one] = turn % 2 == 1
    return half


def _probe(train: Tensor, person: Tensor, test: Tensor, people: int) -> Int[Tensor, "row"]:
    mean, deviation = train.mean(dim=0), train.std(dim=0)
    # a channel that never changes tells nothing, and is not divided by its rounding error
    deviation = torch.where(deviation > 1e-9 * (1 + mean.abs()), deviation, torch.inf)
    train, test = (train - mean) / deviation, (test - mean) / deviation
    weight = torch.zeros(people, train.shape[1], dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(people, dtype=torch.float64, requires_grad=True)
    solver = torch.optim.LBFGS(
        [weight, bias], max_iter=ROUNDS, line_search_fn="strong_wolfe", tolerance_grad=1e-6
    )

    def cost() -> Tensor:
        solver.zero_grad()
        said = torch.nn.functional.cross_entropy(train @ weight.T + bias, person)
        whole = said + PENALTY * weight.square().sum()
        whole.backward()
        return whole

    solver.step(cost)  # pyright: ignore
    return (test @ weight.T + bias).argmax(dim=1)
