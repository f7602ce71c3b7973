"""What source people's features are like: kept beside a network, in place of the people."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from facsight.core.errors import BadTraining
from facsight.functional.people_variance import PAIRS, pair_differences

#: What a step keeps of all before it: features move as their network is trained, and old ones are forgotten.
KEPT = 0.99


def channel_rows(features: Float[Tensor, "n channel *place"]) -> Float[Tensor, "n channel"]:
    """The mean of each channel over places."""
    return features.flatten(2).mean(dim=2) if features.ndim > 2 else features


class PeopleStyle(nn.Module):
    """Running means of classes and variances of people, channel by channel: numbers, no one's input.

    `update` takes labelled features in; `mean` and `spread` tell of a class, `variances` of people.
    """

    totals: Tensor
    places: Tensor
    counts: Tensor
    differences: Tensor
    pairs: Tensor

    def __init__(self, channels: int, classes: int):
        super().__init__()
        self.register_buffer("totals", torch.zeros(classes, channels))
        self.register_buffer("places", torch.zeros(classes, channels))
        self.register_buffer("counts", torch.zeros(classes))
        self.register_buffer("differences", torch.zeros(len(PAIRS), channels))
        self.register_buffer("pairs", torch.zeros(len(PAIRS)))

    @torch.no_grad()
    def update(
        self,
        features: Float[Tensor, "n channel *place"],
        label: Int[Tensor, "n"],
        person: Int[Tensor, "n"],
        clip: Int[Tensor, "n"],
    ) -> None:
        """Take in a batch; earlier ones count a hundredth less."""
        rows = channel_rows(features)
        apart = (features.flatten(1).reshape(*rows.shape, -1) - rows[..., None]).square().mean(dim=2)
        for kept, new in (
            (self.totals, rows),
            (self.places, apart),
            (self.counts, torch.ones_like(rows[:, 0])),
        ):
            kept.mul_(KEPT).index_add_(0, label, new)
        sums, pairs = pair_differences(rows - self.mean(label), label, person, clip)
        self.differences.mul_(KEPT).add_(sums)
        self.pairs.mul_(KEPT).add_(pairs)

    def mean(self, label: Int[Tensor, "*n"]) -> Float[Tensor, "*n channel"]:
        """Where a class lies, over people."""
        return self.totals[label] / self.counts[label].clamp(min=1e-12)[..., None]

    def spread(self, label: Int[Tensor, "*n"]) -> Float[Tensor, "*n channel"]:
        """The deviation of a class's values within a person, over rows and places."""
        within = sum(self.variances()[:2])
        return (within + self.places[label] / self.counts[label].clamp(min=1e-12)[..., None]).sqrt()

    def variances(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Of rows of a clip, of clips, of people by label, and of people: each by channel.

        Where people have one clip a label, what differs between clips is counted with labels, and so on;
        where they have one label, they do not differ by label. `BadTraining` where there was one person only.
        """
        if not self.pairs[-1] or not self.pairs[:-1].any():
            raise BadTraining(
                "what is a person's can be told from two source people or more, with two rows or more each "
                "in a batch; take more people or larger batches"
            )
        shown = [kind for kind in range(len(PAIRS)) if self.pairs[kind]]
        means = self.differences / self.pairs.clamp(min=1e-12)[:, None]
        levels = [means[_stand_in(kind, shown[:-1])] for kind in range(len(PAIRS) - 1)] + [means[-1]]
        parts = [levels[0]] + [(big - small).clamp(min=0) for small, big in pairwise(levels)]
        return parts[0], parts[1], parts[2], parts[3]

    def trust(self, noise: Float[Tensor, "channel"] | float) -> Float[Tensor, "channel"]:
        """How far a neutral mean with such a noise tells of a person, a share; 0 before anything is known."""
        if not self.pairs[-1] or not self.pairs[:-1].any():
            return torch.zeros_like(self.totals[0])
        _, _, label, person = self.variances()
        whole = label + person + noise
        return person / torch.where(whole > 0, whole, 1.0)


def _stand_in(kind: int, shown: Sequence[int]) -> int:
    """The kind of pairs that tells of `kind`: itself, the next that shares less, or else more."""
    return min(shown, key=lambda other: (other < kind, abs(other - kind)))
