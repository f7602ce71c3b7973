"""Which face of one table is which of another."""

import numpy as np
import polars as pl
import pytest

from facsight.analysis.pairing import pair, same_moments
from facsight.core.errors import BadTable

BOX = ("box_x0", "box_y0", "box_x1", "box_y1")


def table(*rows, points=False):
    """A table of rows (file, frame, time, box or None); a face unless the box is the word "none"."""
    made = []
    for file, frame, time, box in rows:
        row = {"file": file, "frame": frame, "time": time, "status": "no_face" if box == "none" else "ok"}
        corners = box if isinstance(box, tuple) else (None,) * 4
        row |= dict(zip(("x_0", "y_0", "x_1", "y_1") if points else BOX, map(_float, corners), strict=True))
        made.append(row | dict.fromkeys(BOX if points else ()))
    kinds = {"file": pl.String, "frame": pl.Int32, "time": pl.Float64, "status": pl.String}
    return pl.DataFrame(made, schema_overrides=kinds | dict.fromkeys(BOX, pl.Float64))


def _float(value):
    return None if value is None else float(value)


def pairs(ours, theirs):
    return list(pair(ours, theirs).iter_rows())


HERE, THERE = (0, 0, 10, 10), (100, 0, 110, 10)


def test_photos_are_matched_by_name_whatever_folder_and_ending():
    ours = table(("in/a.jpg", None, None, HERE), ("in/b.jpg", None, None, HERE))
    theirs = table(("b", None, None, HERE), ("C:\\photos\\a.PNG", None, None, HERE))
    assert pairs(ours, theirs) == [(0, 1), (1, 0)]


def test_points_in_a_name_are_no_ending():
    ours = table(("clip.v1.mp4", 0, 0.0, HERE), ("clip.v2.mp4", 0, 0.0, HERE))
    theirs = table(("clip.v2", 0, 0.0, HERE), ("clip.v1", 0, 0.0, HERE))
    assert pairs(ours, theirs) == [(0, 1), (1, 0)]


def test_photos_that_a_tool_counts_are_matched_by_name_all_the_same():
    ours = table(("a.jpg", None, None, HERE), ("b.jpg", None, None, HERE))
    theirs = table(("b.jpg", 0, None, HERE), ("a.jpg", 1, None, HERE))
    assert pairs(ours, theirs) == [(0, 1), (1, 0)]


def test_only_files_need_no_name_in_common():
    assert pairs(table(("clip.mp4", 0, 0.0, HERE)), table(("OpenFace_out", 0, 0.0, HERE))) == [(0, 0)]


def test_a_name_of_several_files_is_refused():
    ours = table(("one/a.mp4", 0, 0.0, HERE), ("two/a.mp4", 0, 0.0, HERE))
    theirs = table(("a.mp4", 0, 0.0, HERE), ("b.mp4", 0, 0.0, HERE))
    with pytest.raises(BadTable, match=r"one/a.mp4, two/a.mp4"):
        pair(ours, theirs)
    assert pairs(ours, table(("c.mp4", 0, 0.0, HERE), ("b.mp4", 0, 0.0, HERE))) == []


def test_frames_are_matched_by_time_within_half_a_frame_of_the_denser_table():
    """Ours every 0.2 s, theirs every 0.04 s and 0.01 s late; at 0.45 s there is none within 0.02 s."""
    ours = table(*(("a.mp4", number * 5, time, HERE) for number, time in enumerate((0.0, 0.2, 0.45))))
    theirs = table(*(("a", number, number * 0.04 + 0.01, HERE) for number in range(11)))
    assert pairs(ours, theirs) == [(0, 0), (1, 5)]


def test_frames_are_matched_by_number_where_one_table_has_no_times():
    ours = table(*(("a.mp4", number, number * 0.04, HERE) for number in (0, 1, 5)))
    theirs = table(*(("a.mp4", number, None, HERE) for number in (5, 0, 2)))
    assert pairs(ours, theirs) == [(0, 1), (2, 0)]


def test_times_that_stand_still_are_no_clock():
    ours = table(*(("a.mp4", number, number * 0.04, HERE) for number in range(3)))
    theirs = table(*(("a.mp4", number, 0.0, HERE) for number in range(3)))
    assert pairs(ours, theirs) == [(0, 0), (1, 1), (2, 2)]


def test_without_a_common_clock_nothing_is_matched():
    ours = table(*(("a.mp4", None, number * 0.04, HERE) for number in range(3)))
    theirs = table(*(("a.mp4", number, None, HERE) for number in range(3)))
    assert pairs(ours, theirs) == []


