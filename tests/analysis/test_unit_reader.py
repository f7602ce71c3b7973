import numpy as np
import polars as pl
import pytest
import torch

from facsight.analysis.looking import look_at
from facsight.analysis.reader import Reader, network_input
from facsight.analysis.run import analyse
from facsight.analysis.unit_reader import UnitReader
from facsight.core.errors import BadCheckpoint, MissingData
from facsight.media.photo import read_photo
from facsight.nn.unit_network import read_units_both_ways
from planted import PlantedFinder, saved_photo, tiny_unit_file


@pytest.fixture
def units(tmp_path):
    return tiny_unit_file(tmp_path / "units.safetensors")


@pytest.fixture
def photo(tmp_path):
    return saved_photo(tmp_path / "photo.png", 2)


def test_units_are_read_from_crops_of_the_network_s_own_size(weights, units, photo):
    reader = Reader(weights, finder=PlantedFinder(), units=units)
    readings, network = reader.read(photo), UnitReader(units).network
    look = look_at(read_photo(photo), PlantedFinder(), 32)  # the reader's own crops have 48 pixels
    with torch.inference_mode():
        said = read_units_both_ways(network, network_input(np.stack(look.crops)))
    for face, reading in enumerate(readings):
        assert [one.action_unit for one in reading.units] == [1, 12, 25]
        np.testing.assert_allclose([one.probability for one in reading.units], said.probabilities[face], 1e-5)
        np.testing.assert_allclose(
            np.stack([one.evidence for one in reading.units]), said.maps[face], rtol=1e-4, atol=1e-6
        )


def test_a_unit_is_decided_at_its_threshold_or_not_at_all(weights, units, photo):
    (first, *_) = Reader(weights, finder=PlantedFinder(), units=units).read(photo)
    assert [one.present for one in first.units] == [True, False, None]


def test_expressions_are_read_as_without_them(weights, units, photo):
    plain, beside = (Reader(weights, finder=PlantedFinder(), units=one) for one in (None, units))
    for one, other in zip(plain.read(photo), beside.read(photo), strict=True):
        assert one.expression == other.expression
        assert one.units == ()


def test_the_table_has_a_probability_and_a_decision_a_unit(weights, units, photo, tmp_path):
    reader = Reader(weights, finder=PlantedFinder(), units=units)
    analyse([photo], tmp_path / "out", reader)
    table = pl.read_parquet(tmp_path / "out" / "readings.parquet")
    assert table["AU01_present"].to_list() == [1, 1]
    assert table["AU12_present"].to_list() == [0, 0]
    assert table["AU25_present"].to_list() == [None, None]
    said = [[one.probability for one in reading.units] for reading in reader.read(photo)]
    assert table["AU12_probability"].to_list() == pytest.approx([row[1] for row in said])


def test_weights_of_another_kind_are_refused(weights, tmp_path):
    with pytest.raises(BadCheckpoint, match="does not read action units but expressions"):
        UnitReader(weights)
    with pytest.raises(MissingData, match="no weights file"):
        UnitReader(tmp_path)
