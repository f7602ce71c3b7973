"""Which action units a drawn expression shows, and how strongly."""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from facsight.core.errors import BadCodebook
from facsight.data.drawn.conditions import Conditions
from facsight.data.drawn.template import ACTION_UNITS

Recipe = Mapping[str, Mapping[int, float]]

#: Probability of each action unit given the expression: the prototypes of the FACS Investigator's Guide
#: (Ekman, Friesen and Hager 2002, table 10-1), with variants as probabilities below 1; contempt as in
#: Lucey et al. 2010 (AU 14), on both sides. The probabilities are ours, for drawing, and measure nothing.
PROTOTYPES: Recipe = {
    "neutral": {},
    "happiness": {12: 1.0, 6: 0.8, 25: 0.5},
    "surprise": {1: 1.0, 2: 1.0, 5: 0.8, 26: 0.6, 27: 0.4},
    "sadness": {1: 0.9, 4: 0.8, 15: 1.0, 17: 0.5},
    "anger": {4: 1.0, 5: 0.3, 7: 0.8, 23: 0.5, 24: 0.6},
    "disgust": {9: 0.9, 10: 0.7, 17: 0.4, 25: 0.3},
    "fear": {1: 1.0, 2: 0.6, 4: 0.9, 5: 0.8, 20: 0.9, 25: 0.6},
    "contempt": {14: 1.0},
}

#: Pairs that no face shows at once; where both are drawn, one is dropped by lot.
CLASHES = ((26, 27), (24, 25), (24, 26), (24, 27), (28, 25), (28, 26), (28, 27), (5, 43), (5, 45), (18, 20))


def probabilities(recipe: Recipe, classes: Sequence[str]) -> Float[Tensor, "class au"]:
    """The table of a recipe over `ACTION_UNITS`; a class without entry shows none, such as neutral.

    Raises `BadCodebook` for an action unit that is not drawn, or a probability outside 0 to 1.
    """
    table = torch.zeros(len(classes), len(ACTION_UNITS))
    for row, name in enumerate(classes):
        for number, probability in recipe.get(name, {}).items():
            if number not in ACTION_UNITS:
                raise BadCodebook(
                    f"AU {number} of {name!r} is not drawn; drawn are {', '.join(map(str, ACTION_UNITS))}"
                )
            if not 0 <= probability <= 1:
                raise BadCodebook(
                    f"AU {number} of {name!r} needs a probability from 0 to 1, found {probability}"
                )
            table[row, ACTION_UNITS.index(number)] = probability
    return table


def draw_intensities(
    label: Int[Tensor, "n"],
    table: Float[Tensor, "class au"],
    conditions: Conditions,
    generator: torch.Generator,
) -> Float[Tensor, "n au"]:
    """Intensities from 0 (absent) to 1 of each action unit on each face.

    A face shows each unit of its class with the table's probability, and at least the most probable one;
    its strengths lie between `conditions.weakest` and 1 and go together. Units outside what the face shows
    turn up with probability `conditions.distractors`, at most 0.6 of the weakest strength.
    """
    chance = table[label]
    present = torch.rand(chance.shape, generator=generator) < chance
    likeliest = torch.nn.functional.one_hot(chance.argmax(dim=1), chance.shape[1]).bool()
    lacking = ~present.any(dim=1) & chance.gt(0).any(dim=1)
    present = _without_clashes(present | (likeliest & lacking[:, None]), generator)
    weakest = conditions.weakest
    strength = weakest + (1 - weakest) * torch.rand(len(label), 1, generator=generator)
    wobble = 0.75 + 0.4 * torch.rand(chance.shape, generator=generator)
    shown = (strength * wobble).clamp(weakest, 1.0) * present
    stray = torch.rand(chance.shape, generator=generator) < conditions.distractors
    stray = _without_clashes(present | stray, generator, keep=present) & ~present
    return shown + stray * 0.6 * weakest * torch.rand(chance.shape, generator=generator)


def _without_clashes(present: Tensor, generator: torch.Generator, *, keep: Tensor | None = None) -> Tensor:
    """Drops one unit of each clash, by lot; never one of `keep`."""
    present = present.clone()
    for one, other in CLASHES:
        a, b = ACTION_UNITS.index(one), ACTION_UNITS.index(other)
        drop_first = torch.rand(len(present), generator=generator) < 0.5
        if keep is not None:
            drop_first = torch.where(keep[:, a], False, drop_first | keep[:, b])
        both = present[:, a] & present[:, b]
        present[:, a] &= ~(both & drop_first)
        present[:, b] &= ~(both & ~drop_first)
    return present
