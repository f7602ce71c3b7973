import numpy as np

from facsight.report.overlay import GAP, SIDE, overlay
from planted import photo_with


def made(reader, label=None):
    photo = photo_with(1)
    (reading,) = reader.read(photo)
    return overlay(photo, reading, reading.evidence.about(label) if label else reading.evidence)


def test_face_attention_and_action_units_side_by_side(reader):
    sheet = made(reader, "happiness")
    assert sheet.shape[1] == GAP + 3 * (SIDE + GAP)
    panels = [
        sheet[GAP : GAP + SIDE, left : left + SIDE] for left in range(GAP, sheet.shape[1] - SIDE, SIDE + GAP)
    ]
    assert len(panels) == 3
    assert not np.array_equal(panels[0], panels[1])
    assert not np.array_equal(panels[1], panels[2])


def test_a_class_without_action_units_has_two_panels(reader):
    assert made(reader, "neutral").shape[1] == GAP + 2 * (SIDE + GAP)


def test_words_stand_below_the_panels(reader):
    sheet = made(reader, "happiness")
    below = sheet[GAP + SIDE + 40 :]
    assert below.min() < 80
    assert below.max() > 240
