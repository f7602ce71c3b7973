import pytest
import torch

from facsight.core.landmarks import MIRROR
from facsight.data.drawn import ACTION_UNITS, Conditions, people, studio
from facsight.data.drawn.conditions import draw_scene
from facsight.data.drawn.shape import Projection, crease_points, face_points, landmarks
from facsight.data.drawn.template import AU_MOVES, MIRROR_ALL, PERSON_MOVES, movements, neutral

FLIP = torch.tensor([-1.0, 1.0, 1.0])


def faces_in_motion(count, generator, difficulty=1.0):
    """Every combination of action units, likely or not, on many persons."""
    intensities = (torch.rand(count, len(ACTION_UNITS), generator=generator) < 0.3).float()
    intensities[:, ACTION_UNITS.index(26)] *= 1 - intensities[:, ACTION_UNITS.index(27)]
    return draw_scene(people(range(count)), intensities, Conditions.at(difficulty), generator)


def test_a_smile_moves_the_corners_of_the_mouth_as_the_table_says():
    moved = face_points(studio(action_units={12: 0.5}))[0] - neutral()
    dx, dy = AU_MOVES[12][48]
    assert dx < 0
    assert dy < 0
    torch.testing.assert_close(moved[48], torch.tensor([0.5 * dx, 0.5 * dy, 0.0]))
    torch.testing.assert_close(moved[54], torch.tensor([-0.5 * dx, 0.5 * dy, 0.0]))
    assert moved[17:48].abs().max() == 0


@pytest.mark.parametrize(
    ("unit", "point", "direction"),
    [
        *((1, 21, (0, -1)), (2, 17, (0, -1)), (4, 21, (1, 1)), (5, 37, (0, -1)), (7, 41, (0, -1))),
        *((9, 31, (0, -1)), (10, 50, (0, -1)), (12, 48, (-1, -1)), (15, 48, (0, 1)), (16, 57, (0, 1))),
        *((17, 57, (0, -1)), (20, 48, (-1, 0)), (24, 57, (0, -1)), (25, 66, (0, 1)), (26, 8, (0, 1))),
        *((27, 8, (0, 1)), (43, 37, (0, 1))),
    ],
)
def test_points_move_where_the_facs_manual_says(unit, point, direction):
    moved = (face_points(studio(action_units={unit: 1.0}))[0] - neutral())[point, :2]
    for found, expected in zip(moved.tolist(), direction, strict=True):
        assert expected == 0 or found * expected > 0.02


def test_the_jaw_drops_further_in_a_mouth_stretch():
    drop = {unit: face_points(studio(action_units={unit: 1.0}))[0, 8, 1] for unit in (26, 27)}
    assert drop[27] > drop[26] > neutral()[8, 1]


@pytest.mark.parametrize("table", [AU_MOVES, PERSON_MOVES])
def test_template_and_movements_are_their_own_mirror_images(table):
    torch.testing.assert_close(neutral()[list(MIRROR_ALL)] * FLIP, neutral())
    moves = movements(table)
    torch.testing.assert_close(moves[:, list(MIRROR_ALL)] * FLIP, moves)


def test_closed_eyes_are_closed():
    for unit in (43, 45):
        points = face_points(studio(action_units={unit: 1.0}))[0]
        torch.testing.assert_close(points[[37, 38, 43, 44]], points[[41, 40, 47, 46]])


def test_lids_and_lips_never_cross(generator):
    y = face_points(faces_in_motion(500, generator))[..., 1]
    assert (y[:, [41, 40, 47, 46, 67, 66, 65]] - y[:, [37, 38, 43, 44, 61, 62, 63]]).min() >= -1e-6
    assert (y[:, [61, 62, 63, 58, 57, 56]] - y[:, [50, 51, 52, 67, 66, 65]]).min() >= 0.02 - 1e-6


def test_creases_follow_their_landmark():
    from facsight.data.drawn.creases import CREASES

    scene = studio(action_units={12: 1.0})
    points = face_points(scene)
    for crease, line in zip(CREASES, crease_points(scene, points), strict=True):
        moved = crease.follow * (points[0] - neutral())[crease.carrier]
        torch.testing.assert_close(line[0], torch.tensor(crease.line) + moved)


def turned(yaw=0.0, pitch=0.0, roll=0.0):
    scene = studio()
    scene.pose[:] = torch.tensor([yaw, pitch, roll])
    return Projection.of(scene, 100)


def test_upright_projection_is_scale_and_shift():
    # between the eyes at (0.5, 0.4) of the side, 0.265 of the side between the eyes
    assert turned()(torch.tensor([[[1.0, 2.0, 9.0]]])).flatten().tolist() == pytest.approx([76.5, 93.0])


def test_positive_angles_turn_as_documented():
    nose, right = torch.tensor([[[0.0, 0.0, 1.0]]]), torch.tensor([[[1.0, 0.0, 0.0]]])
    assert turned(yaw=90.0)(nose).flatten().tolist() == pytest.approx([23.5, 40.0], abs=1e-4)
    assert turned(pitch=90.0)(nose).flatten().tolist() == pytest.approx([50.0, 13.5], abs=1e-4)
    assert turned(roll=90.0)(right).flatten().tolist() == pytest.approx([50.0, 13.5], abs=1e-4)
    # a nose that points up stays there when the head turns, and goes to the left when it tilts
    assert turned(yaw=90.0, pitch=90.0)(nose).flatten().tolist() == pytest.approx([50.0, 13.5], abs=1e-4)
    assert turned(pitch=90.0, roll=90.0)(nose).flatten().tolist() == pytest.approx([23.5, 40.0], abs=1e-4)


def test_landmarks_scale_with_the_picture_and_lie_inside_it(generator):
    scene = faces_in_motion(3000, generator)
    points = landmarks(scene, 48)
    assert points.min() > 0
    assert points.max() < 48
    torch.testing.assert_close(landmarks(scene, 96), 2 * points)


def test_mirrored_scenes_have_mirrored_landmarks(generator):
    scene = faces_in_motion(50, generator)
    mirrored = landmarks(scene, 48)[:, list(MIRROR)] * torch.tensor([-1.0, 1.0]) + torch.tensor([48.0, 0.0])
    torch.testing.assert_close(landmarks(scene.mirrored(), 48), mirrored, atol=1e-4, rtol=0)
