import base64
import json
import struct
import zlib

import numpy as np
import pytest

from facsight.report.packing import as_bytes, packed
from planted_study import unpacked


def test_bytes_by_hand():
    found = packed({"b": np.array([7, 255], dtype=np.uint8), "n": np.array([10, 8, 300])})
    assert found["index"] == [["n", "i4", 3], ["b", "u1", 2]]
    raw = zlib.decompress(base64.b64decode(found["data"]))
    assert raw == struct.pack("<3i2B", 10, -2, 292, 7, 255)


def test_shares_come_back_within_half_a_step():
    shares = np.random.default_rng(0).random(1000)
    assert np.abs(as_bytes(shares) / 254 - shares).max() <= 1 / 508 + 1e-12


@pytest.mark.parametrize(("share", "byte"), [(np.nan, 255), (-0.1, 0), (1.0, 254), (1.2, 254), (1 / 254, 1)])
def test_shares_at_the_ends(share, byte):
    assert as_bytes(np.array([share])).tolist() == [byte]


def test_whole_numbers_come_back_exactly_also_after_a_trip_through_json():
    numbers = np.random.default_rng(1).integers(-(10**8), 10**8, 500)
    found = unpacked(json.loads(json.dumps(packed({"n": numbers, "none": numbers[:0]}))))
    np.testing.assert_array_equal(found["n"], numbers)
    assert found["none"].size == 0
