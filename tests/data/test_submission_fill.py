"""Filling what is missing: within a video, by hand-derived values, and never across."""

import numpy as np
import polars as pl
import pytest

from facsight.core.errors import BadTable
from facsight.core.labels import label_space
from facsight.data.sample_list import with_frames
from facsight.data.submission_fill import complete
from facsight.data.submission_formats import FORMATS

EXPR = label_space("affwild2_expr8")
VA = label_space("affwild2_va")
AU = label_space("affwild2_au12")


def listed(**frames):
    names = [f"{video}/{n:05d}.jpg" for video, numbers in frames.items() for n in numbers]
    return with_frames(pl.Series(names), FORMATS["expr"])


def predicted(**values):
    """{"video": {frame: value}} as a table with both columns of valence and arousal, or expressions."""
    rows = {f"{video}/{n:05d}.jpg": v for video, some in values.items() for n, v in some.items()}
    if all(isinstance(v, str) for v in rows.values()):
        words = pl.Series(list(rows.values()), dtype=pl.Enum(EXPR.classes))
        return pl.DataFrame({"sample": list(rows), "expression": words})
    numbers = [float(v) for v in rows.values()]
    return pl.DataFrame({"sample": list(rows), "valence": numbers, "arousal": numbers})


def test_values_are_interpolated_over_the_numbers_of_frames():
    wanted = listed(a=[1, 2, 4, 8, 9, 10])
    found = complete(predicted(a={2: 0.0, 8: 0.6}), wanted, [VA])
    assert found.table["valence"].to_list() == pytest.approx([0.0, 0.0, 0.2, 0.6, 0.6, 0.6])
    assert found.filled.rows() == [("a", 6, 1, 1, 2, 0)]
    assert found.count == 4


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("nearest", ["fear", "fear", "fear", "anger", "anger", "anger"]),
        ("forward", ["fear", "fear", "fear", "fear", "anger", "anger"]),
    ],
)
def test_classes_are_taken_from_a_neighbour(method, expected):
    wanted = listed(a=[1, 2, 3, 5, 6, 7])
    found = complete(predicted(a={2: "fear", 6: "anger"}), wanted, [EXPR], method=method)
    assert found.table["expression"].to_list() == expected


def test_of_two_frames_as_near_the_earlier_one():
    found = complete(predicted(a={1: "fear", 3: "anger"}), listed(a=[1, 2, 3]), [EXPR])
    assert found.table["expression"].to_list() == ["fear", "fear", "anger"]


def test_a_tail_one_row_longer_repeats_the_last():
    found = complete(predicted(a={1: 0.1, 2: 0.3}), listed(a=[1, 2, 3]), [VA])
    assert found.table["valence"].to_list() == [0.1, 0.3, 0.3]
    assert found.filled.rows() == [("a", 3, 0, 0, 1, 0)]


def test_nothing_passes_between_videos_or_persons():
    wanted = listed(a=[1, 2], a_left=[1, 2], a_right=[1, 2], ab=[1, 2])
    table = predicted(a={1: 0.1}, a_left={2: -0.5}, a_right={1: 0.9}, ab={2: 0.4})
    found = complete(table, wanted, [VA])
    assert found.table["valence"].to_list() == [0.1, 0.1, -0.5, -0.5, 0.9, 0.9, 0.4, 0.4]


def test_the_order_of_the_rows_does_not_matter():
    wanted = listed(a=[1, 2, 4, 8], b=[1, 2])
    mixed = wanted[[5, 3, 0, 4, 2, 1]]
    table = predicted(a={1: 0.0, 8: 0.7}, b={2: 1.0})
    one = complete(table, wanted, [VA]).table.sort("sample")
    other = complete(table.reverse(), mixed, [VA]).table
    assert other["sample"].to_list() == mixed["sample"].to_list()
    assert other.sort("sample").equals(one)


