"""Concordance of traces over many videos: pooled, per video, and what lies between and within videos."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from facsight.core.errors import BadLabels
from facsight.functional.agreement import concordance_of
from facsight.functional.moments import (
    Moments,
    from_sums,
    grouped_moments,
    joined,
    merged,
    no_moments,
    pooled,
)
from facsight.metrics.clusters import ClusterTally, cluster_codes


@dataclass(frozen=True)
class Concordance:
    """Lin's concordance correlation, by every convention in use, and what it is made of.

    `pooled` is of all frames of all videos together: the number of challenges. `per_video` has each video's
    own, and `mean_per_video` is their unweighted mean. A video where truth or prediction never changes has 0,
    and is named in `constant_videos`. `between` and `within` add up to `pooled`: what right levels of videos,
    and what right changes in them, contribute. All are NaN without frames.
    """

    pooled: float
    mean_per_video: float
    between: float
    within: float
    per_video: dict[Hashable, float]
    constant_videos: tuple[Hashable, ...]
    frames: int


class ConcordanceCorrelation:
    """`Concordance` over batches, in memory that grows with videos but not with frames.

    Batches may hold any frames of any videos, in any order. Population variances (divided by n), double
    precision; a constant series counts 0. What is kept are each video's moments, so the result is that of all
    frames at once, to rounding.

    >>> ccc = ConcordanceCorrelation()
    >>> ccc.update(torch.tensor([0.6, 0.6, 0.6]), torch.tensor([0.5, 0.6, 0.7]), video="A")
    >>> ccc.update(torch.tensor([-0.6, -0.6, -0.6]), torch.tensor([-0.5, -0.6, -0.7]), video="B")
    >>> found = ccc.compute()
    >>> round(found.pooled, 5), found.per_video
    (0.99083, {'A': 0.0, 'B': 0.0})
    """

    def __init__(self) -> None:
        self.videos: dict[Hashable, int] = {}
        self.moments = no_moments()

    def update(
        self,
        predicted: Float[Tensor, "n"],
        truth: Float[Tensor, "n"],
        *,
        video: str | Sequence[Hashable] | Tensor = "",
        mask: Bool[Tensor, "n"] | None = None,
    ) -> None:
        """Add a batch of frames: of one video, or with a name or number of its video for each frame.

        Only frames that `mask` has count; the others may be anything. `BadLabels` for numbers that are not
        finite on frames that count: nothing is dropped silently.
        """
        check_pairs(predicted, truth, mask)
        names, codes = _videos(video, len(truth))
        if mask is not None:
            predicted, truth, codes = predicted[mask], truth[mask], codes[mask]
        self._add(names, grouped_moments(predicted, truth, codes, groups=len(names)))

    def merge(self, other: "ConcordanceCorrelation") -> None:
        """Add what another has seen of other frames, of the same videos or others."""
        self._add(list(other.videos), other.moments)

    def compute(self) -> Concordance:
        """The concordance of everything so far."""
        some = self.moments.count > 0
        names = [name for name, known in zip(self.videos, some.tolist(), strict=True) if known]
        by_video = Moments(self.moments.count[some], self.moments.means[some], self.moments.spreads[some])
        each = concordance_of(by_video, constant=0.0)
        flat = by_video.spreads[:, :2].eq(0).any(dim=1).tolist()
        between, within = concordance_parts(by_video)
        return Concordance(
            pooled=float(concordance_of(pooled(by_video), constant=0.0)),
            mean_per_video=float(each.mean()),
            between=float(between),
            within=float(within),
            per_video=dict(zip(names, each.tolist(), strict=True)),
            constant_videos=tuple(name for name, constant in zip(names, flat, strict=True) if constant),
            frames=int(by_video.count.sum()),
        )

    def _add(self, names: Sequence[Hashable], found: Moments) -> None:
        codes = [self.videos.setdefault(name, len(self.videos)) for name in names]
        group = torch.tensor([*range(len(self.moments.count)), *codes], dtype=torch.int64)
        self.moments = merged(joined(self.moments, found), group, groups=len(self.videos))


def concordance_parts(by_video: Moments) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    r"""What levels of videos, and changes within them, contribute to the pooled concordance.

    .. math:: \frac{2 s^{between}_{xy}}{D} + \frac{2 s^{within}_{xy}}{D},
        \quad D = s_x^2 + s_y^2 + (\bar x - \bar y)^2

    with the pooled covariance as the sum of that of the videos' means (weighted by frames) and that within
    videos, and the pooled D for both. 0 and 0 where D is 0.
    """
    whole = pooled(by_video)
    levels = pooled(Moments(by_video.count, by_video.means, torch.zeros_like(by_video.spreads)))
    apart = whole.count * (whole.means[0] - whole.means[1]).square()
    bottom = whole.spreads[0] + whole.spreads[1] + apart
    parts = (2 * levels.spreads[2] / bottom, 2 * by_video.spreads[:, 2].sum() / bottom)
    between, within = (torch.where(bottom > 0, part, 0.0) for part in parts)
    return torch.where(whole.count > 0, between, torch.nan), torch.where(whole.count > 0, within, torch.nan)


def concordance_tally(
    predicted: Float[Tensor, "n"], truth: Float[Tensor, "n"], cluster: Sequence[Hashable] | Tensor
) -> ClusterTally:
    """The pooled concordance as a score of sums over clusters, for `cluster_bootstrap` and `compare`."""
    check_pairs(predicted, truth, None)
    names, codes = cluster_codes(cluster, len(truth))
    by_cluster = grouped_moments(predicted, truth, codes, groups=len(names))
    centre = pooled(by_cluster).means[1].expand(2)
    sums = by_cluster.sums(centre)
    return ClusterTally(
        sums=sums,
        score=lambda totals: concordance_of(from_sums(totals, centre), constant=0.0),
        truth=torch.cat([sums[:, [0, 2, 4]], centre[:1].expand(len(sums), 1)], dim=1),
    )


def _videos(video: str | Sequence[Hashable] | Tensor, frames: int) -> tuple[Sequence[Hashable], Tensor]:
    if isinstance(video, str):
        return [video], torch.zeros(frames, dtype=torch.int64)
    return cluster_codes(video, frames)


def check_pairs(predicted: Tensor, truth: Tensor, mask: Tensor | None) -> None:
    """`BadLabels` where predictions and labels are not as many, or not finite on a row that counts."""
    if predicted.shape != truth.shape:
        shapes = f"{list(predicted.shape)} and {list(truth.shape)}"
        raise BadLabels(f"expected as many predictions as labels, found shapes {shapes}")
    for name, values in (("predictions", predicted), ("labels", truth)):
        bad = ~values.isfinite() if mask is None else ~values.isfinite() & mask
        if bool(bad.any()):
            first = int(bad.nonzero()[0])
            raise BadLabels(
                f"expected finite {name}, found {int(bad.sum())} that are not, the first in row {first}: "
                "mask rows that should not count"
            )
