"""Head pose against turns that are known exactly."""

import numpy as np
import pytest

from facsight.core.landmarks import JAW, MIRROR
from facsight.faces.face import HeadPose
from facsight.faces.mesh68 import MESH_68
from facsight.faces.pose import facing_camera, head_pose, mean_mesh, pose_of, rotation_of

ANGLES = [
    HeadPose(0.0, 0.0, 0.0),
    HeadPose(35.0, 0.0, 0.0),
    HeadPose(-80.0, 0.0, 0.0),
    HeadPose(0.0, 25.0, 0.0),
    HeadPose(0.0, -60.0, 0.0),
    HeadPose(0.0, 0.0, 90.0),
    HeadPose(0.0, 0.0, -170.0),
    HeadPose(-20.0, 15.0, 40.0),
    HeadPose(60.0, -30.0, -120.0),
]


def meshed(pose: HeadPose, *, scale=120.0, shift=(300.0, 200.0, 5.0)) -> np.ndarray:
    """The mean face turned and put into a picture: y down, depth away from the camera."""
    turned = mean_mesh() @ rotation_of(pose).T
    return (scale * turned * [1, -1, -1] + shift).astype(np.float32)


def angles(pose: HeadPose) -> list[float]:
    return [pose.yaw, pose.pitch, pose.roll]


@pytest.mark.parametrize("pose", ANGLES)
def test_known_turns_are_recovered(pose):
    np.testing.assert_allclose(angles(head_pose(meshed(pose))), angles(pose), atol=1e-3)


def test_signs_by_what_moves_where():
    nose, chin, forehead, rest = 4, 152, 10, meshed(HeadPose(0.0, 0.0, 0.0))
    right = meshed(HeadPose(30.0, 0.0, 0.0))
    assert right[nose, 0] < rest[nose, 0], (
        "turned to the subject's right, the nose moves to the picture's left"
    )
    up = meshed(HeadPose(0.0, 20.0, 0.0))
    assert up[nose, 1] < rest[nose, 1], "looking up, the nose rises"
    tilted = meshed(HeadPose(0.0, 0.0, 30.0))
    assert tilted[forehead, 0] < tilted[chin, 0], "tilted to the subject's right, the forehead moves left"


def test_turning_the_photo_changes_roll_alone():
    pose = HeadPose(-25.0, 12.0, 10.0)
    mesh = meshed(pose)
    quarter = np.radians(-90)  # counter-clockwise in a picture whose y points down
    turn = np.array([[np.cos(quarter), -np.sin(quarter)], [np.sin(quarter), np.cos(quarter)]])
    mesh[:, :2] = mesh[:, :2] @ turn.T
    np.testing.assert_allclose(angles(head_pose(mesh)), [-25, 12, 100], atol=1e-3)


def test_mirroring_negates_yaw_and_roll():
    mesh = meshed(HeadPose(-25.0, 12.0, 10.0))
    mirrored = mesh * np.array([-1, 1, 1], np.float32)
    twin = np.linalg.norm((mean_mesh() * [-1, 1, 1])[:, None] - mean_mesh()[None], axis=-1).argmin(axis=1)
    np.testing.assert_allclose(angles(head_pose(mirrored[twin])), [25, 12, -10], atol=1e-3)


def test_scale_and_place_do_not_matter():
    pose = HeadPose(15.0, -5.0, 20.0)
    far = head_pose(meshed(pose, scale=8.0, shift=(3000.0, -40.0, 0.0)))
    np.testing.assert_allclose(angles(far), angles(pose), atol=1e-2)


def test_moving_mouth_and_brows_hardly_turns_the_head():
    mesh = meshed(HeadPose(10.0, 5.0, 0.0))
    lower_face = mean_mesh()[:, 1] < -0.75
    mesh[:468][lower_face, 1] += 15  # the jaw drops by an eighth of the eyes' distance
    np.testing.assert_allclose(angles(head_pose(mesh)), [10, 5, 0], atol=0.5)


def test_mesh_with_irises_gives_the_same():
    mesh = meshed(HeadPose(10.0, 5.0, 0.0))
    with_irises = np.concatenate([mesh, np.zeros((10, 3), np.float32)])
    assert head_pose(with_irises) == head_pose(mesh)


@pytest.mark.parametrize("pose", ANGLES)
def test_rotation_and_angles_are_inverse(pose):
    np.testing.assert_allclose(angles(pose_of(rotation_of(pose))), angles(pose), atol=1e-9)


def test_mean_mesh_is_mirror_symmetric_and_in_units_of_the_eyes():
    points = mean_mesh()[list(MESH_68)]
    np.testing.assert_allclose(points[list(MIRROR)] * [-1, 1, 1], points, atol=1e-9)
    assert np.linalg.norm(points[36] - points[45]) == pytest.approx(1, abs=1e-3)
    np.testing.assert_allclose((points[36] + points[45]) / 2, 0, atol=1e-3)


def test_all_points_of_a_frontal_face_face_the_camera():
    assert facing_camera(HeadPose(0.0, 0.0, 0.0)).all()


def test_the_far_side_is_hidden():
    seen = facing_camera(HeadPose(60.0, 0.0, 0.0))  # turned to the picture's left
    assert not seen[list(JAW[:4])].any()
    assert seen[list(JAW[12:])].all()
    assert seen[[27, 30, 33]].all(), "the nose is always seen"
    np.testing.assert_array_equal(facing_camera(HeadPose(-60.0, 0.0, 0.0)), seen[list(MIRROR)])
