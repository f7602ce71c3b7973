"""AU maps: against a plain loop, under shifts, turns and mirrors, with missing points, and their gradient."""

import math

import pytest
import torch

from facsight.core.landmarks import MIRROR
from facsight.facs.au_maps import AuMaps, expression_maps, label_maps, render_au_maps
from facsight.facs.codebook import codebook_names, load_codebook
from facsight.facs.regions import REGIONS, face_unit, region_spots


def draw(landmarks, size=(12, 12), extent=(48, 48), units=None):
    return render_au_maps(landmarks[None], size, extent=extent, action_units=units)


def similarity(a, b):
    return torch.nn.functional.cosine_similarity(a.flatten(), b.flatten(), dim=0).item()


@pytest.mark.parametrize("unit", [1, 12, 25])
def test_one_cell_at_a_time(crop48, unit):
    spots, (radius,) = region_spots((unit,))
    unit_length, cell = face_unit(crop48[None]).item(), (48 / 9, 48 / 14)
    spread = [(radius.item() * unit_length) ** 2 + (side / 2) ** 2 for side in cell]  # half a cell wider
    centres = (spots[0] @ crop48).tolist()

    def height(x, y):
        return sum(
            math.exp(-((x - a) ** 2) / (2 * spread[0]) - (y - b) ** 2 / (2 * spread[1])) for a, b in centres
        )

    peak = max(height(x, y) for x, y in centres)
    expected = [
        [min(1.0, height((column + 0.5) * cell[0], (row + 0.5) * cell[1]) / peak) for column in range(9)]
        for row in range(14)
    ]
    maps = draw(crop48, (14, 9), units=[unit]).maps
    torch.testing.assert_close(maps[0, 0], torch.tensor(expected, dtype=maps.dtype))


def test_shapes_and_range(crop48):
    au = draw(crop48.float(), (28, 20))
    assert au.action_units == tuple(REGIONS)
    assert au.maps.shape == (1, len(REGIONS), 28, 20)
    assert au.maps.dtype == torch.float32
    assert au.valid.all()
    assert au.maps.min() >= 0
    assert au.maps.max() <= 1


def test_every_region_peaks_at_one(crop48):
    peaks = draw(crop48, (192, 192)).maps.amax(dim=(2, 3))
    assert (peaks > 0.97).all()


@pytest.mark.parametrize("size", [7, 12, 14, 28])
def test_thin_regions_are_not_lost_between_cells(crop48, size):
    """Wherever the face falls on the grid, a region keeps its mass, and its peak does not vanish."""
    cell = 48 / size
    shifts = torch.tensor([(x, y) for x in range(4) for y in range(4)]) * cell / 4 - cell / 2
    units = (5, 7, 24, 25)
    maps = render_au_maps(crop48 + shifts[:, None], (size, size), extent=(48, 48), action_units=units).maps
    mass = maps.sum(dim=(2, 3))
    assert ((mass.amax(dim=0) - mass.amin(dim=0)) / mass.mean(dim=0) < 0.04).all()
    assert (maps.amax(dim=(2, 3)) > 0.5).all()


def test_mirrored_faces_have_mirrored_maps(crop48, generator):
    face = crop48 + torch.randn(68, 2, generator=generator, dtype=torch.float64)
    mirrored = torch.stack([48 - face[:, 0], face[:, 1]], dim=1)[list(MIRROR)]
    torch.testing.assert_close(draw(mirrored).maps, draw(face).maps.flip(-1))


def test_maps_turn_with_the_face(crop48, generator):
    # a quarter turn to the right takes (x, y) to (48 - y, x)
    face = crop48 + torch.randn(68, 2, generator=generator, dtype=torch.float64)
    turned = torch.stack([48 - face[:, 1], face[:, 0]], dim=1)
    torch.testing.assert_close(draw(turned).maps, draw(face).maps.rot90(-1, dims=(2, 3)))


def test_maps_do_not_depend_on_the_size_of_the_pixels(crop48):
    big = render_au_maps(crop48[None] * 5, (12, 12), extent=(240, 240))
    torch.testing.assert_close(big.maps, draw(crop48).maps)


def test_maps_grow_with_the_face(crop48):
    # half the size about the crop's middle, on a grid of half the pitch: the same picture
    half = (crop48 - 24) / 2 + 24
    small = render_au_maps(half[None], (24, 24), extent=(48, 48)).maps[:, :, 6:18, 6:18]
    torch.testing.assert_close(small, draw(crop48).maps)


