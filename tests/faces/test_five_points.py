"""Faces aligned by five points: hand values, and the transform that models were trained with."""

import cv2
import numpy as np
import pytest
from skimage.transform import SimilarityTransform

from facsight.core.landmarks import LEFT_EYE, RIGHT_EYE
from facsight.faces.five_points import ARCFACE_POINTS, align_five

TEMPLATE = np.array(ARCFACE_POINTS)


def landmarks_of(five):
    """68 points whose eyes, nose and mouth corners are these; all others are far away, and must not count."""
    points = np.full((68, 2), 1e4, np.float32)
    ring = 3 * np.array([(-1, 0), (-0.5, -1), (0.5, -1), (1, 0), (0.5, 1), (-0.5, 1)])
    for eye, centre in zip((LEFT_EYE, RIGHT_EYE), five[:2], strict=True):
        points[list(eye)] = centre + ring
    points[[30, 48, 54]] = five[2:]
    return points.astype(np.float32)


def test_points_where_they_should_be_are_left_there():
    alignment = align_five(landmarks_of(TEMPLATE + 0.5), 112)
    np.testing.assert_allclose(alignment.matrix, [[1, 0, 0], [0, 1, 0]], atol=1e-4)


def test_twice_as_large_and_shifted_by_hand():
    alignment = align_five(landmarks_of(2 * (TEMPLATE + 0.5) + (10, 20)), 112)
    np.testing.assert_allclose(alignment.matrix, [[0.5, 0, -5], [0, 0.5, -10]], atol=1e-4)


def test_a_quarter_turn_by_hand():
    x, y = (TEMPLATE + 0.5).T
    alignment = align_five(landmarks_of(np.stack([200 - y, x], axis=1)), 112)
    np.testing.assert_allclose(alignment.matrix, [[0, 1, 0], [-1, 0, 200]], atol=1e-3)


def test_another_side_is_another_scale():
    alignment = align_five(landmarks_of(TEMPLATE + 0.5), 224)
    np.testing.assert_allclose(alignment.matrix, [[2, 0, 0], [0, 2, 0]], atol=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_it_is_the_alignment_that_the_models_were_trained_with(seed):
    """Least squares as scikit-image has it, the picture as OpenCV warps it, counted from a pixel's centre."""
    generator = np.random.default_rng(seed)
    five = 30 + 0.8 * TEMPLATE + generator.normal(0, 2, (5, 2))
    fitted = SimilarityTransform.from_estimate(five - 0.5, TEMPLATE)
    alignment = align_five(landmarks_of(five), 112)
    shifted = fitted.params[:2, :2] @ [-0.5, -0.5] + fitted.params[:2, 2] + 0.5
    np.testing.assert_allclose(alignment.matrix[:, :2], fitted.params[:2, :2], atol=1e-4)
    np.testing.assert_allclose(alignment.matrix[:, 2], shifted, atol=1e-2)
    picture = cv2.GaussianBlur(generator.integers(0, 256, (180, 180, 3)).astype(np.uint8), (9, 9), 3)
    warped = cv2.warpAffine(picture, fitted.params[:2], (112, 112), flags=cv2.INTER_LINEAR)
    inner = (slice(4, -4), slice(4, -4))
    assert np.abs(alignment.crop(picture)[inner].astype(int) - warped[inner]).max() <= 2


def test_a_missing_point_is_told():
    points = landmarks_of(TEMPLATE)
    points[48] = np.nan
    assert np.isnan(align_five(points, 112).matrix).any()
