import math

import numpy as np
import pytest

from facsight.analysis.causes import Cause, Causes
from facsight.analysis.reader import Reader
from facsight.core.errors import BadLabels, UnknownName
from planted import PlantedFinder, photo_with


@pytest.fixture
def reading(reader):
    return reader.read(photo_with(1))[0]


def test_causes_are_of_the_units_of_the_class(reading):
    causes = reading.evidence.about("happiness").causes()
    assert set(causes.units) == {6, 12, 25}
    assert causes.label == "happiness"


def test_the_largest_effect_beyond_the_control_comes_first(reading):
    beyond = [c.effect - c.control for c in reading.evidence.about("fear").causes().units.values()]
    assert beyond == sorted(beyond, reverse=True)


def test_effects_are_the_same_twice(reading):
    one, other = (reading.evidence.about("anger").causes() for _ in range(2))
    assert one.units == other.units


def test_no_effect_can_exceed_the_probability(reading):
    for name in ("happiness", "anger", "fear"):
        for cause in reading.evidence.about(name).causes().units.values():
            assert cause.effect <= reading.expression[name] + 1e-6


def test_a_class_without_units_has_none(reading):
    causes = reading.evidence.about("neutral").causes()
    assert causes.units == {}
    assert math.isnan(causes.agreement)
    assert causes.sentences == []


def test_a_face_without_landmarks_has_none_rather_than_zeros(reader):
    blind = Reader(reader.weights, finder=PlantedFinder(landmarks=False))
    (reading,) = blind.read(photo_with(1))
    assert reading.evidence.about("happiness").causes().units == {}


def test_sentences_say_effect_and_control():
    causes = Causes("happiness", {12: Cause(0.314, 0.016), 6: Cause(-0.05, 0.01)}, 1.0, ())
    assert causes.sentences == [
        "removing AU12 lowers happiness by 0.31 (control 0.02)",
        "removing AU6 raises happiness by 0.05 (control -0.01)",
    ]


def test_other_explainers_show_their_map_at_the_same_size(reading):
    own = reading.evidence.about("happiness")
    other = reading.evidence.about("happiness", method="layercam")
    assert other.kind == "layercam"
    assert other.attention.shape == own.attention.shape
    assert not np.array_equal(other.attention, own.attention)
    assert "Of what spoke for happiness" in other.sentence or "outside" in other.sentence


def test_cam_is_the_class_map_of_the_reader(reading):
    """Global average pooling: CAM by the probe and the reader's own class map are the same map."""
    own = reading.evidence.about("surprise").attention
    np.testing.assert_allclose(
        reading.evidence.about("surprise", method="cam").attention, own, atol=2e-4 * own.max() + 1e-6
    )


def test_unknown_explainers_and_classes_are_answered_with_the_nearest(reading):
    with pytest.raises(UnknownName, match="did you mean 'layercam'"):
        reading.evidence.about("anger", method="layer_cam")
    with pytest.raises(BadLabels, match="anger"):
        reading.evidence.about("angr", method="layercam")
