"""Resampling whole videos: the sums of clusters give what rows drawn again and scored again give."""

import math

import pytest
import torch
from scipy.stats import permutation_test

from facsight.core.errors import BadLabels
from facsight.functional.agreement import concordance
from facsight.metrics.abaw import abaw_score, abaw_tally
from facsight.metrics.classification import Interval, confusion_matrix, macro_f1
from facsight.metrics.clusters import (
    ClusterTally,
    cluster_bootstrap,
    cluster_codes,
    compare,
    confusion_tally,
    counted_tally,
    mean_tally,
)
from facsight.metrics.concordance import concordance_tally
from facsight.metrics.ranking import area_from_counts, threshold_average_precision, threshold_counts
from facsight.metrics.resampling import mean_intervals, resample_counts


def some_frames(generator, videos=12, frames=600):
    video = torch.randint(videos, (frames,), generator=generator)
    level = 0.3 * torch.randn(videos, generator=generator).double()[video]
    truth = (level + 0.2 * torch.randn(frames, generator=generator).double()).clamp(-1, 1)
    predicted = (0.7 * truth + 0.1 * torch.randn(frames, generator=generator).double()).clamp(-1, 1)
    return predicted, truth, video


def some_classes(generator, truth_of=0.6, videos=12, frames=600):
    video = torch.randint(videos, (frames,), generator=generator)
    truth = torch.randint(4, (frames,), generator=generator)
    guess = torch.randint(4, (frames,), generator=generator)
    return torch.where(torch.rand(frames, generator=generator) < truth_of, truth, guess), truth, video


def again(score, rows, video, counts):
    """The score of all rows of the drawn videos, each as often as it was drawn."""
    drawn = torch.cat([(video == k).nonzero().squeeze(1).repeat(int(n)) for k, n in enumerate(counts)])
    return score(*(values[drawn] for values in rows)).item()


def assert_draws_agree(tally, score, rows, video, generator):
    counts = resample_counts(12, generator=generator, resamples=20)
    fast = tally.score(counts @ tally.sums)
    slow = [again(score, rows, video, count) for count in counts.tolist()]
    assert fast.tolist() == pytest.approx(slow, abs=1e-12)
    assert tally.estimate == pytest.approx(score(*rows).item(), abs=1e-12)


def test_names_and_numbers_of_clusters():
    names, codes = cluster_codes(["b", "a", "b", "c"], 4)
    assert (names, codes.tolist()) == (["b", "a", "c"], [0, 1, 0, 2])
    names, codes = cluster_codes(torch.tensor([7, 3, 7]), 3)
    assert (names, codes.tolist()) == ([3, 7], [1, 0, 1])
    with pytest.raises(BadLabels, match="each of 2 rows, found 1"):
        cluster_codes(["a"], 2)


def test_confusions_are_those_of_drawn_rows(generator):
    predicted, truth, video = some_classes(generator)

    def score(answers, labels):
        return macro_f1(confusion_matrix(answers, labels, classes=5))

    tally = confusion_tally(macro_f1, predicted, truth, video, classes=5)
    assert_draws_agree(tally, score, (predicted, truth), video, generator)


def test_concordance_is_that_of_drawn_rows(generator):
    predicted, truth, video = some_frames(generator)
    for shift in (0.0, 100.0):
        rows = predicted + shift, truth + shift
        tally = concordance_tally(*rows, video)
        assert_draws_agree(tally, concordance, rows, video, generator)


def test_means_are_those_of_drawn_rows(generator):
    predicted, truth, video = some_frames(generator)
    error = (predicted - truth).square()
    assert_draws_agree(mean_tally(error, video), torch.mean, (error,), video, generator)


def test_any_score_of_sums_by_cluster(generator):
    truth = torch.randint(2, (600,), generator=generator)
    sure = torch.rand(600, generator=generator).double()
    video = torch.randint(12, (600,), generator=generator)

    def count(scores, labels):
        return threshold_counts(scores, labels, thresholds=1000)

    tally = counted_tally(count, area_from_counts, sure, truth, cluster=video)
    assert_draws_agree(tally, threshold_average_precision, (sure, truth), video, generator)
    other = counted_tally(count, area_from_counts, sure, truth.roll(1), cluster=video)
    with pytest.raises(BadLabels, match="their labels differ"):
        compare(tally, other, generator=generator)


def rows_of(task, generator):
    if task in ("VA", "EMI"):
        columns = 2 if task == "VA" else 6
        pairs = [some_frames(generator)[:2] for _ in range(columns)]
        predicted, truth = (torch.stack(side, dim=1) for side in zip(*pairs, strict=True))
        return (predicted, truth) if task == "VA" else (predicted.abs(), truth.abs())
    if task == "AU":
        truth = (torch.rand(600, 12, generator=generator) < 0.3).long()
        return truth ^ (torch.rand(600, 12, generator=generator) < 0.2).long(), truth
    return some_classes(generator)[:2]


