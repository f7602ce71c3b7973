"""A reading as plain data says what the reading says, and refuses numbers that are none."""

import json
from dataclasses import replace

import numpy as np
import pytest

from facsight.analysis.causes import Cause, Causes
from facsight.analysis.reader import Reader
from facsight.core.errors import BadFaces, BadTable
from facsight.words.explanation.measured import Measured, from_plain, measured
from planted import PlantedFinder, photo_with, tiny_reader_file, tiny_unit_file
from planted_measured import NEUTRAL, SURE, TORN


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return tiny_reader_file(tmp_path_factory.mktemp("weights") / "tiny.safetensors")


def read(weights, **finder):
    (reading,) = Reader(weights, finder=PlantedFinder(**finder)).read(photo_with(1))
    return reading


def test_everything_of_a_reading(weights):
    reading = read(weights)
    reading = replace(reading, evidence=reading.evidence.about("happiness"), label="happiness")
    reading = replace(reading, expression={"happiness": 0.9, "sadness": 0.1})
    causes = Causes("happiness", {12: Cause(0.3, 0.05), 6: Cause(-0.2, 0.0)}, float("nan"), ())
    told = measured(reading, causes=causes, time=2.5)
    assert (told.label, told.expression) == ("happiness", {"happiness": 0.9, "sadness": 0.1})
    assert told.attention == reading.evidence.action_units
    assert sum(told.attention.values()) + (told.elsewhere or 0) == pytest.approx(1, abs=1e-5)
    assert (told.agreement, told.rank) == (reading.evidence.agreement, reading.evidence.rank)
    assert told.tied == (6, 12, 25)
    assert told.contrast == reading.evidence.about("sadness").action_units
    assert told.hidden == {12: pytest.approx(0.6), 6: 1.0}  # 0.9 + 0.2 is a certainty at most
    assert told.hidden_elsewhere == {12: pytest.approx(0.85), 6: pytest.approx(0.9)}
    assert told.pose == {"yaw": 0.0, "pitch": 0.0, "roll": 0.0}
    assert told.time == 2.5


def test_what_a_network_of_units_says(tmp_path, weights):
    reader = Reader(weights, finder=PlantedFinder(), units=tiny_unit_file(tmp_path / "units.safetensors"))
    (reading,) = reader.read(photo_with(1))
    told = measured(reading)
    assert set(told.units) == {1, 12, 25}
    assert told.present == {1: True, 12: False}  # thresholds 0 and 1; AU 25 has none


def test_what_does_not_apply_is_absent(weights):
    told = measured(read(weights, landmarks=False))
    assert (told.elsewhere, told.floor, told.agreement, told.rank) == (None, None, None, None)
    assert (told.attention, told.pose, told.hidden) == ({}, {}, {})


def test_the_side_is_the_persons_own(weights):
    reading = read(weights)
    attention = np.zeros((12, 12), np.float32)
    attention[:, 11] = 1  # the right edge of the picture
    told = measured(replace(reading, evidence=replace(reading.evidence, attention=attention)))
    assert told.left == 1.0


def test_a_reading_that_is_no_number_is_refused(weights):
    reading = read(weights)
    chances = {name: float("nan") for name in reading.expression}
    with pytest.raises(BadFaces, match="expected a probability for each expression"):
        measured(replace(reading, expression=chances))
    with pytest.raises(BadFaces, match="finite numbers in a reading, found nan for attention"):
        replace(SURE, attention={12: float("nan")})
    with pytest.raises(BadFaces, match="found inf for agreement"):
        replace(SURE, agreement=float("inf"))
    with pytest.raises(BadFaces, match="whose label is its most probable expression"):
        replace(SURE, label="surprise")


@pytest.mark.parametrize("known", [SURE, TORN, NEUTRAL])
def test_plain_data_comes_back(known):
    assert from_plain(json.loads(json.dumps(known.plain(), allow_nan=False))) == known


@pytest.mark.parametrize(
    "told", [None, 3, {}, {**SURE.plain(), "more": 1}, {**SURE.plain(), "units": {"x": 1.0}}]
)
def test_other_data_is_refused(told):
    with pytest.raises(BadTable, match="expected a reading of"):
        from_plain(told)


def test_nothing_more_than_an_expression_is_needed():
    assert Measured("neutral", {"neutral": 1.0}).cautions == ()
