import math

import numpy as np
import pytest
import torch
from scipy.stats import bootstrap

from facsight.metrics.classification import bootstrap as slow_bootstrap
from facsight.metrics.resampling import class_mean_intervals, mean_intervals, resample_counts


def test_counts_are_those_of_draws_with_replacement(generator):
    counts = resample_counts(40, generator=generator, resamples=2000)
    assert (counts.sum(dim=1) == 40).all()
    # a face is left out with probability (1 - 1/40)^40; four standard errors of a share of 80,000
    assert counts.eq(0).double().mean().item() == pytest.approx((1 - 1 / 40) ** 40, abs=0.007)
    assert counts.mean(dim=0).tolist() == pytest.approx([1.0] * 40, abs=0.1)


def test_by_hand_with_counts_of_our_own():
    counts = torch.tensor([[2.0, 0, 0], [0, 2, 0], [1, 1, 0], [1, 0, 1]]).double()
    values = torch.tensor([[1.0, 1.0], [3.0, math.nan], [7.0, 5.0]])
    first, second = mean_intervals(values, counts, confidence=0.5)
    # means of the resamples: 1, 3, 2, 4; quartiles of these
    assert (first.estimate, first.low, first.high) == (pytest.approx(11 / 3), 1.75, 3.25)
    # 1, no value, 1, 3
    assert (second.estimate, second.low, second.high) == (3, 1, 2)


def test_agrees_with_scipy_and_with_a_loop(generator):
    values = torch.rand(200, 1, generator=generator).double().square()
    counts = resample_counts(200, generator=generator, resamples=4000)
    found = mean_intervals(values, counts)[0]
    told = bootstrap(
        (values.numpy().ravel(),),
        np.mean,
        n_resamples=4000,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    loop = slow_bootstrap(lambda v: v.mean(), values, generator=generator, resamples=1000)
    error = values.std().item() / 200**0.5
    for expected in (told, loop):
        assert found.low == pytest.approx(expected.low, abs=0.25 * error)
        assert found.high == pytest.approx(expected.high, abs=0.25 * error)


def test_class_means_weigh_classes_alike():
    values = torch.tensor([[1.0], [1.0], [1.0], [0.0], [math.nan]])
    label = torch.tensor([0, 0, 0, 1, 2])
    counts = torch.tensor([[1.0, 1, 1, 1, 1], [5.0, 0, 0, 0, 0]]).double()
    intervals, by_class = class_mean_intervals(values, label, counts, classes=4, confidence=0.0)
    assert by_class[:2].flatten().tolist() == [1, 0]
    assert by_class[2:].isnan().all()
    # the second resample has only class 0: its mean is 1; the middle of 1/2 and 1
    assert (intervals[0].estimate, intervals[0].low) == (0.5, 0.75)


def test_differences_share_their_resamples(generator):
    hard = torch.rand(300, generator=generator).double()
    values = torch.stack([hard, hard + 0.01, torch.full_like(hard, -0.01)], dim=1)
    counts = resample_counts(300, generator=generator)
    one, other, gap = mean_intervals(torch.stack([*values.unbind(1)[:2], hard - values[:, 1]], dim=1), counts)
    assert one.high > other.low
    assert gap.low == pytest.approx(-0.01)
    assert gap.high == pytest.approx(-0.01)


def test_no_face_is_nan(generator):
    counts = resample_counts(0, generator=generator, resamples=10)
    found = mean_intervals(torch.zeros(0, 2), counts)
    assert all(math.isnan(value) for interval in found for value in vars(interval).values())


def test_coverage_is_what_it_says(generator):
    """Of 300 intervals of 100 faces each, 95 % hold the true mean, give or take three standard errors."""
    held = 0
    for _ in range(300):
        values = torch.randn(100, 1, generator=generator)
        counts = resample_counts(100, generator=generator, resamples=400)
        interval = mean_intervals(values, counts)[0]
        held += interval.low <= 0 <= interval.high
    assert 0.90 <= held / 300 <= 0.985
