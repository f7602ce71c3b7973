"""The published pipeline: against OpenCV, which it used, and against figures measured on it elsewhere.

The figures (floors, similarities between classes) were measured with an implementation of its own on one
frontal face, dlib's mean face; ours is another one, the mean of studio portraits, hence the tolerances.
"""

import math
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import torch
from torch.nn.functional import cosine_similarity

from facsight.core.errors import BadCodebook, UnknownName
from facsight.facs.reference import (
    AS_PUBLISHED,
    MENDED,
    REFERENCE_UNITS,
    _soften,
    reference_au_maps,
    reference_expression_map,
    reference_expression_units,
    reference_union,
)

SIX = ("happiness", "surprise", "fear", "anger", "disgust", "sadness")
HALF = 255 / 2


def similarity(a, b):
    return cosine_similarity(a.flatten(), b.flatten(), dim=0).item()


def centred(a, b):
    return similarity(a - a.mean(), b - b.mean())


def one(landmarks, unit, bugs=AS_PUBLISHED):
    maps, valid = reference_au_maps(landmarks, [unit], bugs=bugs)
    assert valid.all()
    return maps[0]


def mirror_similarity(picture):
    return similarity(picture, picture.flip(-1))


def rolled(landmarks, degrees):
    """The picture-right side sinks for positive angles."""
    turn = math.radians(degrees)
    rotation = torch.tensor(
        [[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]], dtype=torch.float64
    )
    return (landmarks - 112) @ rotation.T + 112


@pytest.fixture
def class_maps(portrait224):
    return {name: reference_expression_map(portrait224, name)[0] for name in SIX}


# the pipeline's steps, against OpenCV


def test_one_unit_through_opencv(portrait224):
    cv2 = pytest.importorskip("cv2", reason="OpenCV is the oracle of this test")
    for unit, half_axes in ((12, (20, 20)), (25, (25, 10)), (1, (28, 22))):
        canvas = np.full((224, 224), 1e-4)
        for point in {12: (48, 54), 25: (51, 57), 1: (20, 23)}[unit]:
            x, y = (int(value) for value in portrait224[point])
            cv2.ellipse(canvas, (x, y), half_axes, 0, 0, 360, (255, 255, 255), cv2.FILLED)
        small = cv2.blur(cv2.resize(canvas, (28, 28)), (3, 3))
        expected = torch.from_numpy(cv2.resize(small, (224, 224)))
        ours = one(portrait224, unit).double()
        assert (ours - expected).abs().max() < 0.1 * 255
        assert similarity(ours, expected) > 0.999


@pytest.mark.parametrize("size", [(224, 224), (100, 160), (28, 28)])
def test_resizing_and_blur_are_those_of_opencv(size, generator):
    cv2 = pytest.importorskip("cv2", reason="OpenCV is the oracle of this test")
    canvas = torch.rand(size, generator=generator)
    small = cv2.blur(cv2.resize(canvas.numpy(), (28, 28)), (3, 3))
    expected = torch.from_numpy(cv2.resize(small, (size[1], size[0])))
    torch.testing.assert_close(_soften(canvas[None], AS_PUBLISHED)[0], expected, atol=1e-5, rtol=0)


def test_sampling_loses_what_is_thin(portrait224):
    # an eye opening is some 12 pixels high, a fifth of it falls between the samples or is blurred away
    assert one(portrait224, 5).max() < 0.7 * 255
    assert one(portrait224, 6).max() > 0.99 * 255
    averaged = replace(AS_PUBLISHED, point_sampling=False)
    areas = {unit: one(portrait224, unit, averaged).sum().item() for unit in (5, 6)}
    # averaging keeps the area: two cheek ellipses of 22 x 22 pixels
    assert areas[6] / 255 == pytest.approx(2 * math.pi * 22.5**2, rel=0.02)
    assert areas[5] > 0


# the codebook


def test_codebook_bug():
    assert reference_expression_units("disgust") == (5, 9, 16, 17, 25, 26)
    assert reference_expression_units("disgust", MENDED) == (9, 10, 16, 17, 25, 26)
    assert (
        reference_expression_units("happiness")
        == reference_expression_units("happiness", MENDED)
        == (6, 12, 25)
    )
    assert reference_expression_units("neutral") == ()


def test_disgust_bug_hardly_shows_in_the_cosine(portrait224, class_maps):
    right, _ = reference_expression_map(
        portrait224, "disgust", bugs=replace(AS_PUBLISHED, disgust_lids=False)
    )
    assert similarity(right, class_maps["disgust"]) == pytest.approx(0.95, abs=0.02)


# the geometry's bugs, one switch each


@pytest.mark.parametrize(
    ("unit", "switch", "published"), [(10, "au10_right", 0.74), (20, "au20_right", 0.68)]
)
def test_asymmetric_units(portrait224, unit, switch, published):
    assert mirror_similarity(one(portrait224, unit)) == pytest.approx(published, abs=0.03)
    assert mirror_similarity(one(portrait224, unit, replace(AS_PUBLISHED, **{switch: False}))) > 0.97


