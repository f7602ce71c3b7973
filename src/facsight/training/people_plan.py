"""What an experiment on people compares, and how a target's clips are divided."""

from collections.abc import Sequence
from dataclasses import dataclass

from facsight.core.errors import BadRecipe

#: What every method is held against, unless a recipe says otherwise.
BASELINES = (
    "person_normalisation",
    "batch_statistics",
    "neutral_subtraction",
    "nearest_neutral",
    "entropy",
)


@dataclass(frozen=True)
class PeoplePlan:
    """Other methods, with their usual options, that are run beside the recipe's; and over how many seeds.

    Seeds are the recipe's and those after it: of the network's start, of training, and of which clips of a
    target are adapted to. `share` is that of the clips; the rest is scored on. Two bounds are always run: the
    network unadapted, and the oracle, which sees the labels of all clips to adapt to. `bounds` are further
    ones, which see those of `few` clips. Methods that see source people are shown the `relevant` ones who
    look most like the target, or all.
    """

    methods: Sequence[str] = BASELINES
    bounds: Sequence[str] = ()
    few: int = 5
    relevant: int | None = None
    seeds: int = 1
    share: float = 0.5

    def __post_init__(self):
        for name in ("seeds", "few"):
            if getattr(self, name) < 1:
                raise BadRecipe(f"comparison.{name} is 1 or more, found {getattr(self, name)}")
        if self.relevant is not None and self.relevant < 1:
            raise BadRecipe(f"comparison.relevant is 1 or more, found {self.relevant}: leave it out for all")
        if not 0 < self.share < 1:
            raise BadRecipe(f"comparison.share is between 0 and 1, found {self.share}")