@pytest.mark.parametrize(
    "pair",
    [
        (12, 15),
        (23, 24),
        (23, 26),
        (24, 26),
        (26, 27),
        (25, 26),
        (10, 11),
        (5, 7),
        (1, 2),
        (14, 12),
        (16, 17),
    ],
)
def test_units_that_differ_have_regions_that_differ(crop48, pair):
    first, second = draw(crop48, (28, 28), units=pair).maps[0]
    assert similarity(first, second) < 0.9


def test_profile_keeps_its_regions(crop48):
    """The inter-ocular distance collapses, the regions' thickness must not."""
    middle = torch.tensor([24.0, 24.0], dtype=torch.float64)
    side = (crop48 - middle) * torch.tensor([0.05, 1.0]) + middle
    frontal, profile = draw(crop48, (48, 48)), draw(side, (48, 48))
    assert profile.valid.all()
    tall = profile.maps.amax(dim=3).sum(dim=2) / frontal.maps.amax(dim=3).sum(dim=2)
    assert ((tall > 0.8) & (tall < 1.25)).all()


def test_missing_landmarks_flag_the_units_that_need_them(crop48):
    face = crop48.clone()
    face[[19, 24]] = torch.nan
    au = draw(face, units=(2, 4, 12, 17))
    assert au.valid.tolist() == [[False, True, True, True]]
    assert (au.maps[0, 0] == 0).all()
    torch.testing.assert_close(au.maps[0, 1:], draw(crop48, units=(4, 12, 17)).maps[0])


def test_a_hidden_mouth_leaves_the_brows(crop48):
    face = crop48.clone()
    face[48:] = torch.inf
    au = draw(face, units=(1, 4, 43, 6, 25))
    assert au.valid.tolist() == [[True, True, True, False, False]]


@pytest.mark.parametrize("broken", [torch.nan, 0.0, 1e6])
def test_a_face_without_landmarks_is_invalid_and_never_nan(crop48, broken):
    faces = torch.stack([crop48, torch.full_like(crop48, broken)])
    au = render_au_maps(faces, (12, 12), extent=(48, 48))
    assert au.valid[0].all()
    assert not au.valid[1].any()
    assert (au.maps[1] == 0).all()
    torch.testing.assert_close(au.maps[:1], draw(crop48).maps)


def test_what_lies_outside_the_crop_is_invalid(crop48):
    # a crop that ends above the mouth; the whole face moved out to the left by a crop's width
    cut = render_au_maps(crop48[None], (8, 12), extent=(32, 48), action_units=(4, 6, 12, 17, 25))
    assert cut.valid.tolist() == [[True, True, False, False, False]]
    gone = draw(crop48 - torch.tensor([48.0, 0.0]))
    assert not gone.valid.any()
    assert (gone.maps == 0).all()


@pytest.mark.parametrize("shift", range(-40, 41, 10))
def test_a_valid_map_is_never_empty(crop48, shift):
    au = draw(crop48 + shift, (7, 7))
    assert ((au.maps.sum(dim=(2, 3)) > 0.1) == au.valid).all()


def test_faces_of_a_batch_do_not_mix(crop48, generator):
    faces = crop48 + 2 * torch.randn(5, 68, 2, generator=generator, dtype=torch.float64)
    together = render_au_maps(faces, (12, 12), extent=(48, 48)).maps
    torch.testing.assert_close(together, torch.cat([draw(face).maps for face in faces]))


def test_no_faces_no_maps():
    au = render_au_maps(torch.zeros(0, 68, 2), (12, 12), extent=(48, 48))
    assert au.maps.shape == (0, len(REGIONS), 12, 12)
    assert expression_maps(au, torch.ones(2, len(REGIONS)))[0].shape == (0, 2, 12, 12)


def test_gradient(crop48, generator):
    # off symmetry, where the two sides' peaks would tie
    face = crop48 + 0.3 * torch.randn(68, 2, generator=generator, dtype=torch.float64)
    face = face.requires_grad_()

    def maps(landmarks):
        return render_au_maps(landmarks[None], (5, 4), extent=(48, 48), action_units=(1, 12, 25)).maps

    assert torch.autograd.gradcheck(maps, face, fast_mode=True)


def test_gradient_is_finite_beside_missing_points(crop48):
    faces = torch.stack([crop48, torch.full_like(crop48, torch.nan), torch.zeros_like(crop48)])
    faces[0, 48:] = torch.nan
    faces.requires_grad_()
    render_au_maps(faces, (12, 12), extent=(48, 48)).maps.square().sum().backward()
    assert faces.grad is not None
    assert faces.grad.isfinite().all()
    assert faces.grad[0].abs().sum() > 0
    assert (faces.grad[1:] == 0).all()