@pytest.mark.parametrize(
    ("task", "edition"), [("VA", 10), ("EXPR", 10), ("EXPR", 1), ("AU", 10), ("AU", 2), ("EMI", 8), ("CE", 9)]
)
def test_challenge_scores_are_those_of_drawn_rows(task, edition, generator):
    predicted, truth = rows_of(task, generator)
    video = torch.randint(12, (600,), generator=generator)
    invalid = torch.rand(600, generator=generator) < 0.2
    if task == "VA":
        truth[invalid] = -5.0
    elif task != "EMI":
        truth[invalid] = -1

    def score(answers, labels):
        return torch.tensor(abaw_score(task, edition, answers, labels).value, dtype=torch.float64)

    tally = abaw_tally(task, edition, predicted, truth, cluster=video)
    counts = resample_counts(12, generator=generator, resamples=5)
    slow = [again(score, (predicted, truth), video, count) for count in counts.tolist()]
    assert tally.score(counts @ tally.sums).tolist() == pytest.approx(slow, abs=1e-12)
    assert tally.estimate == pytest.approx(abaw_score(task, edition, predicted, truth).value, abs=1e-12)


def test_three_tasks_at_once(generator):
    kinds = ("VA", "EXPR", "AU")
    rows = {kind: rows_of(kind, generator) for kind in kinds}
    predicted, truth = ({kind: rows[kind][k] for kind in kinds} for k in (0, 1))
    video = torch.randint(12, (600,), generator=generator)
    tally = abaw_tally("MTL", 7, predicted, truth, cluster=video)
    assert tally.estimate == pytest.approx(abaw_score("MTL", 7, predicted, truth).value, abs=1e-12)
    interval = cluster_bootstrap(tally, generator=generator, resamples=200)
    assert interval.low < interval.estimate < interval.high


def test_one_row_a_cluster_is_the_plain_bootstrap(generator):
    values = torch.rand(80, generator=generator).double()
    seeds = [torch.Generator().manual_seed(5) for _ in range(2)]
    found = cluster_bootstrap(mean_tally(values, torch.arange(80)), generator=seeds[0], resamples=500)
    counts = resample_counts(80, generator=seeds[1], resamples=500)
    expected = mean_intervals(values.unsqueeze(1), counts)[0]
    assert (found.low, found.high) == (pytest.approx(expected.low), pytest.approx(expected.high))


def test_frames_of_a_video_are_not_independent(generator):
    """One value a video: drawing frames, 20 times as many, makes intervals 4.5 times too narrow."""
    level = torch.randn(30, generator=generator).double()
    values, video = level.repeat_interleave(20), torch.arange(30).repeat_interleave(20)
    by_video = cluster_bootstrap(mean_tally(values, video), generator=generator)
    by_frame = cluster_bootstrap(mean_tally(values, torch.arange(600)), generator=generator)
    half = 1.96 * level.std(correction=0).item() / math.sqrt(30)
    assert by_video.high - by_video.low == pytest.approx(2 * half, rel=0.15)
    ratio = (by_video.high - by_video.low) / (by_frame.high - by_frame.low)
    assert ratio == pytest.approx(math.sqrt(20), rel=0.15)


def test_coverage_is_what_it_says(generator):
    """Of 200 intervals of 40 videos each, 95 % hold the true mean, give or take; they are a bit narrow."""
    held = 0
    for _ in range(200):
        level = torch.randn(40, generator=generator).double()
        tally = mean_tally(level.repeat_interleave(5), torch.arange(40).repeat_interleave(5))
        interval = cluster_bootstrap(tally, generator=generator, resamples=400)
        held += interval.low <= 0 <= interval.high
    assert 0.88 <= held / 200 <= 0.99


def test_a_better_system_is_found_and_a_twin_is_not(generator):
    _, truth, video = some_classes(generator, videos=40, frames=4000)
    good, poor, twin = (
        torch.where(torch.rand(4000, generator=generator) < share, truth, truth.roll(1))
        for share in (0.7, 0.6, 0.6)
    )
    one, other, third = (
        confusion_tally(macro_f1, answers, truth, video, classes=4) for answers in (good, poor, twin)
    )
    found = compare(one, other, generator=generator, permutations=2000)
    assert found.difference.low > 0
    assert found.difference.estimate == pytest.approx(one.estimate - other.estimate)
    assert found.p_value == pytest.approx(1 / 2001)
    assert found.clusters == 40
    assert "independent" in found.assumes
    same = compare(third, other, generator=generator, permutations=2000)
    assert same.difference.low < 0 < same.difference.high
    assert same.p_value > 0.05
    itself = compare(other, other, generator=generator, permutations=200)
    assert itself.difference == Interval(0.0, 0.0, 0.0)
    assert itself.p_value == 1


