"""Local binary patterns: the patterns of scikit-image, and directions that are alike for one face."""

import numpy as np
import pytest
from skimage.feature import local_binary_pattern

from facsight.faces.texture import AROUND, PATTERNS, RADIUS, Texture, patterns
from planted import drawn_face


@pytest.mark.parametrize("seed", range(3))
def test_the_patterns_are_scikit_images_but_for_their_numbers(seed):
    grey = np.random.default_rng(seed).integers(0, 256, (40, 50)).astype(np.uint8)
    ours = patterns(grey.astype(float))
    inner = (slice(RADIUS, -RADIUS), slice(RADIUS, -RADIUS))
    theirs = local_binary_pattern(grey, AROUND, RADIUS, "nri_uniform")[inner].astype(int)
    pairs = set(zip(ours.ravel().tolist(), theirs.ravel().tolist(), strict=True))
    assert len(pairs) == len({one for one, _ in pairs}) == len({other for _, other in pairs})
    assert ours.max() == PATTERNS - 1


def test_an_even_picture_has_one_pattern_and_a_brighter_one_the_same():
    grey = np.random.default_rng(0).random((20, 20))
    assert np.unique(patterns(np.full((20, 20), 3.0))).size == 1
    np.testing.assert_array_equal(patterns(grey), patterns(2 * grey + 10))


def test_a_face_is_a_unit_vector_which_no_other_face_changes():
    picture, points = drawn_face(True)
    texture = Texture()
    several = np.stack([points, points * 0.9 + 5]).astype(np.float32)
    together = texture.embed(picture, several)
    assert together.shape == (2, texture.numbers)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1)
    for face, own in enumerate(several):
        np.testing.assert_array_equal(texture.embed(picture, own[None])[0], together[face])
    assert texture.embed(picture, several[:0]).shape == (0, texture.numbers)


def test_the_cosine_by_hand():
    """Two pictures whose halves differ: one has all parts alike, the other half of them."""
    texture = Texture()
    picture, points = drawn_face(True)
    (one,) = texture.embed(picture, points[None])
    parts = one.reshape(-1, PATTERNS)
    np.testing.assert_allclose(np.square(parts).sum(axis=1), 1 / len(parts))
    other = parts.copy()
    other[: len(parts) // 2] = 0
    assert one @ other.ravel() == pytest.approx(1 - (len(parts) // 2) / len(parts))


def test_light_that_is_dimmed_evenly_changes_little_and_another_face_much():
    picture, points = drawn_face(True)
    other, places = drawn_face(False)
    (one,), (dim,), (far,) = (
        Texture().embed(some, where[None])
        for some, where in ((picture, points), ((picture * 0.6).astype(np.uint8), points), (other, places))
    )
    assert one @ dim > one @ far


def test_a_face_without_the_points_has_no_direction():
    picture, points = drawn_face(True)
    lacking = points.copy()
    lacking[54] = np.nan
    assert np.isnan(Texture().embed(picture, lacking[None])).all()
