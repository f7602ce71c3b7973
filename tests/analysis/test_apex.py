"""Apex spotting: a planted brief motion, light that changes, blinks, and clips as they come."""

import numpy as np
import pytest
import torch

from facsight.analysis.apex import BROWS, spot_apex
from facsight.core.errors import BadFaces, BadRecipe
from facsight.data.drawn.micro import FALL, RISE, draw_micro_clips

SIDE, FRAMES, APEX = 48, 12, 7
TIME = 0.04 * np.arange(FRAMES)


def clip(*, moved=BROWS, flash=None):
    """Waves of which a part grows about its middle until the frame APEX and shrinks again."""
    y, x = np.mgrid[:SIDE, :SIDE] + 0.5
    left, top, right, bottom = (SIDE * share for share in moved)
    across, down = (left + right) / 2, (top + bottom) / 2
    near = np.exp(-(((x - across) / 8) ** 2) - ((y - down) / 4) ** 2)
    faces = []
    for frame in range(FRAMES):
        strength = 0.15 * max(0.0, 1 - abs(frame - APEX) / 4) * near
        u, v = x - strength * (x - across), y - strength * (y - down)
        faces.append(120 + 40 * np.sin(0.9 * u) * np.cos(0.8 * v) + 30 * np.sin(0.5 * u + 0.4 * v))
    pictures = np.stack(faces)
    if flash is not None:
        pictures[flash] = 1.25 * pictures[flash] + 15
    return pictures.clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("measure", ["strain", "flow", "difference"])
def test_the_frame_that_moved_most_is_found(measure):
    found = spot_apex(clip(), TIME, measure=measure, smooth=0.04)
    assert found.frame == APEX
    assert found.curve.shape == (FRAMES,)


def test_light_that_changes_misleads_differences_and_not_flow():
    faces = clip(flash=3)
    assert spot_apex(faces, TIME, measure="difference", smooth=0.0).frame == 3
    assert spot_apex(faces, TIME, smooth=0.04).frame == APEX


def test_lids_have_no_part():
    still, moving = clip(moved=(0.0, 0.0, 0.0, 0.0)), clip(moved=(0.2, 0.36, 0.8, 0.44))
    peak = spot_apex(clip(), TIME, measure="strain").curve.max()
    assert spot_apex(moving, TIME, measure="strain").curve.max() < 0.25 * peak
    assert spot_apex(still, TIME, measure="strain").curve.max() < 0.25 * peak


def test_colours_are_read_as_grey():
    faces = clip()
    coloured = np.repeat(faces[..., None], 3, axis=3)
    np.testing.assert_allclose(spot_apex(coloured, TIME).curve, spot_apex(faces, TIME).curve, rtol=1e-3)


def test_times_of_their_own_and_a_clip_of_one_frame():
    uneven = np.cumsum(np.linspace(0.02, 0.08, FRAMES))
    assert abs(spot_apex(clip(), uneven, smooth=0.05).frame - APEX) <= 1
    assert spot_apex(clip()[:1], TIME[:1]).frame == 0


@pytest.mark.parametrize("faces", [np.zeros((0, 8, 8)), np.zeros((3, 8, 9)), np.zeros((8, 8))])
def test_what_is_no_clip(faces, unchecked):
    with pytest.raises(BadFaces, match="expected crops"):
        spot_apex(faces, np.arange(len(faces)) * 0.04)


def test_an_unknown_measure(unchecked):
    with pytest.raises(BadRecipe, match="found 'colour'"):
        spot_apex(clip(), TIME, measure="colour")


def test_drawn_expressions_rise_and_fall_as_is_told():
    drawn = draw_micro_clips(2, generator=torch.Generator().manual_seed(0), steps=24, side=32)
    assert drawn.faces.shape == (2, 24, 32, 32)
    rise, fall = drawn.apex - drawn.onset, drawn.offset - drawn.apex
    assert ((rise >= RISE[0]) & (rise <= RISE[1]) & (fall >= FALL[0]) & (fall <= FALL[1])).all()
    assert (drawn.onset >= 1).all()
    assert (drawn.offset < 24).all()
