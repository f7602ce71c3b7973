import math

import pytest
import torch

from facsight.core.errors import BadLabels
from facsight.functional.agreement import concordance
from facsight.metrics.concordance import ConcordanceCorrelation
from oracles.agreement import exact_concordance


def doubles(*values):
    return torch.tensor(values, dtype=torch.float64)


def some_traces(generator, count=600, videos=7):
    """Frames of videos with levels of their own, and readings of them that shrink."""
    video = torch.randint(videos, (count,), generator=generator)
    level = torch.randn(videos, generator=generator).double()[video]
    truth = level + 0.5 * torch.randn(count, generator=generator).double()
    return 0.6 * truth + 0.2 + 0.3 * torch.randn(count, generator=generator).double(), truth, video


def counted(predicted, truth, video, batches):
    found = ConcordanceCorrelation()
    for rows in batches:
        found.update(predicted[rows], truth[rows], video=video[rows])
    return found


def test_golden_vector():
    """Section 3.1 of the facts on ABAW: levels right, no changes within. By hand: means 0, covariance .36,
    variance of the truth .36 + .02 / 3, of the prediction .36: .72 / (.72 + .02 / 3)."""
    ccc = ConcordanceCorrelation()
    ccc.update(doubles(0.6, 0.6, 0.6), doubles(0.5, 0.6, 0.7), video="A")
    ccc.update(doubles(-0.6, -0.6, -0.6), doubles(-0.5, -0.6, -0.7), video="B")
    found = ccc.compute()
    assert found.pooled == pytest.approx(0.72 / (0.72 + 0.02 / 3), abs=1e-12)
    assert found.pooled == pytest.approx(0.99083, abs=5e-6)
    assert found.per_video == {"A": 0, "B": 0}
    assert found.mean_per_video == 0
    assert found.constant_videos == ("A", "B")
    assert found.frames == 6
    assert (found.between, found.within) == (pytest.approx(found.pooled, abs=1e-12), 0)


def test_right_changes_at_the_wrong_level_are_all_within():
    truth = doubles(0.5, 0.6, 0.7, -0.5, -0.6, -0.7)
    predicted = doubles(-0.1, 0.0, 0.1, 0.1, 0.0, -0.1)
    ccc = ConcordanceCorrelation()
    ccc.update(predicted, truth, video=["A"] * 3 + ["B"] * 3)
    found = ccc.compute()
    # covariance .02 / 3, all within; variances .36 + .02 / 3 and .02 / 3
    assert found.within == pytest.approx((0.04 / 3) / (0.36 + 0.04 / 3), abs=1e-12)
    assert found.between == pytest.approx(0, abs=1e-12)
    assert found.pooled == pytest.approx(found.within, abs=1e-12)


def test_pooled_is_not_the_mean_of_videos(generator):
    predicted, truth, video = some_traces(generator)
    found = counted(predicted, truth, video, [slice(None)]).compute()
    each = [concordance(predicted[video == k], truth[video == k]).item() for k in range(7)]
    assert list(found.per_video.values()) == pytest.approx(each, abs=1e-12)
    assert found.mean_per_video == pytest.approx(sum(each) / 7, abs=1e-12)
    assert found.pooled == pytest.approx(exact_concordance(predicted.tolist(), truth.tolist()), abs=1e-12)
    assert abs(found.pooled - found.mean_per_video) > 0.05
    assert found.between + found.within == pytest.approx(found.pooled, abs=1e-12)


def test_batches_parts_and_their_order_do_not_matter(generator):
    predicted, truth, video = some_traces(generator)
    whole = counted(predicted, truth, video, [slice(None)]).compute()
    mixed = torch.randperm(600, generator=generator)
    for batches in (mixed.split(1), mixed.split(77), [video == k for k in (3, 0, 6, 5, 1, 2, 4)]):
        found = counted(predicted, truth, video, batches).compute()
        assert found.pooled == pytest.approx(whole.pooled, abs=1e-12)
        assert found.within == pytest.approx(whole.within, abs=1e-12)
        assert {k: found.per_video[k] for k in range(7)} == pytest.approx(whole.per_video, abs=1e-12)
    one, other, third = (counted(predicted, truth, video, [rows]) for rows in mixed.split(200))
    third.merge(one)
    third.merge(other)
    assert third.compute().pooled == pytest.approx(whole.pooled, abs=1e-12)
    assert third.compute().frames == 600


def test_memory_grows_with_videos_and_not_with_frames(generator):
    predicted, truth, video = some_traces(generator)
    found = counted(predicted, truth, video, torch.arange(600).split(3))
    assert found.moments.count.shape == (7,)


def test_masks(generator):
    predicted, truth, video = some_traces(generator)
    mask = torch.rand(600, generator=generator) < 0.5
    spoilt = torch.where(mask, predicted, torch.nan), torch.where(mask, truth, -5.0)
    ccc = ConcordanceCorrelation()
    ccc.update(*spoilt, video=video, mask=mask)
    assert ccc.compute() == counted(predicted[mask], truth[mask], video[mask], [slice(None)]).compute()


def test_a_video_without_valid_frames_is_not_judged():
    ccc = ConcordanceCorrelation()
    ccc.update(doubles(0.1, 0.2), doubles(-5, -5), video="nobody", mask=torch.tensor([False, False]))
    ccc.update(doubles(0.1, 0.2), doubles(0.1, 0.2), video="somebody")
    assert ccc.compute().per_video == {"somebody": pytest.approx(1)}


def test_nothing_at_all():
    found = ConcordanceCorrelation().compute()
    assert all(math.isnan(v) for v in (found.pooled, found.mean_per_video, found.between, found.within))
    assert (found.per_video, found.frames) == ({}, 0)


def test_both_constant_is_zero_by_every_name():
    ccc = ConcordanceCorrelation()
    ccc.update(doubles(0.3, 0.3), doubles(0.3, 0.3))
    found = ccc.compute()
    assert (found.pooled, found.between, found.within, found.mean_per_video) == (0, 0, 0, 0)
    assert found.constant_videos == ("",)


def test_nothing_is_dropped_silently():
    ccc = ConcordanceCorrelation()
    with pytest.raises(BadLabels, match="finite predictions, found 2 that are not, the first in row 1"):
        ccc.update(doubles(0.1, math.nan, math.inf), doubles(0.1, 0.2, 0.3))
    with pytest.raises(BadLabels, match="finite labels, found 1"):
        ccc.update(doubles(0.1), doubles(math.nan))
    with pytest.raises(BadLabels, match="video or person for each of 2 rows, found 1"):
        ccc.update(doubles(0.1, 0.2), doubles(0.1, 0.2), video=["A"])
    assert ccc.compute().frames == 0


def test_unequal_lengths(unchecked):
    with pytest.raises(BadLabels, match=r"shapes \[2\] and \[1\]"):
        ConcordanceCorrelation().update(doubles(0.1, 0.2), doubles(0.1))
