import json
from dataclasses import replace

import numpy as np
import pytest

from facsight.core.errors import BadTable, MissingData
from facsight.data.recordings import (
    FEATURES,
    Stream,
    StreamCard,
    card_of,
    check_versions,
    escaped,
    read_cards,
    read_stream,
    stream_file,
    write_cards,
    write_stream,
)

CARD = StreamCard("audio", "logmel", "abc", (3,), 100.0, "64 bands", ("neutral", "anger"))


@pytest.fixture
def stream():
    values = np.arange(12, dtype=np.float32).reshape(4, 3)
    values[2] = np.nan
    return Stream(np.array([0.005, 0.015, 0.025, 0.035]), values)


def test_what_is_written_is_read(tmp_path, stream):
    path = stream_file(tmp_path, "day1/anna.mp4", "audio")
    write_stream(path, stream, CARD)
    found, card = read_stream(path)
    assert card == card_of(path) == CARD
    np.testing.assert_array_equal(found.time, stream.time)
    np.testing.assert_array_equal(found.values, stream.values)
    assert [file.name for file in path.parent.iterdir()] == ["audio.safetensors"]


@pytest.mark.parametrize("name", ["../../etc/x", "/abs", "..", "", "a\nb", "é" * 300, "C:\\x", ".hidden"])
def test_no_name_leaves_the_folder(tmp_path, name):
    path = stream_file(tmp_path, name, name)
    assert path.resolve().is_relative_to(tmp_path.resolve())
    assert len(path.relative_to(tmp_path).parts) == 3
    assert max(map(len, path.parts)) < 200


def test_different_names_have_different_files():
    names = ["a/b", "a_b", "A_b", "a b", "a.b", "a", "A"]
    assert len({escaped(name).lower() for name in names}) == len(names)  # also where case does not count


def test_rows_of_another_shape_are_refused(tmp_path, stream):
    with pytest.raises(BadTable, match=r"rows of \(2,\), found \(3,\)"):
        write_stream(tmp_path / "x", stream, replace(CARD, size=(2,)))


def test_a_time_for_every_row():
    with pytest.raises(BadTable, match="found 3 times of 4 rows"):
        Stream(np.zeros(3), np.zeros((4, 2)))


def test_cards_round_trip(tmp_path):
    write_cards(tmp_path, {"audio": CARD})
    assert read_cards(tmp_path) == {"audio": CARD}


@pytest.mark.parametrize("text", ["[]", "{", '{"audio": {"modality": "audio"}}', "3"])
def test_a_damaged_description_is_told(tmp_path, text):
    (tmp_path / FEATURES).write_text(text)
    with pytest.raises(BadTable, match="prepare again"):
        read_cards(tmp_path)


def test_a_folder_that_was_not_prepared_is_told(tmp_path):
    with pytest.raises(MissingData, match="facsight prepare"):
        read_cards(tmp_path)
    with pytest.raises(MissingData, match="prepare"):
        read_stream(tmp_path / "no.safetensors")


def test_half_a_file_is_told(tmp_path, stream):
    path = tmp_path / "recordings" / "x.safetensors"
    write_stream(path, stream, CARD)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(BadTable, match="remove it"):
        read_stream(path)
    assert card_of(path) is None


def test_features_of_another_version_are_refused_by_name():
    check_versions({"audio": CARD, "face": CARD}, {"audio": CARD}, "here")
    with pytest.raises(
        BadTable,
        match="'audio' was made by logmel, version xyz; the model was trained on logmel, version abc",
    ):
        check_versions({"audio": replace(CARD, version="xyz")}, {"audio": CARD}, "here")
    with pytest.raises(MissingData, match="no modality 'audio'"):
        check_versions({"face": CARD}, {"audio": CARD}, "here")


def test_the_description_is_plain_json(tmp_path):
    write_cards(tmp_path, {"audio": CARD})
    assert json.loads((tmp_path / FEATURES).read_text())["audio"]["size"] == [3]
