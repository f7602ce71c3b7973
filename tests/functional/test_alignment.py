import numpy as np
import pytest

from facsight.core.errors import BadRecipe, BadTimes
from facsight.functional.alignment import on_clock, steps_in, stitch, window_rows


def test_a_step_holds_the_mean_of_what_falls_into_it():
    time = np.array([0.0, 0.1, 0.2, 0.5, 0.69])
    means, known = on_clock(time, np.array([[1.0], [2.0], [6.0], [4.0], [8.0]]), step=0.25, steps=4)
    assert means[:, 0].tolist() == [3.0, 0.0, 6.0, 0.0]
    assert known.tolist() == [True, False, True, False]


def test_a_time_on_a_border_belongs_to_the_later_step_however_it_was_summed():
    time = np.cumsum(np.full(40, 0.1)) - 0.1  # 0.7999999999999999 among them
    _, known = on_clock(time, np.ones((40, 1)), step=0.1, steps=40)
    assert known.all()


def test_rows_that_are_not_known_do_not_count():
    values = np.array([[1.0, 1.0], [np.nan, 5.0], [3.0, 3.0]])
    means, known = on_clock(np.array([0.0, 0.1, 0.3]), values, step=0.25, steps=2)
    assert means.tolist() == [[1.0, 1.0], [3.0, 3.0]]
    assert known.all()
    _, none = on_clock(np.array([0.0]), np.array([[np.inf]]), step=1.0, steps=1)
    assert not none.any()


def test_what_lies_outside_is_left_out():
    means, known = on_clock(np.array([-0.1, 0.0, 9.0]), np.array([[9.0], [1.0], [9.0]]), step=0.5, steps=2)
    assert means[:, 0].tolist() == [1.0, 0.0]
    assert known.tolist() == [True, False]


def test_parts_of_a_step_are_in_their_order_and_half_of_them_are_enough():
    time = np.arange(6) * 0.125 + 0.01
    means, known = on_clock(time, np.arange(6.0)[:, None], step=0.5, steps=2, frames=4)
    assert means[..., 0].tolist() == [[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 0.0, 0.0]]
    assert known.tolist() == [True, True]
    assert on_clock(time[:1], np.ones((1, 1)), step=0.5, steps=1, frames=4)[1].tolist() == [False]


def test_against_a_loop():
    generator = np.random.default_rng(0)
    time, values = generator.uniform(0, 3, 200), generator.normal(size=(200, 2, 3))
    means, known = on_clock(time, values, step=0.2, steps=15)
    for k in range(15):
        inside = [v for t, v in zip(time, values, strict=True) if 0.2 * k <= t < 0.2 * (k + 1)]
        assert known[k] == bool(inside)
        np.testing.assert_allclose(means[k], np.mean(inside, axis=0) if inside else 0.0, rtol=1e-6, atol=1e-7)


def test_a_shift_of_one_step_is_seen():
    """What aligned values agree with, values that are a step late do not."""
    time = np.arange(400) / 25
    signal = np.random.default_rng(0).normal(size=40).repeat(10)[:, None]
    right, _ = on_clock(time, signal, step=0.4, steps=40)
    late, _ = on_clock(time + 0.4, signal, step=0.4, steps=40)
    assert np.corrcoef(right[1:, 0], late[1:, 0])[0, 1] < 0.5
    np.testing.assert_array_equal(right[:-1], late[1:])


def test_no_rows_at_all():
    means, known = on_clock(np.zeros(0), np.zeros((0, 5)), step=0.5, steps=3)
    assert means.shape == (3, 5)
    assert not known.any()


def test_times_that_are_no_times():
    with pytest.raises(BadTimes, match="finite"):
        on_clock(np.array([np.nan]), np.zeros((1, 1)), step=1.0, steps=1)
    with pytest.raises(BadRecipe, match="step above 0"):
        steps_in(1.0, 0.0)


def test_even_nothing_has_a_step():
    assert steps_in(0.0, 0.5) == 1


@pytest.mark.parametrize("steps", [1, 2, 7, 16, 29])
@pytest.mark.parametrize(
    ("length", "hop", "dilation"), [(1, 1, 1), (3, 2, 1), (8, 3, 1), (5, 5, 1), (3, 7, 3), (4, 2, 2)]
)
def test_windows_hold_every_step_in_order(steps, length, hop, dilation):
    rows = window_rows(steps, length=length, hop=hop, dilation=dilation)
    assert set(rows[rows >= 0].tolist()) == set(range(steps))
    for row in rows:
        inside = row[row >= 0]
        assert (np.diff(inside) == dilation).all()
        assert (row[len(inside) :] == -1).all()
    assert len(np.unique(rows, axis=0)) == len(rows)


def test_windows_that_would_leave_steps_out_are_refused():
    with pytest.raises(BadRecipe, match="hop of at most"):
        window_rows(10, length=3, hop=4)


def test_overlapping_windows_are_averaged_and_gaps_are_told():
    rows = np.array([[0, 1], [1, 2], [2, -1]])
    values = np.array([[[1.0], [2.0]], [[4.0], [6.0]], [[8.0], [99.0]]])
    mean, count = stitch(values, rows, 4)
    assert mean[:3, 0].tolist() == [1.0, 3.0, 7.0]
    assert np.isnan(mean[3, 0])
    assert count.tolist() == [1, 2, 2, 0]


def test_cutting_and_stitching_gives_back_what_was_there():
    series = np.random.default_rng(1).normal(size=(37, 2))
    rows = window_rows(37, length=8, hop=3, dilation=2)
    mean, count = stitch(np.where((rows >= 0)[..., None], series[rows], 1e9), rows, 37)
    np.testing.assert_allclose(mean, series, rtol=1e-12)
    assert count.min() >= 1