def test_chin_off_centre(portrait224):
    def middle(picture):
        return ((picture.sum(dim=0) * (torch.arange(224) + 0.5)).sum() / picture.sum()).item()

    face_middle = portrait224[[8, 57], 0].mean().item()
    assert middle(one(portrait224, 17)) < face_middle - 5
    mended = one(portrait224, 17, replace(AS_PUBLISHED, au17_off_centre=False))
    assert middle(mended) == pytest.approx(face_middle, abs=1.5)


@pytest.mark.parametrize("degrees", [2, 4, 6])
def test_brow_lowerer_vanishes_under_roll(portrait224, degrees):
    assert (one(rolled(portrait224, degrees), 4) > HALF).sum() == 0
    assert (one(rolled(portrait224, -degrees), 4) > HALF).float().mean() > 0.015
    mended = replace(AS_PUBLISHED, au4_roll=False)
    assert (one(rolled(portrait224, degrees), 4, mended) > HALF).float().mean() > 0.015


def test_mended_maps_of_a_symmetric_face_are_symmetric(portrait224):
    maps, _ = reference_au_maps(portrait224, bugs=MENDED)
    assert all(mirror_similarity(picture) > 0.97 for picture in maps)


def test_units_that_share_their_region(portrait224):
    assert similarity(one(portrait224, 12), one(portrait224, 15)) == pytest.approx(1)
    assert all(
        similarity(one(portrait224, 23), one(portrait224, unit)) == pytest.approx(1) for unit in (24, 26, 27)
    )


# the floors of the cosine metric


def floor(maps, template, measure=similarity):
    return sum(measure(template, picture) for picture in maps.values()) / len(maps)


def test_floors(portrait224, class_maps):
    generic, valid = reference_union(portrait224, REFERENCE_UNITS)
    mean = torch.stack(list(class_maps.values())).mean(dim=0)
    assert valid
    assert floor(class_maps, torch.ones(224, 224)) == pytest.approx(0.47, abs=0.02)
    assert floor(class_maps, generic) == pytest.approx(0.72, abs=0.02)
    assert floor(class_maps, generic, centred) == pytest.approx(0.62, abs=0.02)
    assert floor(class_maps, mean) == pytest.approx(0.78, abs=0.02)
    assert floor(class_maps, mean, centred) == pytest.approx(0.71, abs=0.02)
    raised = sum(similarity(picture + 0.5, picture) for picture in class_maps.values()) / 6
    assert raised == pytest.approx(0.78, abs=0.02)


def test_similarities_between_classes(class_maps):
    pairs = {pair: similarity(class_maps[pair[0]], class_maps[pair[1]]) for pair in combinations(SIX, 2)}
    assert sum(pairs.values()) / len(pairs) == pytest.approx(0.53, abs=0.02)
    assert pairs["surprise", "fear"] == pytest.approx(0.91, abs=0.05)
    assert pairs["happiness", "sadness"] == pytest.approx(0.71, abs=0.05)
    assert pairs["fear", "sadness"] == pytest.approx(0.63, abs=0.06)
    assert pairs["happiness", "surprise"] == pytest.approx(0.18, abs=0.05)


def test_areas_above_half(class_maps):
    published = {
        "anger": 0.10,
        "disgust": 0.11,
        "happiness": 0.12,
        "surprise": 0.15,
        "sadness": 0.19,
        "fear": 0.20,
    }
    assert {
        name: (picture > 0.5).float().mean().item() for name, picture in class_maps.items()
    } == pytest.approx(published, abs=0.03)


# what cannot be drawn


def test_ranges(portrait224, class_maps):
    maps, valid = reference_au_maps(portrait224, size=(200, 180))
    assert maps.shape == (len(REFERENCE_UNITS), 200, 180)
    assert valid.all()
    assert maps.max() <= 255 + 1e-3
    assert all(picture.min() == 0 and picture.max() == 1 for picture in class_maps.values())


@pytest.mark.parametrize("missing", [math.nan, math.inf])
def test_failed_landmarks_and_neutral_have_no_map(portrait224, missing):
    for landmarks, expression in ((torch.full((68, 2), missing), "fear"), (portrait224.float(), "neutral")):
        picture, valid = reference_expression_map(landmarks, expression)
        assert not valid
        assert (picture == 0).all()


def test_units_outside_the_picture_are_left_out(portrait224):
    # moved down so far that only the upper face is in the picture
    low = portrait224 + torch.tensor([0.0, 100.0])
    maps, valid = reference_au_maps(low, [1, 17])
    assert valid.tolist() == [True, False]
    assert (maps[1] == 0).all()
    union, known = reference_union(low, [1, 17])
    assert known
    torch.testing.assert_close(union, reference_union(low, [1])[0])
    assert not reference_union(low + 1000, [1, 17])[1]


def test_unknown_names(portrait224):
    with pytest.raises(UnknownName, match="AU \\[11\\]"):
        reference_au_maps(portrait224, [12, 11])
    with pytest.raises(BadCodebook, match="'contempt'"):
        reference_expression_map(portrait224, "contempt")
