import math

import pytest
import torch

from facsight.core.landmarks import RIGID, RIGID_TEMPLATE
from facsight.data.drawn import landmarks, studio
from facsight.functional.face_points import in_face_units


def faces(n=3, seed=0):
    noise = torch.randn(n, 68, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return landmarks(studio(n), 100).double() + noise


def moved(points, *, turn=0.4, scale=3.0, shift=(20.0, -7.0)):
    matrix = torch.tensor(
        [[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]], dtype=torch.float64
    )
    return scale * points @ matrix.T + torch.tensor(shift, dtype=torch.float64)


def test_a_face_on_the_template_lies_where_the_template_says():
    """The outer corners at x -1/2 and 1/2; the template is 0.554 of the side wide and they lie at 0.368."""
    points = torch.zeros(1, 68, 2, dtype=torch.float64)
    points[0, list(RIGID)] = torch.tensor(RIGID_TEMPLATE, dtype=torch.float64)
    points[0, 8] = torch.tensor([0.5, 0.922], dtype=torch.float64)
    found = in_face_units(200 * points)[0]
    assert found[36].tolist() == pytest.approx([-0.5, 0.0], abs=1e-9)
    assert found[45].tolist() == pytest.approx([0.5, 0.0], abs=1e-9)
    assert found[33].tolist() == pytest.approx([0.0, 0.29 / 0.554])
    assert found[8].tolist() == pytest.approx([0.0, 1.0])


def test_place_size_and_tilt_say_nothing():
    torch.testing.assert_close(in_face_units(moved(faces())), in_face_units(faces()))


def test_a_mirror_image_is_told():
    mirrored = faces() * torch.tensor([-1.0, 1.0], dtype=torch.float64)
    assert (in_face_units(mirrored) - in_face_units(faces())).abs().max() > 0.1


def test_what_moves_with_an_expression_moves_nothing_else():
    points, other = faces(1), faces(1)
    other[0, 48, 1] -= 5.0
    change = in_face_units(other) - in_face_units(points)
    assert change[0, 48].norm() > 0.05
    change[0, 48] = 0
    assert change.abs().max() < 1e-9


def test_a_missing_point_is_missing_and_a_missing_rigid_one_all():
    points = faces()
    points[0, 60] = torch.nan
    points[1, 36] = torch.nan
    points[2] = 5.0
    gone = in_face_units(points).isnan().any(dim=2)
    assert gone[0].nonzero().flatten().tolist() == [60]
    assert gone[1].all()
    assert gone[2].all()
