import json

import numpy as np
import polars as pl
import pytest

from facsight.report.chart_data import chart_data, damage_places, strongest
from planted_study import CLASSES, UNITS, made_rows, told, unpacked, with_everything

TIMES = [1.4 + n * 0.04 for n in range(60)]


@pytest.fixture(scope="module")
def rows():
    """Person 1 in frames 5 to 39, person 2 in 30 to 59, nobody in the first five; a cut, and all columns."""
    return with_everything(made_rows("a.mp4", TIMES, [range(5, 40), range(30, 60)], cuts=[2.0]))


def chart(rows, **more):
    options = {"lanes": 3, "boxes": True}
    about = told(rows)
    about |= {name: more.pop(name) for name in list(more) if name in about}
    data = chart_data(rows, about, [1, 2], CLASSES, UNITS, **{**options, **more})
    json.dumps(data, allow_nan=False)
    return data, unpacked(data)


def as_shares(column):
    return np.where(column == 255, np.nan, column / 254)


@pytest.mark.parametrize("person", [1, 2])
def test_every_value_of_the_table_comes_back(rows, person):
    data, found = chart(rows)
    own = rows.filter(track=person).sort("frame")
    at = found[f"p{person - 1}.at"]
    np.testing.assert_array_equal(found["number"][at], own["frame"])
    np.testing.assert_allclose(found["time"][at] / 1000, own["time"], atol=5e-4)
    np.testing.assert_array_equal(found["shot"][at], own["shot"])
    names = {f"read{n}": f"expression_{name}" for n, name in enumerate(CLASSES)}
    names |= {f"smooth{n}": f"smooth_{name}" for n, name in enumerate(CLASSES)}
    names |= {"uncertainty": "uncertainty", "elsewhere": "evidence_elsewhere", "detected": "detected"}
    units = data["people"][person - 1]["units"]
    names |= {f"unit{n}": f"evidence_AU{int(name[2:].split()[0]):02d}" for n, name in enumerate(units)}
    for short, name in names.items():
        values = own[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        back = as_shares(found[f"p{person - 1}.{short}"])
        np.testing.assert_allclose(back, values, atol=1 / 255, equal_nan=True)
    assert [CLASSES[n] for n in found[f"p{person - 1}.label"]] == own["label"].to_list()
    for n, side in enumerate(("x0", "y0", "x1", "y1")):
        np.testing.assert_allclose(found[f"p{person - 1}.box{n}"], own[f"box_{side}"], atol=0.5)


def test_frames_are_all_there_with_how_many_faces_they_show(rows):
    data, found = chart(rows)
    np.testing.assert_array_equal(found["number"], range(60))
    np.testing.assert_array_equal(found["faces"], [0] * 5 + [1] * 25 + [2] * 10 + [1] * 20)
    assert data["cuts"] == [2000]
    assert data["size"] == [640, 480]


def test_cautions_are_bits(rows):
    data, found = chart(rows)
    assert data["cautions"] == ["uncertain", "attention elsewhere"]
    own = rows.filter(track=1).sort("frame")["cautions"].to_list()
    assert found["p0.cautions"].tolist() == [3 if words else 0 for words in own]


def test_columns_that_the_table_lacks_are_left_out(rows):
    fewer = rows.drop("cautions", "detected", "uncertainty", "evidence_AU01", "box_x0", "smooth_neutral")
    data, found = chart(fewer)
    lost = {"p0.detected", "p0.uncertainty", "p0.box0", "p0.smooth0"}
    assert not lost & found.keys()
    assert data["cautions"] == []
    assert not any(name.startswith("AU1 ") for name in data["people"][0]["units"])


def test_boxes_are_for_the_viewer_only(rows):
    _, found = chart(rows, boxes=False)
    assert not any("box" in name for name in found)


def test_lanes_are_the_units_with_the_largest_mean_share_over_all_frames():
    # AU2 is larger where it is known, but known in one frame of four only
    own = pl.DataFrame(
        {"evidence_AU01": [0.3, 0.3, 0.3, None], "evidence_AU02": [0.8, None, None, None]}
        | {"evidence_AU04": [0.1] * 4, "evidence_AU06": [None] * 4},
        schema_overrides={"evidence_AU06": pl.Float64},
    )
    assert strongest(own, [1, 2, 4, 6], 2) == [1, 2]
    assert strongest(own, [1, 2, 4, 6], 5) == [1, 2, 4]
    assert strongest(own, [], 5) == []


def test_damage_with_a_time_and_an_early_end(rows):
    damage = ["at the start: nothing", "after 1.440 s: left\nout", "after -0.500 s: b"]
    assert damage_places(damage) == [(1.44, "left\nout"), (-0.5, "b")]
    data, _ = chart(rows, damage=damage, duration=9.0)
    assert data["damage"] == [[1440, "left\nout"], [-500, "b"]]
    assert data["end"] == 10400  # the first frame is at 1.4 s
    assert chart(rows, duration=9.0)[0]["end"] is None


def test_events_of_expressions_are_kept_person_by_person(rows):
    events = pl.DataFrame(
        [
            (2, "expression", "anger", 2.0, 2.2, 2.4),
            (1, "expression", "fear", 1.6, 1.7, 1.8),
            (1, "action unit", "AU12", 1.6, 1.7, 1.8),
        ],
        schema=["track", "kind", "name", "onset", "apex", "offset"],
        orient="row",
    )
    data, _ = chart(rows, events=events)
    assert data["people"][0]["events"] == [["fear", 1600, 1700, 1800]]
    assert data["people"][1]["events"] == [["anger", 2000, 2200, 2400]]
