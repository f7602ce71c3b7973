import numpy as np
import pytest

from facsight.report.colours import OPACITY, paint, stretched, veil

RAMP = np.linspace(0, 1, 256)[None]

#: How a person without one kind of cone sees linear RGB: Machado, Oliveira and Fernandes, "A
#: physiologically-based model for simulation of color vision deficiency", IEEE TVCG 2009, severity 1.
DEFICIENCIES = {
    "none": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def linear(colour):
    share = colour / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def lightness(rgb):
    """CIE L* of linear sRGB."""
    luminance = np.clip(rgb, 0, 1) @ [0.2126, 0.7152, 0.0722]
    return np.where(luminance > 216 / 24389, 116 * np.cbrt(luminance) - 16, luminance * 24389 / 27)


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_more_is_lighter_to_every_eye(deficiency):
    seen = linear(paint(RAMP)[0]) @ np.transpose(DEFICIENCIES[deficiency])
    steps = np.diff(lightness(seen)[::8])
    assert (steps > 0).all()


def test_steps_of_lightness_are_even():
    steps = np.diff(lightness(linear(paint(RAMP)[0]))[::16])
    assert steps.max() / steps.min() < 1.6


def test_values_outside_the_range_take_the_colour_of_its_end():
    assert (paint(np.array([[-1.0, 2.0]])) == paint(np.array([[0.0, 1.0]]))).all()


def test_a_veil_hides_nothing_at_zero_and_its_opacity_at_one():
    face = np.full((1, 2, 3), 100, dtype=np.uint8)
    told = veil(face, np.array([[0.0, 1.0]]))
    assert told[0, 0].tolist() == [100, 100, 100]
    expected = (1 - OPACITY) * 100 + OPACITY * paint(np.array([[1.0]]))[0, 0]
    assert told[0, 1].tolist() == np.round(expected).tolist()


def test_maps_of_any_scale_are_stretched_and_constant_ones_are_empty():
    assert stretched(np.array([[3.0, 5.0, 4.0]])).tolist() == [[0, 1, 0.5]]
    assert stretched(np.full((2, 2), 7.0)).tolist() == [[0, 0], [0, 0]]
