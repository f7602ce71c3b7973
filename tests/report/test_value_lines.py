import re

import numpy as np
import pytest

from facsight.report.timeline import LEFT, WIDTH
from facsight.report.value_lines import TALL, value_lines

EDGES = np.array([0.0, 1.0, 2.0, 3.0, 4.0])


def points(path):
    return [
        [(float(x), float(y)) for x, y in re.findall(r"([\d.]+) ([\d.]+)", part)]
        for part in path.split("M")[1:]
    ]


def test_a_line_runs_through_the_middle_of_its_bins_on_its_scale():
    chart = value_lines("t", {"valence": np.array([-1.0, 0.0, 1.0, 0.5])}, {}, EDGES, low=-1.0, high=1.0)
    ((name, path),) = chart.lines
    (line,) = points(path)
    span = (WIDTH - LEFT - 10) / 4
    assert name == "valence"
    assert [x for x, _ in line] == pytest.approx([LEFT + span * k for k in (0.5, 1.5, 2.5, 3.5)], abs=0.06)
    assert [y for _, y in line] == pytest.approx([8 + TALL, 8 + TALL / 2, 8, 8 + TALL / 4], abs=0.06)
    assert [label for _, label in chart.levels] == ["1", "0", "-1"]


def test_what_is_not_known_leaves_the_line_open():
    chart = value_lines("t", {"v": np.array([0.0, np.nan, 0.0, 0.0])}, {}, EDGES, low=-1.0, high=1.0)
    assert [len(part) for part in points(chart.lines[0][1])] == [1, 2]


def test_what_is_beyond_the_scale_stays_on_the_chart():
    chart = value_lines("t", {"v": np.array([9.0, -9.0, 0.0, 0.0])}, {}, EDGES, low=-1.0, high=1.0)
    assert [y for _, y in points(chart.lines[0][1])[0][:2]] == [8.0, 8.0 + TALL]


def test_lanes_lie_below_and_ticks_run_from_first_to_last():
    chart = value_lines("t", {}, {"face": np.array([1.0, 1.0, 0.0, 0.25])}, EDGES, low=0.0, high=1.0)
    ((y, name, cells),) = chart.lanes
    assert y > 8 + TALL
    assert name == "face"
    assert [opacity for opacity, _ in cells] == [0.5, 1.0]
    assert chart.ticks[0] == (LEFT, "0:00.0")
    assert chart.ticks[-1][1] == "0:04.0"