def test_pairing_narrows_the_interval(generator):
    predicted, truth, video = some_classes(generator)
    better = torch.where(torch.arange(600) < 20, truth, predicted)
    one, other = (confusion_tally(macro_f1, p, truth, video, classes=4) for p in (better, predicted))
    paired = compare(one, other, generator=generator, permutations=10).difference
    alone = cluster_bootstrap(one, generator=generator)
    assert paired.high - paired.low < 0.5 * (alone.high - alone.low)


def test_scipy_has_the_same_p_value(generator):
    """Of a mean over clusters of one row, exchanging two systems flips the sign of their difference."""
    one = torch.randn(14, generator=generator).double() + 0.4
    other = torch.randn(14, generator=generator).double()
    tallies = [mean_tally(values, torch.arange(14)) for values in (one, other)]
    found = compare(*tallies, generator=generator, permutations=20_000).p_value
    told = permutation_test(
        (one.numpy(), other.numpy()),
        lambda x, y, axis: (x - y).mean(axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=math.inf,  # all 2^14 exchanges
    ).pvalue
    assert found == pytest.approx(told, abs=0.012)


def test_p_values_without_a_difference_are_even(generator):
    """Of 200 pairs of equally good systems 5 % are below .05: at most 20 of 200, four standard errors up."""
    below = 0
    for _ in range(200):
        pair = torch.randn(2, 25, generator=generator).double()
        tallies = [mean_tally(values, torch.arange(25)) for values in pair]
        below += compare(*tallies, generator=generator, resamples=2, permutations=300).p_value < 0.05
    assert 2 <= below <= 22


def test_two_systems_need_the_same_rows(generator):
    predicted, truth, video = some_classes(generator)
    one = confusion_tally(macro_f1, predicted, truth, video, classes=4)
    for other in (
        confusion_tally(macro_f1, predicted[1:], truth[1:], video[1:], classes=4),
        confusion_tally(macro_f1, predicted, truth.roll(1), video, classes=4),
        confusion_tally(macro_f1, predicted, truth, video.roll(1), classes=4),
    ):
        with pytest.raises(BadLabels, match="same rows of the same clusters"):
            compare(one, other, generator=generator)
    predicted, truth, video = some_frames(generator)
    one = concordance_tally(predicted, truth, video)
    with pytest.raises(BadLabels, match="same rows of the same clusters"):
        compare(one, concordance_tally(predicted, truth + 0.1, video), generator=generator)
    assert compare(one, concordance_tally(truth, truth, video), generator=generator).difference.high < 0


def test_blocks_are_a_matter_of_memory_only(generator, monkeypatch):
    predicted, truth, video = some_frames(generator)
    tally = concordance_tally(predicted, truth, video)
    whole = cluster_bootstrap(tally, generator=torch.Generator().manual_seed(2), resamples=99)
    monkeypatch.setattr("facsight.metrics.clusters.BLOCK", 30)
    parts = cluster_bootstrap(tally, generator=torch.Generator().manual_seed(2), resamples=99)
    assert parts.low == pytest.approx(whole.low)
    assert parts.high == pytest.approx(whole.high)


def test_one_cluster_cannot_be_drawn_from(generator):
    with pytest.raises(BadLabels, match="at least 2 clusters to draw from, found 1"):
        cluster_bootstrap(mean_tally(torch.rand(5), ["a"] * 5), generator=generator)


def test_undefined_resamples_are_left_out(generator):
    sums = torch.tensor([[1.0, 1.0], [0.0, 0.0]]).double()
    tally = ClusterTally(sums, lambda totals: totals[:, 0] / totals[:, 1], sums)
    found = cluster_bootstrap(tally, generator=generator, resamples=50)
    assert (found.estimate, found.low, found.high) == (1, 1, 1)


def test_a_system_without_a_score_cannot_be_compared(generator):
    sums = torch.tensor([[0.0, 0.0], [0.0, 0.0]]).double()
    nothing = ClusterTally(sums, lambda totals: totals[:, 0] / totals[:, 1], sums)
    with pytest.raises(BadLabels, match="two scores to compare, found nan and nan"):
        compare(nothing, nothing, generator=generator)


def test_undefined_exchanges_count_against_a_difference(generator):
    """Half of all exchanges of two clusters have no score: p must not be smaller for it."""

    def score(totals):
        return torch.where(totals[:, 0] == 3, torch.nan, totals[:, 0])

    truth = torch.ones(2, 1).double()
    # together 6 and 0; with one cluster exchanged 3 for both
    one = ClusterTally(torch.tensor([[3.0], [3.0]]).double(), score, truth)
    other = ClusterTally(torch.tensor([[0.0], [0.0]]).double(), score, truth)
    assert compare(one, other, generator=generator, permutations=300).p_value == 1
