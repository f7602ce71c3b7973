"""The map from the mesh to the 68 points."""

import numpy as np

from facsight.core.landmarks import JAW, LEFT_BROW, LEFT_EYE, MIRROR, NOSE_BRIDGE, OUTER_LIPS
from facsight.faces.mesh68 import MESH_68, MESH_POINTS, points_68


def test_picks_the_points_in_order_and_drops_depth():
    mesh = np.arange(MESH_POINTS * 3, dtype=np.float32).reshape(MESH_POINTS, 3)
    # point i of this mesh is (3 i, 3 i + 1, 3 i + 2)
    points = points_68(mesh)
    assert points.shape == (68, 2)
    assert points[30].tolist() == [3 * 4, 3 * 4 + 1]  # the tip of the nose is mesh point 4
    np.testing.assert_array_equal(points_68(mesh[None])[0], points)


def test_every_point_is_taken_once():
    assert len(set(MESH_68)) == 68


def test_mirror_of_the_mesh_is_mirror_of_the_68(canonical_mesh):
    mirrored = canonical_mesh * [-1, 1, 1]
    distance = np.linalg.norm(mirrored[:, None] - canonical_mesh[None], axis=-1)
    twin = distance.argmin(axis=1)
    assert distance.min(axis=1).max() == 0
    assert [twin[MESH_68[i]] for i in range(68)] == [MESH_68[MIRROR[i]] for i in range(68)]


def test_regions_lie_as_the_scheme_says(canonical_mesh):
    x, y = canonical_mesh[list(MESH_68), 0], canonical_mesh[list(MESH_68), 1]
    assert (np.diff(x[list(LEFT_BROW)]) > 0).all()
    assert (np.diff(y[list(NOSE_BRIDGE)]) < 0).all()
    assert (np.diff(x[list(OUTER_LIPS[:7])]) > 0).all(), "upper lip runs to the right"
    assert (np.diff(x[list(OUTER_LIPS[6:])]) < 0).all(), "lower lip runs back"
    assert (np.diff(y[list(JAW[:9])]) < 0).all(), "the jaw runs down to the chin"
    assert y[list(LEFT_EYE[4:])].max() < y[36] < y[list(LEFT_EYE[1:3])].min()


def test_jaw_points_are_evenly_spread(canonical_mesh):
    outline = canonical_mesh[list(MESH_68[:17])]
    steps = np.linalg.norm(np.diff(outline, axis=0), axis=1)
    assert steps.max() / steps.min() < 2.5
