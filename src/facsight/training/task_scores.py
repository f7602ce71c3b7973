"""The one score of each task, as a function of sums over people: what tasks are compared by.

CCC of values and levels, macro F1 of classes, F1 of units being there: the mean over the columns of a label
space, as in the scores of multi-task challenges.
"""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from facsight.core.labels import LabelSpace
from facsight.data.sequence_set import SequenceSet
from facsight.metrics.classification import macro_f1
from facsight.metrics.clusters import ClusterTally
from facsight.training.sequence_scoring import Said, who


def task_tally(said: Sequence[Said], recordings: SequenceSet, space: LabelSpace) -> ClusterTally:
    """The score of a label space, with the sums of each person (of each recording where nobody is known)."""
    people = sorted({who(one) for one in recordings.recordings})
    count, score, known = _ways(space)
    sums, truth = [[] for _ in people], [[] for _ in people]
    for one, answer in zip(recordings.recordings, said, strict=True):
        output = answer.outputs[space.name].reshape(-1, len(space)).double()
        labels = one.truth[space.name].reshape(-1, len(space)).double()
        place = people.index(who(one))
        sums[place].append(count(output, labels))
        truth[place].append(known(sums[place][-1]))
    return ClusterTally(_added(sums), score, _added(truth))


def _added(parts: Sequence[Sequence[Tensor]]) -> Float[Tensor, "cluster statistic"]:
    return torch.stack([torch.stack(list(own)).sum(dim=0) for own in parts])


#: What rows add up to, the score of sums, and the sums that depend on labels only.
_Ways = tuple[Callable[[Tensor, Tensor], Tensor], Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]


def _ways(space: LabelSpace) -> _Ways:
    if space.kind == "classes":
        size = len(space)
        return (
            _confusions,
            lambda sums: macro_f1(sums.reshape(-1, size, size)),
            lambda sums: sums.reshape(size, size).sum(dim=1),
        )
    if space.kind == "units":
        return _hits, _unit_f1, lambda sums: sums.reshape(3, -1)[2]
    return _moments, _concordance, lambda sums: sums.reshape(6, -1)[[0, 2, 4]].flatten()


def _confusions(said: Tensor, truth: Tensor) -> Float[Tensor, "statistic"]:
    known = truth.isfinite().all(dim=1) & said.isfinite().all(dim=1)
    place = truth[known].argmax(dim=1) * truth.shape[1] + said[known].argmax(dim=1)
    return place.bincount(minlength=truth.shape[1] ** 2).double()


def _hits(said: Tensor, truth: Tensor) -> Float[Tensor, "statistic"]:
    known, shown, true = truth.isfinite() & said.isfinite(), said >= 0, truth >= 0.5
    return torch.cat([(part & known).sum(dim=0) for part in (shown & true, shown, true)]).double()


def _unit_f1(sums: Float[Tensor, "draw statistic"]) -> Float[Tensor, "draw"]:
    """The mean over units; one that is neither there nor shown counts 0, as in the challenges."""
    hit, shown, true = sums.reshape(len(sums), 3, -1).unbind(dim=1)
    return (2 * hit / (shown + true).clamp(min=1)).mean(dim=1)


def _moments(said: Tensor, truth: Tensor) -> Float[Tensor, "statistic"]:
    known = truth.isfinite() & said.isfinite()
    x, y = torch.where(known, said, 0.0), torch.where(known, truth, 0.0)
    return torch.cat([part.sum(dim=0) for part in (known.double(), x, y, x * x, y * y, x * y)])


def _concordance(sums: Float[Tensor, "draw statistic"]) -> Float[Tensor, "draw"]:
    """The mean over columns of Lin's coefficient with population variances; constant series count 0."""
    n, x, y, xx, yy, xy = sums.reshape(len(sums), 6, -1).unbind(dim=1)
    n = n.clamp(min=1)
    both = xy / n - x * y / n**2
    apart = (xx - 2 * xy + yy) / n  # variances and the squared difference of means are this plus 2 both
    return (2 * both / (apart + 2 * both).clamp(min=1e-12)).mean(dim=1)