def test_each_video_has_its_own_clock():
    ours = table(
        *((f"{name}.mp4", n, n * step, HERE) for name, step in (("a", 0.04), ("b", 1.0)) for n in range(3))
    )
    theirs = table(
        *((name, n, n * step + step / 3, HERE) for name, step in (("b", 1.0), ("a", 0.04)) for n in range(3))
    )
    assert pairs(ours, theirs) == [(0, 3), (1, 4), (2, 5), (3, 0), (4, 1), (5, 2)]


def test_faces_are_matched_by_place():
    ours = table(("a", 0, 0.0, HERE), ("a", 0, 0.0, THERE))
    theirs = table(("a", 0, 0.0, (98, 0, 112, 12)), ("a", 0, 0.0, (0, 0, 12, 10)))
    assert pairs(ours, theirs) == [(0, 1), (1, 0)]


def test_each_face_has_one_partner_the_nearer_of_two():
    ours = table(("a", 0, 0.0, (0, 0, 10, 10)))
    theirs = table(("a", 0, 0.0, (4, 0, 14, 10)), ("a", 0, 0.0, (1, 0, 11, 10)))
    assert pairs(ours, theirs) == [(0, 1)]
    assert pairs(theirs, ours) == [(1, 0)]


def test_the_same_box_twice_still_has_one_partner():
    ours, twice = table(("a", 0, 0.0, HERE)), table(("a", 0, 0.0, HERE), ("a", 0, 0.0, HERE))
    assert len(pairs(ours, twice)) == len(pairs(twice, ours)) == 1


def test_the_only_faces_of_a_frame_are_two_people_where_they_lie_apart():
    assert pairs(table(("a", 0, 0.0, HERE)), table(("a", 0, 0.0, THERE))) == []
    barely = (9, 0, 19, 10)  # 10 of 190 square pixels in common
    assert pairs(table(("a", 0, 0.0, HERE)), table(("a", 0, 0.0, barely))) == []


def test_points_say_where_a_face_without_a_box_is():
    ours = table(("a", 0, 0.0, HERE), ("a", 0, 0.0, THERE))
    theirs = table(("a", 0, 0.0, (101, 2, 109, 9)), ("a", 0, 0.0, (1, 2, 9, 9)), points=True)
    assert pairs(ours, theirs) == [(0, 1), (1, 0)]


def test_a_table_without_places_is_matched_where_there_is_one_face_on_each_side():
    ours = table(("a", 0, 0.0, HERE), ("a", 1, 1.0, HERE), ("a", 1, 1.0, THERE))
    theirs = table(("a", 0, 0.0, None), ("a", 1, 1.0, None))
    assert pairs(ours, theirs) == [(0, 0)]


def test_rows_without_a_face_have_no_partner():
    ours = table(("a", 0, 0.0, HERE), ("a", 1, 1.0, "none"))
    theirs = table(("a", 0, 0.0, None), ("a", 1, 1.0, None))
    assert pairs(ours, theirs) == [(0, 0)]


def test_empty_tables():
    full = table(("a", 0, 0.0, HERE))
    assert pairs(full, full.clear()) == pairs(full.clear(), full) == []


def test_a_table_is_its_own_partner_in_any_order():
    rng = np.random.default_rng(0)
    rows = []
    for file in ("a.mp4", "b.mp4"):
        for frame, time in enumerate(rng.uniform(0.01, 0.2, 50).cumsum()):
            for face in range(rng.integers(0, 3)):
                left, top, size = 200 * face + rng.uniform(0, 30), rng.uniform(0, 30), rng.uniform(50, 90)
                rows.append((file, frame, float(time), (left, top, left + size, top + size)))
    found = table(*rows)
    order = rng.permutation(len(rows)).tolist()
    assert pairs(found, found[order]) == [(row, order.index(row)) for row in range(len(rows))]


def test_moments_against_all_pairs():
    """Mutually nearest times, found by looking at every pair."""
    rng = np.random.default_rng(1)
    for _ in range(50):
        one, other = (np.sort(rng.uniform(0, 1, size)) for size in rng.integers(1, 12, 2))
        apart = np.abs(one[:, None] - other)
        expected = [
            (int(row), int(column))
            for row, column in np.ndindex(apart.shape)
            if apart[row, column] <= 0.05 and apart[row, column] == apart[row].min() == apart[:, column].min()
        ]
        here, there = same_moments(one, other, within=0.05)
        assert list(zip(here.tolist(), there.tolist(), strict=True)) == expected
