import json

import polars as pl
import pytest

from facsight.analysis.columns import reading_columns
from facsight.analysis.reader import Reader
from facsight.analysis.table import as_frame, record_columns, write_tables
from facsight.core.errors import UnknownName
from planted import PlantedFinder, photo_with, saved_photo


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "c.png").write_bytes(b"no picture")
    return [saved_photo(folder / "a.png", 2), saved_photo(folder / "b.png", 0), folder / "c.png"]


def frame_of(reader, photos):
    results = enumerate(reader.read_many(photos), 1)
    return as_frame(results, reader.classes, reader.action_units)


@pytest.fixture
def frame(reader, photos):
    return frame_of(reader, photos)


def write(frame, reader, folder, **options):
    write_tables(frame.lazy(), folder, reader.classes, reader.action_units, **options)
    return pl.read_parquet(folder / "readings.parquet")


def test_a_photo_without_a_face_and_one_that_failed_are_rows(frame):
    assert frame["status"].to_list() == ["ok", "ok", "no_face", "failed"]
    assert frame["face"].to_list() == [1, 2, None, None]
    assert frame["reason"].is_null().to_list() == [True, True, True, False]
    assert frame["photo_width"].to_list() == [640, 640, 640, None]


def test_rows_say_what_the_readings_say(reader, frame):
    (reading, _) = reader.read(photo_with(2))
    row = frame.row(0, named=True)
    assert [row[f"expression_{name}"] for name in reader.classes] == list(reading.expression.values())
    assert (row["label"], row["uncertainty"]) == (reading.label, reading.uncertainty)
    assert [row[f"box_{end}"] for end in ("x0", "y0", "x1", "y1")] == list(reading.box)
    assert row["sentence"] == reading.evidence.sentence
    for unit in reader.action_units:
        assert row[f"evidence_AU{unit:02d}"] == reading.evidence.action_units.get(unit)


def test_what_is_not_known_is_null_never_zero_or_nan(weights, photos):
    reader = Reader(weights, finder=PlantedFinder(landmarks=False))
    row = frame_of(reader, photos).row(0, named=True)
    for name in (
        "evidence_elsewhere",
        "evidence_agreement",
        "evidence_rank",
        "au_map",
        "yaw",
        "evidence_AU12",
    ):
        assert row[name] is None


def test_the_files_hold_exactly_the_described_columns(frame, reader, tmp_path):
    table = write(frame, reader, tmp_path)
    described = json.loads((tmp_path / "readings.columns.json").read_text())
    assert table.columns == [column["name"] for column in described["columns"]]
    assert table.columns == [column.name for column in reading_columns(reader.classes, reader.action_units)]
    assert pl.read_csv(tmp_path / "readings.csv").columns == table.columns


def test_csv_and_parquet_say_the_same_to_six_decimals(frame, reader, tmp_path):
    table = write(frame, reader, tmp_path)
    again = pl.read_csv(tmp_path / "readings.csv", schema=table.schema)
    for name, kind in table.schema.items():
        if kind.is_float():
            gap = (again[name] - table[name]).abs().max()
            assert gap is None or gap <= 5e-7
        else:
            assert (
                again[name].fill_null("").to_list() == table[name].fill_null("").to_list()
                if kind == pl.String
                else True
            )


def test_names_with_commas_quotes_and_line_breaks_survive_the_csv(reader, tmp_path):
    path = saved_photo(tmp_path / 'a,"b"\n<i>.png')
    table = write(frame_of(reader, [path]), reader, tmp_path)
    assert table["file"][0].endswith('a,"b"\\n<i>.png')
    assert pl.read_csv(tmp_path / "readings.csv")["file"].to_list() == table["file"].to_list()


def test_landmarks_are_added_when_asked_for(frame, reader, tmp_path):
    table = write(frame, reader, tmp_path, landmarks=True)
    points = reader.read(photo_with(2))[0].landmarks
    assert [table[f"x_{i}"][0] for i in range(68)] == pytest.approx(points[:, 0].tolist())
    assert [table[f"y_{i}"][0] for i in range(68)] == pytest.approx(points[:, 1].tolist())


def test_an_unknown_convention_is_refused_with_the_nearest_known_one(frame, reader, tmp_path):
    with pytest.raises(UnknownName, match="did you mean 'openface'"):
        write(frame, reader, tmp_path, convention="openfase")


def test_records_hold_the_maps_row_by_row(frame, reader):
    (reading, _) = reader.read(photo_with(2))
    row = frame.row(0, named=True)
    assert row["map_width"] == 12
    assert row["attention"] == pytest.approx(reading.evidence.attention.ravel().tolist())
    assert frame.columns == [column.name for column in record_columns(reader.classes, reader.action_units)]
