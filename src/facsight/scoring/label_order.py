"""Whether predictions name their classes in the order in which they were learned.

A permuted label order costs no error message, only the score: 11 % accuracy instead of 90 %. The test:

1. videos (or persons, or samples where nothing is known) are divided into two halves, every second one;
2. on the first half the one-to-one renaming of the predicted classes is sought that fits the labels best;
3. on the second half, the gain in balanced accuracy by that renaming is added up by video.

An order is suspected where the gain is at least `LEAST_GAIN` and the sum of the videos' gains is at least
`sqrt(2 log(1 / FALSE_ALARM))` times the root of the sum of their squares. For videos that are independent and
whose gains are as likely above as below zero, this happens with a probability of at most `FALSE_ALARM`, for
any number of videos (Hoeffding's inequality for signs): so often is a reader suspected without reason whom no
renaming would make better. The renaming comes from other videos than the gain, so seeking it costs nothing.
"""

from dataclasses import dataclass
from math import log, sqrt

import torch
from jaxtyping import Float
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from facsight.metrics.order import class_likeness
from facsight.scoring.tallies import SpaceTally

#: At most so often is a predictor suspected that no other order would make better.
FALSE_ALARM = 0.001
#: Gain in balanced accuracy below which a renaming is of no interest.
LEAST_GAIN = 0.1


@dataclass(frozen=True)
class Suspicion:
    """A renaming of predicted classes that fits far better: predicted word -> what it seems to mean."""

    renaming: dict[str, str]
    given: float
    renamed: float

    def __str__(self) -> str:
        moved = ", ".join(f"{said} for {meant}" for said, meant in self.renaming.items() if said != meant)
        return (
            f"the predicted classes seem to be named in another order: reading {moved} raises balanced "
            f"accuracy from {self.given:.3f} to {self.renamed:.3f} on rows that it was not sought on "
            f"(false alarms: at most {FALSE_ALARM:.1%} of predictors that no renaming makes better)"
        )


def suspected_order(tally: SpaceTally) -> Suspicion | None:
    """A renaming of the predicted classes that is far better than the given one; None without suspicion.

    None, too, where there are too few videos to tell: fewer than 14 with a gain in the second half.
    """
    size = len(tally.space)
    counts = tally.sums.view(-1, size, size)
    counts = counts[counts.sum(dim=(1, 2)) > 0]
    sought, judged = counts[::2], counts[1::2]
    if not len(judged):
        return None
    meant = _best(sought.sum(dim=0))
    given, renamed = _balanced(judged, torch.arange(size)), _balanced(judged, meant)
    gain = renamed - given
    limit = sqrt(2 * log(1 / FALSE_ALARM)) * gain.square().sum().sqrt()
    if gain.sum() < max(LEAST_GAIN, float(limit)):
        return None
    words = tally.space.classes
    renaming = {words[k]: words[int(meant[k])] for k in range(size)}
    return Suspicion(renaming, float(given.sum()), float(renamed.sum()))


def _best(confusion: Float[Tensor, "truth predicted"]) -> Tensor:
    """For each predicted class, the true one that it stands for in the best one-to-one assignment."""
    likeness = class_likeness(confusion).nan_to_num(nan=0.0)
    predicted, truth = linear_sum_assignment(likeness.numpy(), maximize=True)
    meant = torch.arange(len(likeness))
    meant[torch.from_numpy(predicted)] = torch.from_numpy(truth)
    return meant


def _balanced(counts: Float[Tensor, "cluster truth predicted"], meant: Tensor) -> Float[Tensor, "cluster"]:
    """What each cluster adds to the balanced accuracy if predictions mean what `meant` says."""
    labelled = counts.sum(dim=(0, 2))
    weight = torch.where(labelled > 0, 1 / labelled.clamp(min=1), 0.0) / (labelled > 0).sum()
    right = counts[:, meant, torch.arange(len(meant))]
    return (right * weight[meant]).sum(dim=1)