def test_half_precision_and_autocast_do_not_blur_the_maps(crop48):
    exact = draw(crop48.float())
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(draw(crop48.float()).maps, exact.maps)
    assert draw(crop48.half()).maps.dtype == torch.float32
    torch.testing.assert_close(draw(crop48.half()).maps, exact.maps, atol=0.02, rtol=0)


@pytest.fixture
def two_units():
    """Two faces, two units of 1 x 3 cells; the second face lacks the second unit."""
    maps = torch.tensor([[[[1.0, 0.5, 0]], [[0, 0.5, 1.0]]], [[[0.2, 0.4, 0.6]], [[0, 0, 0]]]])
    return AuMaps(maps, torch.tensor([[True, True], [True, False]]), (6, 12))


def test_union_by_maximum(two_units):
    maps, valid = expression_maps(two_units, torch.tensor([[1.0, 0.5], [0.0, 1.0], [0.0, 0.0]]))
    torch.testing.assert_close(maps[0], torch.tensor([[[1, 0.5, 0.5]], [[0, 0.5, 1]], [[0, 0, 0]]]))
    torch.testing.assert_close(maps[1], torch.tensor([[[0.2, 0.4, 0.6]], [[0, 0, 0]], [[0, 0, 0]]]))
    assert valid.tolist() == [[True, True, False], [True, False, False]]


def test_union_by_sum_is_the_weighted_mean_of_what_is_valid(two_units):
    maps, valid = expression_maps(two_units, torch.tensor([[1.0, 0.5]]), union="sum")
    # (1, .5, 0) / 1.5 + .5 (0, .5, 1) / 1.5; the second face has the first unit alone
    torch.testing.assert_close(maps[0, 0], torch.tensor([[1 / 1.5, 0.75 / 1.5, 0.5 / 1.5]]))
    torch.testing.assert_close(maps[1, 0], torch.tensor([[0.2, 0.4, 0.6]]))
    assert valid.all()


@pytest.mark.parametrize("union", ["max", "sum"])
def test_the_map_of_a_label_is_that_of_its_class(crop48, generator, union):
    book = load_codebook("du2014")
    weights = book.weights(["happiness", "neutral", "fear"], book.action_units)
    faces = crop48 + torch.randn(4, 68, 2, generator=generator, dtype=torch.float64)
    labels = torch.tensor([0, 2, 1, 0])
    au = render_au_maps(faces, (12, 12), extent=(48, 48), action_units=book.action_units)
    maps, valid = expression_maps(au, weights, union=union)
    of_labels, known = label_maps(
        faces, weights[labels], (12, 12), extent=(48, 48), action_units=book.action_units, union=union
    )
    torch.testing.assert_close(of_labels, maps[torch.arange(4), labels])
    assert known.tolist() == valid[torch.arange(4), labels].tolist() == [True, True, False, True]


@pytest.mark.parametrize("union", ["max", "sum"])
@pytest.mark.parametrize("count", [1, 8, 19])
def test_however_many_faces_are_joined_at_once_each_is_joined_alone(generator, union, count):
    maps, weights = torch.rand(count, 5, 3, 4, generator=generator), torch.rand(6, 5, generator=generator)
    valid = torch.rand(count, 5, generator=generator) > 0.3
    joined, known = expression_maps(AuMaps(maps, valid, (1, 2, 4, 6, 12)), weights, union=union)
    assert joined.shape == (count, 6, 3, 4)
    for face, (own, left) in enumerate(zip(maps, valid, strict=True)):
        for label, weight in enumerate(weights):
            parts = torch.einsum("a,ahw->ahw", weight[left], own[left])
            nothing = torch.zeros(1, 3, 4)
            by_hand = {
                "max": torch.cat([nothing, parts]).amax(dim=0),
                "sum": parts.sum(dim=0) / weight[left].sum() if left.any() else nothing[0],
            }
            torch.testing.assert_close(joined[face, label], by_hand[union])
            assert known[face, label] == left.any()


@pytest.mark.parametrize("name", codebook_names())
def test_every_codebook_can_be_drawn_on_an_aligned_face(name, crop48):
    book = load_codebook(name)
    au = draw(crop48, units=book.action_units)
    maps, valid = expression_maps(au, book.weights(list(book.expressions), book.action_units))
    assert au.valid.all()
    assert valid.all()
    assert (maps.amax(dim=(2, 3)) > 0.4).all()
