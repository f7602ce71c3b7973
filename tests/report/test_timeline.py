import re

import numpy as np
import polars as pl
import pytest

from facsight.report.timeline import BAND, LEFT, WIDTH, binned, clock, edges_of, mean_shares, timeline


def test_bins_hold_means_and_say_where_there_is_none():
    edges = np.array([0.0, 1.0, 2.0, 3.0])
    time = np.array([0.1, 0.9, 2.5, 3.0])
    values = np.array([[1.0, np.nan], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]])
    found = binned(time, values, edges)
    np.testing.assert_allclose(found, [[2.0, 4.0], [np.nan, np.nan], [6.0, 7.0]])


def test_an_hour_has_as_many_bins_as_a_minute():
    assert len(edges_of(0.0, 3600.0, 90_000)) == len(edges_of(0.0, 60.0, 1500)) == 426
    assert len(edges_of(0.0, 0.0, 1)) == 2


def test_missing_shares_count_as_none():
    np.testing.assert_allclose(mean_shares(pl.DataFrame({"a": [0.5, None], "b": [0.1, 0.3]})), [0.25, 0.2])


def edges_in(path):
    """Where a path of steps begins and ends, its foot, and the heights of the steps."""
    start, foot = re.match(r"M([\d.]+) ([\d.]+)", path).groups()
    steps = [(float(y), float(x)) for y, x in re.findall(r"V([\d.]+)H([\d.]+)", path)]
    return float(start), steps[-1][1], float(foot), [y for y, _ in steps]


def test_stacked_areas_fill_the_band_and_leave_gaps_open():
    shares = np.array([[0.25, 0.75], [0.5, 0.5], [np.nan, np.nan], [1.0, 0.0]])
    line = timeline("t", {"person 1": (shares, {})}, np.array([0.0, 1, 2, 3, 4]), [])
    (band,) = line.bands
    span = WIDTH - LEFT - 10
    assert [number for number, _ in band.areas] == [1, 0, 1, 0]  # before and after the gap; 0 covers 1
    whole, lowest, _, last = (edges_in(path) for _, path in band.areas)
    assert whole[:2] == lowest[:2] == (LEFT, pytest.approx(LEFT + span / 2, abs=0.06))
    assert whole[2] == lowest[2] == band.y + BAND
    assert whole[3] == pytest.approx([band.y] * 2)
    assert lowest[3] == pytest.approx([band.y + BAND * 0.75, band.y + BAND * 0.5], abs=0.06)
    assert last[0] == pytest.approx(LEFT + span * 3 / 4, abs=0.06)
    assert last[3] == pytest.approx([band.y])


def test_cuts_damage_and_lanes_are_where_they_happened():
    lane = np.array([0.0, 0.25, np.nan, 1.0])
    line = timeline(
        "t", {"p": (np.ones((4, 1)), {"AU12": lane})}, np.array([0.0, 1, 2, 3, 4]), [2.0], [1.0, 9.0]
    )
    span = WIDTH - LEFT - 10
    assert line.cuts == pytest.approx((LEFT + span / 2,))
    assert line.damage == pytest.approx((LEFT + span / 4,))
    ((y, name, cells),) = line.bands[0].lanes
    assert name == "AU12"
    assert [opacity for opacity, _ in cells] == [0.5, 1.0]  # the roots of the shares
    left, top, right = re.match(r"M([\d.]+) (\d+)H([\d.]+)", cells[0][1]).groups()
    assert float(left) == pytest.approx(LEFT + span / 4, abs=0.06)
    assert float(right) == pytest.approx(LEFT + span / 2, abs=0.06)
    assert float(top) == y


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.0, "0:00.0"),
        (59.99, "0:59.9"),
        (60.0, "1:00"),
        (3599.9, "59:59"),
        (3600.0, "1:00:00"),
        (-5.0, "-0:05.0"),
    ],
)
def test_times_as_a_player_shows_them(seconds, told):
    assert clock(seconds) == told
