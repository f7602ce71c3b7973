"""Control regions lie on the face, off the region, are as large, and follow the face."""

import pytest
import torch

from facsight.core.landmarks import MIRROR
from facsight.facs.au_maps import render_au_maps
from facsight.facs.control_regions import (
    draw_motions,
    draw_waves,
    face_outline,
    moved_controls,
    patchy_controls,
)

UNITS = (1, 5, 6, 9, 12, 17, 25)


@pytest.fixture
def faces(crop48, generator):
    """Five faces in crops of 64 pixels, so that the chin is inside."""
    return 8 + crop48.float() + 0.5 * torch.randn(5, 68, 2, generator=generator)


def regions_of(faces, units, size=64):
    maps = render_au_maps(faces, (size, size), extent=(size, size), action_units=units)
    assert maps.valid.all()
    return (4 * maps.maps).clamp(max=1)


def mirrored(faces, size=64):
    return torch.stack([size - faces[..., 0], faces[..., 1]], dim=-1)[:, list(MIRROR)]


def test_the_outline_by_hand():
    # a face whose points all are corners of a square from 8 to 24, with eyes level: the hull is that square,
    # and a forehead of half a face unit above the brows
    points = torch.tensor([[8.0, 8.0], [8.0, 24.0], [24.0, 24.0], [24.0, 8.0]])
    face = torch.full((1, 68, 2), torch.nan)
    face[:, :17] = points[[0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3]]
    face[:, 17:22], face[:, 22:27] = points[0], points[3]
    face[:, 36:42], face[:, 42:48] = torch.tensor([12.0, 12.0]), torch.tensor([20.0, 12.0])
    outline = face_outline(face, (32, 32))[0]
    # the face unit is 8 pixels, the forehead 4; octagon-like corners of the hull's half planes lie outside
    assert outline[4:24, 8:24].all()
    assert outline[:3].sum() == outline[26:].sum() == outline[:, :6].sum() == outline[:, 26:].sum() == 0


@pytest.mark.parametrize("unit", UNITS)
def test_moved_controls_are_as_large_on_the_face_and_off_the_region(faces, generator, unit):
    regions = regions_of(faces, (unit,))[:, 0]
    controls = moved_controls(regions, torch.zeros_like(regions), faces, draw_motions(generator), 6)
    mass = regions.sum(dim=(1, 2))[:, None]
    assert controls.shape == (5, 6, 64, 64)
    assert 0 <= controls.min() <= controls.max() <= 1
    torch.testing.assert_close(controls.sum(dim=(2, 3)) / mass, torch.ones(5, 6), atol=0.02, rtol=0)
    outline = face_outline(faces, (64, 64)).unsqueeze(1)
    assert ((controls * outline).sum(dim=(2, 3)) / mass).min() > 0.85
    assert (torch.minimum(controls, regions.unsqueeze(1)).sum(dim=(2, 3)) / mass).max() < 0.1


def test_moved_controls_are_several_different_ones(faces, generator):
    regions = regions_of(faces, (12,))[:, 0]
    controls = moved_controls(regions, regions, faces, draw_motions(generator), 6)
    apart = (controls.unsqueeze(1) - controls.unsqueeze(2)).abs().sum(dim=(3, 4))
    assert (apart[:, ~torch.eye(6, dtype=torch.bool)] > 0.1 * regions.sum(dim=(1, 2))[:, None]).all()


def test_moved_controls_avoid_what_they_are_told_to(faces, generator):
    opacity = regions_of(faces, UNITS)
    others = opacity[:, [UNITS.index(unit) for unit in (6, 25)]].amax(dim=1)
    region, motions = opacity[:, UNITS.index(12)], draw_motions(generator)
    heedless, heedful = (
        torch.minimum(moved_controls(region, avoid, faces, motions, 6), others.unsqueeze(1)).sum()
        for avoid in (torch.zeros_like(others), others)
    )
    assert heedful < 0.75 * heedless


def test_patchy_controls_are_as_large_on_the_face_and_off_the_region(faces, generator):
    region = regions_of(faces, (6, 12, 25)).amax(dim=1)
    controls = patchy_controls(region, faces, draw_waves(3, generator))
    torch.testing.assert_close(
        controls.sum(dim=(2, 3)), region.sum(dim=(1, 2))[:, None].expand(-1, 3), rtol=1e-3, atol=0
    )
    allowed = face_outline(faces, (64, 64)) * (1 - region)
    assert (controls <= allowed.unsqueeze(1) + 1e-6).all()


def test_a_region_larger_than_the_rest_of_the_face_is_compared_with_all_the_rest(faces, generator):
    region = 0.7 * face_outline(faces, (64, 64))
    controls = patchy_controls(region, faces, draw_waves(2, generator))
    rest = 0.3 * face_outline(faces, (64, 64)).unsqueeze(1).expand_as(controls)
    torch.testing.assert_close(controls, rest)


def test_a_mirrored_face_has_mirrored_controls(faces, generator):
    regions, motions = regions_of(faces, (6,))[:, 0], draw_motions(generator)
    waves = draw_waves(2, generator)
    for make, numbers in (
        (lambda r, f: moved_controls(r, r, f, motions, 4), motions),
        (lambda r, f: patchy_controls(r, f, waves), waves),
    ):
        straight, turned = make(regions, faces), make(regions.flip(-1), mirrored(faces))
        assert numbers.isfinite().all()
        assert (straight - turned.flip(-1)).abs().mean() < 1e-3


def test_controls_turn_with_the_face(faces, generator):
    # a quarter turn of the picture: (x, y) to (64 - y, x)
    turned = torch.stack([64 - faces[..., 1], faces[..., 0]], dim=-1)
    motions, regions = draw_motions(generator), regions_of(faces, (12,))[:, 0]
    straight = moved_controls(regions, regions, faces, motions, 4)
    rolled = moved_controls(regions.rot90(-1, (1, 2)), regions.rot90(-1, (1, 2)), turned, motions, 4)
    assert (straight.rot90(-1, (2, 3)) - rolled).abs().mean() < 1e-3


def test_no_region_has_no_controls(generator):
    nothing, nobody = torch.zeros(0, 16, 16), torch.zeros(0, 68, 2)
    assert moved_controls(nothing, nothing, nobody, draw_motions(generator), 3).shape == (0, 3, 16, 16)
    assert patchy_controls(nothing, nobody, draw_waves(3, generator)).shape == (0, 3, 16, 16)