def test_probabilities_are_interpolated_and_decide():
    space = label_space("bah2")
    samples = [f"v/{n:05d}.jpg" for n in (1, 5)]
    table = pl.DataFrame(
        {
            "sample": samples,
            "ambivalence": pl.Series(["absent", "present"], dtype=pl.Enum(space.classes)),
            "probability_of_absent": [0.9, 0.3],
            "probability_of_present": [0.1, 0.7],
        }
    )
    found = complete(table, listed(v=[1, 3, 4, 5]), [space]).table
    assert found["probability_of_present"].to_list() == pytest.approx([0.1, 0.4, 0.55, 0.7])
    assert found["ambivalence"].to_list() == ["absent", "absent", "present", "present"]


@pytest.mark.parametrize(("ends", "middle"), [((0.0, 1.0), 0.0), ((0.2, 0.8), 0.4)])
def test_units_that_are_decisions_are_taken_and_probabilities_interpolated(ends, middle):
    columns = {name: list(ends) for name in AU.columns}
    table = pl.DataFrame({"sample": ["v/00001.jpg", "v/00004.jpg"]} | columns)
    found = complete(table, listed(v=[1, 2, 4]), [AU]).table
    assert found["AU12"][1] == pytest.approx(middle)


def test_a_video_without_predictions_is_refused_or_gets_what_is_typical():
    wanted = listed(a=[1, 2, 3], b=[1, 2])
    with pytest.raises(BadTable, match=r"nothing is predicted of 'b' \(2 rows\)"):
        complete(predicted(a={1: "fear", 2: "fear", 3: "anger"}), wanted, [EXPR])
    found = complete(predicted(a={1: "fear", 2: "fear", 3: "anger"}), wanted, [EXPR], absent="typical")
    assert found.table["expression"].to_list()[3:] == ["fear", "fear"]
    assert found.filled.rows() == [("b", 2, 0, 0, 0, 2)]
    values = complete(predicted(a={1: 0.0, 2: 0.5, 3: 1.0}), wanted, [VA], absent="typical")
    assert values.table["valence"].to_list()[3:] == [0.5, 0.5]


def test_clips_have_no_neighbours():
    space = label_space("emi6")
    wanted = with_frames(pl.Series(["00001", "00002"]), FORMATS["emi"])
    table = pl.DataFrame({"sample": ["00001"]} | {name: [0.5] for name in space.columns})
    with pytest.raises(BadTable, match="nothing is predicted of '00002'"):
        complete(table, wanted, [space])


def test_what_is_complete_stays_as_it_is():
    table = predicted(a={1: 0.25, 2: -0.25})
    found = complete(table, listed(a=[1, 2]), [VA])
    assert found.count == 0
    assert found.table.equals(table)


def test_names_that_do_not_agree_at_all_are_told():
    with pytest.raises(BadTable, match="do the samples' names agree"):
        complete(predicted(x={1: 0.5}), listed(a=[1]), [VA])


def test_against_a_slow_version():
    rng = np.random.default_rng(1)
    numbers = np.sort(rng.choice(200, 60, replace=False)) + 1
    known = rng.random(60) < 0.4
    values = rng.uniform(-1, 1, 60)
    table = predicted(a={int(n): v for n, v, k in zip(numbers, values, known, strict=True) if k})
    found = complete(table, listed(a=numbers.tolist()), [VA]).table["valence"].to_list()
    there = [(n, v) for n, v, k in zip(numbers, values, known, strict=True) if k]
    for n, value in zip(numbers, found, strict=True):
        before = [p for p in there if p[0] <= n]
        after = [p for p in there if p[0] >= n]
        if not before or not after:
            expected = (before or after)[-1 if before else 0][1]
        elif before[-1][0] == n:
            expected = before[-1][1]
        else:
            (x0, y0), (x1, y1) = before[-1], after[0]
            expected = y0 + (y1 - y0) * (n - x0) / (x1 - x0)
        assert value == pytest.approx(expected)
