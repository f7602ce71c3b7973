"""Cues of faces from rows whose values are known."""

import polars as pl
import pytest

from facsight.words.from_face import face_cues

CLASSES = ("neutral", "happiness", "sadness")


def rows(**more):
    known = {
        "status": ["ok", "ok"],
        "frame": [0, 1],
        "time": [0.0, 0.5],
        "track": [1, 1],
        "expression_neutral": [0.2, 0.4],
        "expression_happiness": [0.795, 0.595],
        "expression_sadness": [0.005, 0.005],
        "above_happiness": [0.5, 0.3],
        "above_neutral": [-0.05, -0.05],
        "evidence_AU06": [0.3, None],
        "evidence_AU12": [0.18, 0.1],
        "evidence_AU25": [0.04, 0.04],
        "cautions": ["tiny", "tiny uncertain"],
        "yaw": [0.0, 3.0],
        "pitch": [1.0, 5.0],
        "roll": [2.0, 2.0],
        # three columns of cells: the person's left is the picture's right
        "attention": [[1, 1, 3, 1, 1, 3, 1, 1, 3], [1, 2, 1, 1, 2, 1, 1, 2, 1]],
    }
    return pl.DataFrame({**known, **more})


def by_kind(cues):
    return {cue.kind: cue.values for cue in cues}


def test_means_of_a_stretch_by_hand():
    told = by_kind(face_cues(rows(), CLASSES))
    assert told["expression"]["items"] == [
        {"name": "happiness", "share": pytest.approx(0.695)},
        {"name": "neutral", "share": pytest.approx(0.3)},
    ]
    # AU06 is no unit of the second row's label: none of the attention there
    assert told["units"]["items"] == [
        {"unit": 6, "share": pytest.approx(0.15)},
        {"unit": 12, "share": pytest.approx(0.14)},
    ]
    assert told["above"]["items"] == [{"name": "happiness", "change": pytest.approx(40)}]
    assert told["caution"]["items"] == [{"name": "tiny"}, {"name": "uncertain"}]
    assert (told["pose"]["yaw"], told["pose"]["pitch"], told["pose"]["roll"]) == (1.5, 3.0, 2.0)
    # 3° and 4° in half a second
    assert told["movement"]["speed"] == pytest.approx(10.0)
    # all of it on the left, then all of it in the middle column, of which half is left
    assert told["side"]["left"] == pytest.approx(0.75)
    assert all(values["who"] == "person" and values["number"] == 1 for values in told.values())


def test_nobody_and_what_is_not_known():
    assert [cue.kind for cue in face_cues(rows(status=["no_face"] * 2), CLASSES)] == ["no_face"]
    unknown = dict.fromkeys(("yaw", "pitch", "roll"), pl.Series([None, None], dtype=pl.Float64))
    told = by_kind(face_cues(rows(**unknown, attention=[None, None], time=[0.0, 0.0]), CLASSES))
    assert not {"pose", "movement", "side"} & set(told)


def test_people_apart_and_faces_of_photos():
    told = face_cues(rows(track=[2, 1]), CLASSES)
    assert [cue.values["number"] for cue in told if cue.kind == "expression"] == [1, 2]
    assert "movement" not in by_kind(told)
    photo = rows(face=[1, 2]).drop("frame", "time", "track")
    assert {(cue.values["who"], cue.values["number"]) for cue in face_cues(photo, CLASSES)} == {
        ("face", 1),
        ("face", 2),
    }
