import numpy as np
import pytest

from facsight.analysis.cautions import CAUTIONS, evidence_cautions, face_cautions
from facsight.faces.align import Alignment
from facsight.faces.face import Face, HeadPose


def face(pose=None, *, landmarks=True):
    points = np.zeros((68, 2), np.float32) if landmarks else np.full((68, 2), np.nan, np.float32)
    return Face((0.0, 0.0, 96.0, 96.0), 0.9, points, np.full(68, True), pose=pose)


def squarely(scale=0.5, shift=(0.0, 0.0)):
    """A crop of 48 pixels that shows the square of 48 / scale photo pixels from -shift / scale on."""
    return Alignment(np.array([[scale, 0, shift[0]], [0, scale, shift[1]]]), 48)


def test_a_plain_face_needs_no_care():
    assert face_cautions(face(HeadPose(10.0, -10.0, 5.0)), squarely(), (96, 96), 0.9) == ()


@pytest.mark.parametrize(
    ("pose", "caution"),
    [
        (HeadPose(-60.0, 0.0, 0.0), "profile"),
        (HeadPose(0.0, 50.0, 0.0), "profile"),
        (HeadPose(0.0, 0.0, 178.0), "upside_down"),
        (HeadPose(0.0, 0.0, -90.0), "upside_down"),
    ],
)
def test_turned_heads(pose, caution):
    assert face_cautions(face(pose), squarely(), (96, 96), 0.9) == (caution,)


def test_a_face_that_must_be_enlarged_is_tiny():
    assert face_cautions(face(), squarely(1.01), (96, 96), 0.9) == ("tiny",)
    assert face_cautions(face(), squarely(0.99), (96, 96), 0.9) == ()


@pytest.mark.parametrize("shift", [(12.0, 0.0), (0.0, -12.0)])
def test_a_quarter_of_the_crop_outside_the_photo_is_cut(shift):
    # 12 of 48 crop pixels, at half scale, lie before the left border or below the lower one
    assert face_cautions(face(), squarely(0.5, shift), (96, 96), 0.9) == ("cut",)


def test_an_eighth_outside_is_not():
    assert face_cautions(face(), squarely(0.5, (6.0, 0.0)), (96, 96), 0.9) == ()


def test_everything_at_once_in_the_order_of_the_table():
    found = face_cautions(
        face(HeadPose(80.0, 0.0, 120.0), landmarks=False), squarely(2.0, (48.0, 0.0)), (96, 96), 0.3
    )
    assert found == tuple(CAUTIONS)[:6]


def test_evidence_elsewhere_or_nearer_to_another_expression():
    # a perfect match would leave 0.4 elsewhere and give 0.6 to the units; half of that is 0.3
    assert evidence_cautions(0.69, 0.4, 1) == ()
    assert evidence_cautions(0.71, 0.4, 1) == ("elsewhere",)
    assert evidence_cautions(0.5, 0.4, 2) == ("misfit",)
    assert evidence_cautions(float("nan"), float("nan"), None) == ()
