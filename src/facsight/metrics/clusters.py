"""How sure a score is, where rows come in clusters: frames of a video, videos of a person.

Frames of one video are nearly copies of each other, so it is videos (or people) that are drawn. A score that
is a function of sums over rows needs the sums of each cluster only: a resample of millions of frames is then
a product of how often each cluster was drawn with these sums.
"""

import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from facsight.core.errors import BadLabels
from facsight.metrics.classification import Interval, grouped_confusions
from facsight.metrics.resampling import percentile_interval, resample_counts

#: Numbers in one block of resamples by clusters: 32 MB.
BLOCK = 1 << 22

#: What the intervals and the test take for granted; told with every comparison.
ASSUMES = (
    "Clusters are independent draws from one population, and each has all its rows. The interval is a "
    "percentile bootstrap over clusters, too narrow for fewer than about 20. The p-value, two-sided, tests "
    "that exchanging the two systems' predictions within clusters changes nothing, for one comparison that "
    "was planned beforehand. What training again with another seed would change is in neither."
)


@dataclass(frozen=True)
class ClusterTally:
    """A score as a function of sums, and these sums for each cluster.

    `score` takes any number of rows of sums and gives a score for each. `truth` is what depends on the labels
    only: two systems can be compared where it is the same.
    """

    sums: Float[Tensor, "cluster statistic"]
    score: Callable[[Float[Tensor, "draw statistic"]], Float[Tensor, "draw"]]
    truth: Float[Tensor, "cluster known"]

    @property
    def estimate(self) -> float:
        """The score of all clusters together."""
        return float(self.score(self.sums.sum(dim=0, keepdim=True))[0])


@dataclass(frozen=True)
class Comparison:
    """How much better one system scores than another on the same clusters, and what that rests on."""

    difference: Interval
    p_value: float
    clusters: int
    assumes: str = ASSUMES


def cluster_codes(cluster: Sequence[Hashable] | Tensor, rows: int) -> tuple[list[Hashable], Int[Tensor, "n"]]:
    """The clusters' names, and for each row the position of its cluster's.

    `cluster` has a name or number for each of `rows` rows; names are in order of first appearance, numbers of
    a tensor sorted.

    >>> cluster_codes(["b", "a", "b"], 3)
    (['b', 'a'], tensor([0, 1, 0]))
    """
    if len(cluster) != rows:
        raise BadLabels(f"expected a video or person for each of {rows} rows, found {len(cluster)}")
    if isinstance(cluster, Tensor):
        names, codes = cluster.unique(return_inverse=True)
        return names.tolist(), codes
    known: dict[Hashable, int] = {}
    codes = torch.tensor([known.setdefault(name, len(known)) for name in cluster], dtype=torch.int64)
    return list(known), codes


def confusion_tally(
    score: Callable[[Tensor], Tensor],
    predicted: Int[Tensor, "n"],
    truth: Int[Tensor, "n"],
    cluster: Sequence[Hashable] | Tensor,
    *,
    classes: int,
) -> ClusterTally:
    """A score of confusion matrices (`macro_f1`, `accuracy_of`, `cohen_kappa`, ...) by cluster."""
    names, codes = cluster_codes(cluster, len(truth))
    counts = grouped_confusions(predicted, truth, codes, groups=len(names), classes=classes).double()
    return ClusterTally(
        sums=counts.flatten(1),
        score=lambda totals: score(totals.view(-1, classes, classes)),
        truth=counts.sum(dim=2),
    )


def mean_tally(values: Float[Tensor, "n"], cluster: Sequence[Hashable] | Tensor) -> ClusterTally:
    """The mean over rows of a value each row has, a squared error say, by cluster."""
    names, codes = cluster_codes(cluster, len(values))
    columns = torch.stack([values.double(), torch.ones(len(values)).double()], dim=1)
    sums = columns.new_zeros(len(names), 2).index_add(0, codes, columns)
    return ClusterTally(sums, lambda totals: totals[:, 0] / totals[:, 1], sums[:, 1:])


