"""Head pose from the mesh: the turn that brings a rigid head onto it.

The mesh is taken as a head seen from afar (weak perspective), so a face at the edge of a wide-angle photo,
which shows its side to the camera, counts as turned.
"""

from functools import cache
from importlib.resources import files

import numpy as np
from jaxtyping import Bool, Float, Float32

from facsight.faces.face import HeadPose
from facsight.faces.mesh68 import MESH_68

#: Mesh points that keep their place on the skull: forehead, temples, eye corners, bridge, nose, cheekbones.
_RIGID = (
    *(10, 151, 9, 8, 168, 6, 197, 195, 5, 4, 2, 94),
    *(67, 54, 127, 33, 133, 129, 98, 116, 117, 234),
    *(297, 284, 356, 263, 362, 358, 327, 345, 346, 454),
)
#: The head behind the face is taken as a cylinder with its axis this far behind the outer eye corners, in
#: units of their distance: ears then lie 75 degrees from the nose.
_AXIS_DEPTH = 0.8


@cache
def mean_mesh() -> Float[np.ndarray, "468 3"]:
    """The mean face at rest, looking straight ahead: the zero of every angle.

    x to the right of the picture, y up, z towards the camera; unit: distance of the outer eye corners,
    origin midway between them; exactly mirror-symmetric. Where it comes from is written in `mean_mesh.csv`.
    """
    with (files("facsight.faces") / "mean_mesh.csv").open() as rows:
        return np.loadtxt(rows, delimiter=",")


def head_pose(mesh: Float32[np.ndarray, "mesh 3"]) -> HeadPose:
    r"""Yaw, pitch and roll of a mesh in picture coordinates (y down, depth growing away from the camera).

    .. math:: \min_{s, R, t} \sum_i \lVert s R m_i + t - p_i \rVert^2

    over points m of the mean face that do not move with expression; closed form by Umeyama 1991 (IEEE TPAMI
    13(4), eq. 40-42). Then :math:`R = R_z(roll)\, R_y(-yaw)\, R_x(-pitch)`. Signs: see `HeadPose`.
    """
    return pose_of(_rotation(mean_mesh()[_RIGID, :], mesh[_RIGID, :] * (1, -1, -1)))


def pose_of(rotation: Float[np.ndarray, "3 3"]) -> HeadPose:
    """The angles of a rotation of the head, in axes x to the right, y up, z towards the camera."""
    yaw = np.arcsin(np.clip(rotation[2, 0], -1, 1))
    pitch = -np.arctan2(rotation[2, 1], rotation[2, 2])
    roll = np.arctan2(rotation[1, 0], rotation[0, 0])
    return HeadPose(*(float(np.degrees(angle)) for angle in (yaw, pitch, roll)))


def rotation_of(pose: HeadPose) -> Float[np.ndarray, "3 3"]:
    """The rotation with these angles: the inverse of `pose_of`."""
    yaw, pitch, roll = np.radians([-pose.yaw, -pose.pitch, pose.roll])
    about_x = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    about_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    about_z = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    return about_z @ about_y @ about_x


def facing_camera(pose: HeadPose) -> Bool[np.ndarray, "point=68"]:
    """Which of the 68 points lie on the side of a cylindrical head that the camera sees."""
    points = mean_mesh()[MESH_68, :]
    azimuth = np.arctan2(points[:, 0], points[:, 2] + _AXIS_DEPTH)
    # yaw is positive to the left of the picture, azimuth to the right
    return np.abs(azimuth - np.radians(pose.yaw)) < np.pi / 2


def _rotation(
    model: Float[np.ndarray, "point 3"], points: Float[np.ndarray, "point 3"]
) -> Float[np.ndarray, "3 3"]:
    """The proper rotation that brings `model` nearest to `points`, whatever their scale and place."""
    left, _, right = np.linalg.svd((points - points.mean(axis=0)).T @ (model - model.mean(axis=0)))
    handedness = np.sign(np.linalg.det(left @ right))
    return left @ np.diag([1, 1, handedness]) @ right
