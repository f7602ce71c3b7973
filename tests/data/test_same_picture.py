import numpy as np
import pytest
import torch
from scipy.ndimage import affine_transform, gaussian_filter

from facsight.data.same_picture import blur, difference


def scenes(count, seed=0):
    """Smooth random pictures, larger than what is cut out of them."""
    noise = np.random.default_rng(seed).normal(size=(count, 80, 80))
    smooth = np.stack(
        [gaussian_filter(picture, 2.0) + gaussian_filter(picture, 6.0) * 4 for picture in noise]
    )
    return 128 + 45 * smooth / smooth.std(axis=(1, 2), keepdims=True)


def cut(scene, matrix=((1, 0), (0, 1)), shift=(0, 0), gain=1.0, offset=0.0):
    """48 pixels square of the middle, moved by SciPy's spline interpolation."""
    matrix, middle = np.array(matrix, float), np.array([39.5, 39.5])
    moved = affine_transform(scene, matrix, middle + shift - matrix @ middle, order=3)
    return torch.from_numpy(np.clip(moved[16:64, 16:64] * gain + offset, 0, 255).astype(np.uint8))


MOTIONS = {
    "none": {},
    "shift": {"shift": (2.5, -2)},
    "scale": {"matrix": ((1.1, 0), (0, 1.1))},
    "stretch": {"matrix": ((0.93, 0), (0, 1.05))},
    "turn": {"matrix": ((np.cos(0.07), -np.sin(0.07)), (np.sin(0.07), np.cos(0.07)))},
    "grey levels": {"gain": 0.6, "offset": 30.0},
    "all": {"matrix": ((1.05, 0.04), (-0.04, 1.05)), "shift": (1, 1.5), "gain": 0.8, "offset": 10.0},
}


@pytest.mark.parametrize("motion", MOTIONS)
def test_a_moved_picture_is_the_same(motion):
    made = scenes(8)
    one = torch.stack([cut(scene) for scene in made])
    other = torch.stack([cut(scene, **MOTIONS[motion]) for scene in made])
    assert difference(one, other).max() < 0.15
    assert difference(other, one).max() < 0.15


def test_other_pictures_are_not():
    one, other = (torch.stack([cut(scene) for scene in scenes(30, seed)]) for seed in (1, 2))
    assert difference(one, other).min() > 0.5


def test_even_pictures_are_like_nothing():
    even = torch.full((2, 48, 48), 99, dtype=torch.uint8)
    picture = torch.stack([cut(scene) for scene in scenes(2)])
    assert (difference(even, picture) > 0.9).all()
    assert (difference(picture, even) > 0.9).all()


def test_blur_is_scipys():
    picture = torch.from_numpy(scenes(2)).float()
    expected = np.stack([gaussian_filter(p, 1.5, mode="nearest", truncate=3.0) for p in picture.numpy()])
    assert torch.allclose(blur(picture, 1.5), torch.from_numpy(expected), atol=1e-2)
