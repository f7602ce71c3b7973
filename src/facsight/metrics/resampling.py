"""Bootstrap intervals of means of many scores at once, over faces and over classes.

A resample is a count of how often each face was drawn, so that the means of all scores over all resamples are
one matrix product. Scores that share their counts are resampled together: the interval of their difference,
face by face, is paired. For frames of videos, or videos of people, see `metrics/clusters.py`.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from facsight.metrics.classification import Interval


def resample_counts(
    faces: int, *, generator: torch.Generator, resamples: int = 1000
) -> Float[Tensor, "resample face"]:
    """How often each face is drawn when as many faces are drawn with replacement; each row sums to `faces`.

    Efron and Tibshirani, "An introduction to the bootstrap", 1993, section 6.2. It assumes independent faces:
    several of one person, or near copies, make intervals too narrow.
    """
    if faces == 0:
        return torch.zeros(resamples, 0, dtype=torch.float64)
    drawn = torch.randint(faces, (resamples, faces), generator=generator)
    drawn += torch.arange(resamples).unsqueeze(1) * faces
    counts = torch.bincount(drawn.flatten(), minlength=resamples * faces)
    return counts.view(resamples, faces).double()


def mean_intervals(
    values: Float[Tensor, "face score"],
    counts: Float[Tensor, "resample face"],
    *,
    confidence: float = 0.95,
) -> list[Interval]:
    """The mean of each score over faces, with its percentile interval; faces without a value are left out."""
    return _intervals(values.double().nanmean(dim=0), _resampled(values.double(), counts), confidence)


def class_mean_intervals(
    values: Float[Tensor, "face score"],
    label: Int[Tensor, "face"],
    counts: Float[Tensor, "resample face"],
    *,
    classes: int,
    confidence: float = 0.95,
) -> tuple[list[Interval], Float[Tensor, "class score"]]:
    """The unweighted mean over classes of each class's mean, with its interval; and the classes' means.

    Faces are resampled whatever their class. A class without any value, in the faces or in a resample, is
    left out of the mean there.
    """
    values = values.double()
    members = [label == k for k in range(classes)]
    by_class = torch.stack([values[rows].nanmean(dim=0) for rows in members])
    draws = torch.stack([_resampled(values[rows], counts[:, rows]) for rows in members])
    return _intervals(by_class.nanmean(dim=0), draws.nanmean(dim=0), confidence), by_class


def _resampled(values: Tensor, counts: Tensor) -> Float[Tensor, "resample score"]:
    known = values.isfinite()
    return counts @ torch.where(known, values, 0.0) / (counts @ known.double())


def percentile_interval(estimate: float, draws: Float[Tensor, "resample"], confidence: float) -> Interval:
    """The estimate with the percentiles of its resamples; those that are NaN are left out."""
    return _intervals(draws.new_tensor([estimate]), draws.unsqueeze(1), confidence)[0]


def _intervals(estimates: Tensor, draws: Tensor, confidence: float) -> list[Interval]:
    tail = (1 - confidence) / 2
    ends = draws.nanquantile(torch.tensor([tail, 1 - tail], dtype=torch.float64), dim=0)
    columns: Sequence[tuple[float, float, float]] = torch.stack([estimates, *ends], dim=1).tolist()
    return [Interval(*column) for column in columns]
