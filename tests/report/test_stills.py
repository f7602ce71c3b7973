import base64
import re
from io import BytesIO

import numpy as np
import polars as pl
import pytest
from PIL import Image

from facsight.media.video import open_video
from facsight.report.stills import SIDE, drawn_face, landmarks_of, stills
from planted import drawn_face as drawn
from planted_video import saved_video

SIZE = (200, 320)
FACES = [1, 2] * 20


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    return saved_video(tmp_path_factory.mktemp("stills") / "a.mkv", FACES)


def frames_of(numbers):
    return pl.DataFrame({"frame": list(numbers), "time": [n / 25 for n in numbers]})


def row_of(frame, **more):
    box = {"box_x0": 0.0, "box_y0": 0.0, "box_x1": 160.0, "box_y1": 160.0}
    return {"track": 1, "frame": frame, "frame_width": SIZE[1], "frame_height": SIZE[0], **box, **more}


def opened(picture):
    kind, data = picture["data"].split(",")
    assert kind == "data:image/jpeg;base64"
    return np.asarray(Image.open(BytesIO(base64.b64decode(data))))


def test_with_landmarks_attention_is_laid_over_the_face(video):
    attention = [0] * 144
    attention[12 * 2 + 9] = 255  # third row, tenth column
    points = drawn(True)[1].ravel().tolist()
    found, note = stills(video, frames_of(range(40)), [row_of(3, landmarks=points, attention=attention)])
    assert note == ""
    face, laid = found[1, 3]
    assert face["alt"] == "the face"
    pixels, over = opened(face).astype(int), opened(laid).astype(int)
    assert pixels.shape == over.shape == (SIDE, SIDE, 3)
    place = (slice(SIDE * 2 // 12, SIDE * 3 // 12), slice(SIDE * 9 // 12, SIDE * 10 // 12))
    assert np.abs(over - pixels)[place].mean() > 40
    assert np.abs(over - pixels)[SIDE // 2 :].mean() < 4  # grey as the drawn face is, and clear


def test_without_landmarks_attention_stands_beside_the_face(video):
    attention = [0] * 72 + [255] * 72
    found, _ = stills(video, frames_of(range(40)), [row_of(3, attention=attention)])
    _, alone = found[1, 3]
    upper, lower = opened(alone)[10].mean(axis=0), opened(alone)[-10].mean(axis=0)
    np.testing.assert_allclose(upper, (68, 1, 84), atol=12)
    np.testing.assert_allclose(lower, (253, 231, 37), atol=12)


def test_without_attention_there_is_the_face_alone(video):
    found, _ = stills(video, frames_of(range(40)), [row_of(3)])
    assert [picture["alt"] for picture in found[1, 3]] == ["the face"]


def test_a_video_that_is_gone_or_changed_is_told(video, tmp_path):
    found, note = stills(tmp_path / "gone.mkv", frames_of(range(40)), [row_of(3)])
    assert (found, "not where it was" in note) == ({}, True)
    found, note = stills(video, frames_of(range(80)), [row_of(3), row_of(70)])
    assert (list(found), "has changed" in note) == ([(1, 3)], True)
    found, note = stills(video, frames_of(range(40)), [row_of(3, frame_width=999)])
    assert (found, "has changed" in note) == ({}, True)


def test_landmarks_are_found_whichever_way_the_table_holds_them():
    points = drawn(True)[1]
    named = {f"{axis}_{n}": float(points[n, place]) for place, axis in enumerate("xy") for n in range(68)}
    np.testing.assert_array_equal(landmarks_of(named), points)
    np.testing.assert_array_equal(landmarks_of({"landmarks": points.ravel().tolist()}), points)
    assert np.isnan(landmarks_of({"landmarks": None, "x_0": 1.0})[0, 1])


def test_a_drawn_face_is_upright_and_shows_every_point_once():
    points = drawn(True)[1]
    turned = np.stack([-points[:, 1], points[:, 0]], axis=1) * 3 + 500
    for some in (points, turned):
        paths = drawn_face({"landmarks": some.ravel().tolist()})
        numbers = np.array(re.findall(r"-?\d+\.\d", " ".join(paths)), dtype=float).reshape(-1, 2)
        assert len(numbers) == 68
        left_eye, right_eye = numbers[[36, 39]].mean(axis=0), numbers[[42, 45]].mean(axis=0)
        assert left_eye[0] < 40 < 60 < right_eye[0]
        assert abs(left_eye[1] - right_eye[1]) < 1
    assert drawn_face({"landmarks": None}) == []


def test_planted_frames_are_what_the_test_says(video):
    with open_video(video) as opened_video:
        assert [frame.at.number for frame in opened_video.frames()] == list(range(40))