def counted_tally(
    count: Callable[..., Tensor],
    score: Callable[[Tensor], Tensor],
    *rows: Tensor,
    cluster: Sequence[Hashable] | Tensor,
) -> ClusterTally:
    """Any score of sums, as `Summed` has them, by cluster: `count` is called once a cluster.

    `score` is called once a resample. The last of `rows` is the truth.
    """
    names, codes = cluster_codes(cluster, len(rows[-1]))
    order, sizes = codes.argsort(stable=True), codes.bincount(minlength=len(names)).tolist()
    parts = list(zip(*(values[order].split(sizes) for values in rows), strict=True))
    sums = torch.stack([count(*part).double() for part in parts])
    return ClusterTally(
        sums=sums.flatten(1),
        score=lambda totals: torch.stack([score(total) for total in totals.view(-1, *sums.shape[1:])]),
        truth=torch.stack([_fingerprint(part[-1]) for part in parts]),
    )


def cluster_bootstrap(
    tally: ClusterTally, *, generator: torch.Generator, resamples: int = 1000, confidence: float = 0.95
) -> Interval:
    """Percentile interval of a score, whole clusters drawn with replacement.

    Davison and Hinkley, "Bootstrap methods and their application", 1997, section 3.8, the first of its two
    ways. Resamples whose score is NaN are left out. `BadLabels` for fewer than two clusters.
    """
    draws = [tally.score(counts @ tally.sums) for counts in _resamples(len(tally.sums), generator, resamples)]
    return percentile_interval(tally.estimate, torch.cat(draws), confidence)


def compare(
    one: ClusterTally,
    other: ClusterTally,
    *,
    generator: torch.Generator,
    resamples: int = 1000,
    permutations: int = 10_000,
    confidence: float = 0.95,
) -> Comparison:
    """Whether `one` scores higher than `other` on the same rows of the same clusters.

    The interval of the difference draws the same clusters for both. The p-value is that of a sign-flip test:
    the two systems change places in a random half of the clusters (Good, "Permutation, parametric and
    bootstrap tests of hypotheses", 2005), and p is the share of such exchanges, the observed one included,
    whose difference is at least as large, or is not defined. `BadLabels` where the two were not scored on the
    same labels, or one of them has no score.
    """
    if one.truth.shape != other.truth.shape or not torch.equal(one.truth, other.truth):
        raise BadLabels("two systems are compared on the same rows of the same clusters; their labels differ")
    clusters, observed = len(one.sums), one.estimate - other.estimate
    if not math.isfinite(observed):
        raise BadLabels(f"expected two scores to compare, found {one.estimate} and {other.estimate}")
    draws = torch.cat(
        [
            one.score(counts @ one.sums) - other.score(counts @ other.sums)
            for counts in _resamples(clusters, generator, resamples)
        ]
    )
    flipped = torch.cat(
        [
            one.score(kept @ one.sums + (1 - kept) @ other.sums)
            - other.score(kept @ other.sums + (1 - kept) @ one.sums)
            for kept in _flips(clusters, generator, permutations)
        ]
    )
    smaller = int((flipped.abs() < abs(observed) * (1 - 1e-9)).sum())
    return Comparison(
        difference=percentile_interval(observed, draws, confidence),
        p_value=(1 + permutations - smaller) / (1 + permutations),
        clusters=clusters,
    )


def _resamples(clusters: int, generator: torch.Generator, resamples: int) -> Iterator[Tensor]:
    """How often each cluster is drawn, in blocks of resamples."""
    if clusters < 2:
        raise BadLabels(f"expected at least 2 clusters to draw from, found {clusters}")
    for size in _blocks(clusters, resamples):
        yield resample_counts(clusters, generator=generator, resamples=size)


def _flips(clusters: int, generator: torch.Generator, permutations: int) -> Iterator[Tensor]:
    for size in _blocks(clusters, permutations):
        yield torch.randint(2, (size, clusters), generator=generator).double()


def _blocks(clusters: int, draws: int) -> list[int]:
    size = max(1, BLOCK // clusters)
    return [min(size, draws - start) for start in range(0, draws, size)]


def _fingerprint(truth: Tensor) -> Float[Tensor, "known=3"]:
    """Numbers that other labels, or the same in another order, hardly share."""
    flat = truth.double().flatten()
    place = torch.arange(1, len(flat) + 1).double()
    return torch.stack([place.new_tensor(len(flat)), flat.sum(), (flat * place).sum()])
