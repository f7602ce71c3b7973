import numpy as np
import pytest

from facsight.report.timeline import BAND, LEFT, WIDTH, binned, clock, edges_of, timeline


def test_bins_hold_means_and_say_where_there_is_none():
    edges = np.array([0.0, 1.0, 2.0, 3.0])
    time = np.array([0.1, 0.9, 2.5, 3.0])
    values = np.array([[1.0, np.nan], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]])
    found = binned(time, values, edges)
    np.testing.assert_allclose(found, [[2.0, 4.0], [np.nan, np.nan], [6.0, 7.0]])


def test_an_hour_has_as_many_bins_as_a_minute():
    assert len(edges_of(0.0, 3600.0, 90_000)) == len(edges_of(0.0, 60.0, 1500)) == 601
    assert len(edges_of(0.0, 0.0, 1)) == 2


def corners(points):
    return np.array([[float(n) for n in pair.split(",")] for pair in points.split()])


def test_stacked_areas_fill_the_band_and_leave_gaps_open():
    shares = np.array([[0.25, 0.75], [0.5, 0.5], [np.nan, np.nan], [1.0, 0.0]])
    line = timeline("t", {"person 1": (shares, {})}, np.array([0.0, 1, 2, 3, 4]), [])
    (band,) = line.bands
    span = WIDTH - LEFT - 10
    areas = {n: [corners(p) for m, p in band.areas if m == n] for n in (0, 1)}
    assert len(areas[0]) == 2  # one on either side of the gap
    first = areas[0][0]
    assert first[:, 0].min() == LEFT
    assert first[:, 0].max() == pytest.approx(LEFT + span / 2, abs=0.06)
    # the lowest class starts at the bottom and is a quarter high in the first bin
    assert first[:, 1].max() == pytest.approx(band.y + BAND)
    assert first[0, 1] == pytest.approx(band.y + BAND * 0.75)
    assert areas[1][0][:, 1].min() == pytest.approx(band.y)
    assert areas[0][1][:, 0].min() == pytest.approx(LEFT + span * 3 / 4, abs=0.06)


def test_cuts_and_lanes_are_where_they_happened():
    lane = np.array([0.0, 0.5, np.nan, 1.0])
    shares = np.ones((4, 1))
    line = timeline("t", {"p": (shares, {"AU12": lane})}, np.array([0.0, 1, 2, 3, 4]), [2.0])
    span = WIDTH - LEFT - 10
    assert line.cuts == pytest.approx((LEFT + span / 2,))
    ((_, name, cells),) = line.bands[0].lanes
    assert name == "AU12"
    assert [cell[2] for cell in cells] == [0.5, 1.0]
    assert cells[0][0] == pytest.approx(LEFT + span / 4, abs=0.1)


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
