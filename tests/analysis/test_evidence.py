import math

import numpy as np
import pytest

from facsight.analysis.reader import Reader
from facsight.faces.face import HeadPose
from planted import PlantedFinder, photo_with, tiny_reader_file


@pytest.fixture
def reading(reader):
    return reader.read(photo_with(1))[0]


def about_each_class(reading):
    return {name: reading.evidence.about(name) for name in reading.expression}


def test_shares_and_elsewhere_sum_to_one_and_are_sorted(reading):
    for name, evidence in about_each_class(reading).items():
        if name == "neutral" or not evidence.attention.any():
            continue
        shares = list(evidence.action_units.values())
        assert sum(shares) + evidence.elsewhere == pytest.approx(1, abs=1e-5)
        assert shares == sorted(shares, reverse=True)
        assert all(share >= 0 for share in shares)


def test_the_floor_is_what_attention_equal_to_the_map_would_leave_elsewhere(reading):
    """By the definition of the shares: at each place 1 - map of the mass, the map's own, lies elsewhere."""
    told = [evidence for evidence in about_each_class(reading).values() if evidence.action_units]
    assert told
    for evidence in told:
        mass = (evidence.au_map - evidence.au_map.min()) / (evidence.au_map - evidence.au_map.min()).sum()
        expected = float((mass * (1 - evidence.au_map)).sum())
        assert evidence.elsewhere_floor == pytest.approx(expected, abs=1e-5)


def test_only_units_of_the_class_are_named(reading):
    assert set(reading.evidence.about("happiness").action_units) <= {6, 12, 25}


def test_agreement_is_the_correlation_of_the_two_maps(reading):
    for name in ("happiness", "surprise", "anger"):
        evidence = reading.evidence.about(name)
        if evidence.attention.any():
            expected = np.corrcoef(evidence.attention.ravel(), evidence.au_map.ravel())[0, 1]
            assert evidence.agreement == pytest.approx(expected, abs=1e-5)


def test_rank_counts_the_classes_whose_map_fits_better(reading):
    own = reading.evidence
    maps = {name: own.about(name).au_map for name in reading.expression if name != "neutral"}
    fits = {name: np.corrcoef(own.attention.ravel(), m.ravel())[0, 1] for name, m in maps.items()}
    better = sum(fit > fits[own.label] for fit in fits.values())
    assert own.rank == (None if own.label == "neutral" else 1 + better)


def test_the_readings_own_evidence_is_attention_and_that_of_a_class_its_map(reading):
    assert reading.evidence.kind == "attention"
    other = reading.evidence.about("anger")
    assert (other.kind, other.label) == ("class map", "anger")
    index = list(reading.expression).index("anger")
    class_map = reading.evidence.source.prediction.class_maps[0, index].relu().numpy()
    np.testing.assert_allclose(other.attention, class_map)


def test_other_tools_words_for_a_class_are_understood(reading):
    assert reading.evidence.about("Happy").label == "happiness"


def test_a_class_without_action_units_has_no_map_and_no_number(reading):
    evidence = reading.evidence.about("neutral")
    assert (evidence.available, evidence.au_map, evidence.rank, evidence.action_units) == (
        False,
        None,
        None,
        {},
    )
    assert math.isnan(evidence.agreement)
    assert math.isnan(evidence.elsewhere)
    assert "FACS ties no action unit to neutral" in evidence.sentence


def test_a_face_without_landmarks_has_evidence_marked_not_available(weights):
    (reading,) = Reader(weights, finder=PlantedFinder(landmarks=False)).read(photo_with(1))
    for evidence in (reading.evidence, reading.evidence.about("happiness")):
        assert not evidence.available
        assert evidence.action_units == {}
        assert math.isnan(evidence.agreement)
    assert "no_landmarks" in reading.cautions
    assert sum(reading.expression.values()) == pytest.approx(1, abs=1e-6)


def test_a_turned_head_is_told_in_the_sentence(weights):
    (reading,) = Reader(weights, finder=PlantedFinder(pose=HeadPose(60.0, 0.0, 0.0))).read(photo_with(1))
    assert "profile" in reading.cautions
    assert "the head is turned far from the camera" in reading.evidence.sentence


def test_attention_returns_to_the_photo_at_the_place_of_the_face(weights):
    """A map that is 1 in one cell only lands where the alignment says this cell lies."""
    (reading,) = Reader(weights, finder=PlantedFinder()).read(photo_with(1))
    evidence, alignment = reading.evidence, reading.evidence.source.alignment
    evidence.attention[:] = 0
    evidence.attention[3, 8] = 1
    side = alignment.size / evidence.attention.shape[0]
    x, y = alignment.to_photo(np.array([[8.5 * side, 3.5 * side]]))[0]
    told = evidence.on_photo()
    assert told.shape == (480, 640)
    row, column = np.unravel_index(told.argmax(), told.shape)
    assert abs(column + 0.5 - x) <= 1
    assert abs(row + 0.5 - y) <= 1


def test_attention_can_be_asked_for_at_another_photo_size(reading):
    assert reading.evidence.on_photo((600, 800)).shape == (600, 800)


def test_attention_outside_the_face_is_zero(reading):
    assert reading.evidence.on_photo()[400:, 400:].max() == 0


def test_evidence_keeps_the_size_of_the_attention(tmp_path):
    weights = tiny_reader_file(tmp_path / "tiny.safetensors")
    (reading,) = Reader(weights, finder=PlantedFinder()).read(photo_with(1))
    assert reading.evidence.attention.shape == (12, 12)
    assert reading.evidence.about("fear").au_map.shape == (12, 12)
