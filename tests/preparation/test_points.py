"""Landmarks, pose and activations of recordings: what they are of, and what is told where there are none."""

import numpy as np
import polars as pl
import pytest
import torch

from facsight.core.blendshapes import BLENDSHAPES
from facsight.core.errors import BadRecipe
from facsight.data.recordings import read_cards, read_stream, stream_file
from facsight.faces.face import Face, HeadPose
from facsight.functional.face_points import in_face_units
from facsight.preparation.crop_type import crop_type
from facsight.preparation.point_features import Blendshapes, Landmarks, Pose
from facsight.preparation.run import prepare
from planted import PlantedFinder, drawn_face
from planted_video import saved_video

POINTS = ["face:landmarks", "face:pose"]


def stream(folder, modality):
    return read_stream(stream_file(folder, "clip.mkv", modality))[0]


def test_points_of_the_main_face_at_the_times_of_its_frames(tmp_path):
    """The face is lost for two frames, and the second face is another person's."""
    times = [0.5, 0.54, 0.58, 0.62, 0.66, 0.8, 1.0, 1.1]
    video = saved_video(tmp_path / "clip.mkv", [1, 1, 1, 0, 0, 2, 2, 2], times=times)
    finder = PlantedFinder(pose=HeadPose(10.0, -5.0, 2.0))
    prepare(video, tmp_path / "out", features=POINTS, finder=finder)
    found = stream(tmp_path / "out", "face:landmarks")
    np.testing.assert_allclose(found.time, times, atol=6e-4)
    known = np.isfinite(found.values).all(axis=1)
    assert known.tolist() == [True] * 3 + [False] * 2 + [True] * 3
    assert np.isnan(found.values[~known]).all()
    expected = in_face_units(torch.from_numpy(drawn_face(True)[1][None].astype(np.float64))).flatten()
    np.testing.assert_allclose(found.values[known], np.tile(expected, (6, 1)), atol=1e-5)
    pose = stream(tmp_path / "out", "face:pose").values
    np.testing.assert_array_equal(pose[known], [[10.0, -5.0, 2.0]] * 6)


def test_points_beside_crops_are_made_in_one_go_and_each_once(tmp_path):
    video, finder = saved_video(tmp_path / "clip.mkv", [1] * 5), PlantedFinder()
    prepare(video, tmp_path / "out", features=["face:crop", *POINTS], finder=finder, crop=32)
    assert finder.asked == 5
    prepare(video, tmp_path / "out", features=POINTS, finder=finder, crop=64)  # no matter to points
    assert finder.asked == 5
    assert len(read_cards(tmp_path / "out")) == 3


def test_a_finder_that_tells_no_points_is_told_of(tmp_path):
    video = saved_video(tmp_path / "clip.mkv", [1] * 3)
    finder = PlantedFinder(landmarks=False)
    done = prepare(video, tmp_path / "out", features=["face:crop", *POINTS], finder=finder, crop=32)
    assert done.samples == 1
    assert [(of, "does not tell" in why) for of, why in done.without] == [
        (f"clip.mkv, {name}", True) for name in POINTS
    ]
    assert len(pl.read_csv(tmp_path / "out" / "report.csv")) == 3


def face(**options):
    box, points = (0.0, 0.0, 9.0, 9.0), drawn_face(True)[1]
    return Face(box=box, confidence=1.0, landmarks=points, visible=np.ones(68, bool), **options)


def test_activations_are_in_the_order_that_is_told_and_others_are_left_out():
    made = Blendshapes(crop=crop_type(64))
    told = {name: k / 100 for k, name in enumerate(BLENDSHAPES)} | {"_neutral": 1.0}
    rows = made.rows_of([face(blendshapes=told), face()])
    np.testing.assert_allclose(rows[0], np.arange(51) / 100, atol=1e-7)
    assert np.isnan(rows[1]).all()
    assert rows.shape[1:] == made.size == (51,)


def test_a_pose_that_is_not_known_is_none():
    rows = Pose(crop=crop_type(64)).rows_of([face(), face(pose=HeadPose(1.0, 2.0, 3.0))])
    assert np.isnan(rows[0]).all()
    assert rows[1].tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("made", [Landmarks, Pose, Blendshapes])
def test_a_file_is_refused(made, tmp_path):
    with pytest.raises(BadRecipe, match="takes no file"):
        made(tmp_path, crop=crop_type(64))


def test_another_finder_is_another_version():
    one, other = (Landmarks(crop=crop_type(64, finder)) for finder in ("mediapipe", "yunet"))
    assert one.version != other.version
    assert Landmarks(crop=crop_type(32)).version == one.version
