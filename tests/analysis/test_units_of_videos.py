"""A network of action units on videos: frame by frame what it says of photos, in few passes, resumed."""

import numpy as np
import polars as pl
import pytest

from facsight.analysis import one_video
from facsight.analysis.engines import processes
from facsight.analysis.reader import Reader
from facsight.analysis.study import analyse_videos, load_study
from facsight.analysis.unit_reader import UnitReader
from planted import PlantedFinder, photo_with, tiny_unit_file
from planted_video import saved_video

FACES = [1] * 20 + [0] * 3 + [2] * 17


@pytest.fixture
def units(tmp_path):
    return tiny_unit_file(tmp_path / "units.safetensors", (0.0, 0.5, None))


@pytest.fixture
def video(tmp_path):
    return saved_video(tmp_path / "clip.mkv", FACES)


@pytest.fixture
def unit_reader(weights, units):
    return Reader(weights, finder=PlantedFinder(), units=units)


def as_photo(reader, faces):
    return [one.units for one in reader.read(photo_with(faces, size=(200, 320)))]


def test_a_frame_says_what_the_same_photo_says(unit_reader, video):
    frames = list(unit_reader.read_video(video))
    assert [len(frame.readings) for frame in frames] == FACES
    for number in (0, 19, 21, 39):
        for reading, photo in zip(frames[number].readings, as_photo(unit_reader, FACES[number]), strict=True):
            for one, other in zip(reading.units, photo, strict=True):
                assert one.probability == pytest.approx(other.probability, abs=1e-5)
                assert (one.action_unit, one.present) == (other.action_unit, other.present)
                np.testing.assert_allclose(one.evidence, other.evidence, rtol=1e-3, atol=1e-5)


def test_times_that_vary_change_nothing_of_what_is_said(unit_reader, tmp_path):
    times = np.cumsum([0.0, *np.random.default_rng(1).uniform(0.01, 0.2, 19)]).round(3)
    video = saved_video(tmp_path / "varying.mkv", [1] * 20, times=times)
    frames = list(unit_reader.read_video(video))
    np.testing.assert_allclose([frame.at.time for frame in frames], times, atol=1e-3)
    (photo,) = as_photo(unit_reader, 1)
    for frame in frames:
        said = [one.probability for one in frame.readings[0].units]
        assert said == pytest.approx([one.probability for one in photo], abs=1e-5)


def test_the_faces_of_a_batch_of_frames_share_one_pass(unit_reader, video, monkeypatch):
    passes, read = [], UnitReader.read

    def counted(self, pixels):
        passes.append(len(pixels))
        return read(self, pixels)

    monkeypatch.setattr(UnitReader, "read", counted)
    list(unit_reader.read_video(video))
    # batches of 16 frames hold 16, 4 + 2 * 9 and 2 * 8 faces
    assert passes == [16, 22, 16]


def test_expressions_are_read_as_without_the_units(unit_reader, weights, video):
    plain = Reader(weights, finder=PlantedFinder())
    for one, other in zip(plain.read_video(video), unit_reader.read_video(video), strict=True):
        assert [r.expression for r in one.readings] == [r.expression for r in other.readings]
        assert all(reading.units == () for reading in one.readings)


def test_tables_have_a_probability_and_a_decision_a_unit_and_frame(unit_reader, video, tmp_path):
    analyse_videos([video], tmp_path / "out", unit_reader)
    table = load_study(tmp_path / "out")[0].collect()
    seen = table.filter(pl.col("status") == "ok")
    assert seen["AU01_present"].to_list() == [1] * len(seen)
    assert seen["AU25_present"].null_count() == len(seen)
    expected = (seen["AU12_probability"] >= 0.5).cast(pl.Int32)
    assert seen["AU12_present"].to_list() == expected.to_list()
    without = table.filter(pl.col("status") == "no_face")
    assert without["AU01_probability"].null_count() == len(without) == 3
    csv = pl.read_csv(tmp_path / "out" / "readings.csv")
    assert csv["AU12_probability"].drop_nulls().to_list() == pytest.approx(
        seen["AU12_probability"].to_list(), abs=1e-6
    )
    assert "unit_maps" not in csv.columns
    described = (tmp_path / "out" / "readings.columns.json").read_text(encoding="utf-8")
    assert "probability that AU12 lip corner puller shows" in described


def test_a_map_is_kept_in_steps_of_its_own_highest_place(unit_reader, video, tmp_path):
    analyse_videos([video], tmp_path / "out", unit_reader)
    row = load_study(tmp_path / "out")[0].filter(pl.col("frame") == 0).collect().row(0, named=True)
    kept = np.array(row["unit_maps"], dtype=float).reshape(3, -1, row["unit_map_width"])
    for own, one in zip(kept, as_photo(unit_reader, 1)[0], strict=True):
        assert own.max() == 255
        np.testing.assert_allclose(own / 255, one.evidence / one.evidence.max(), atol=0.51 / 255)


def test_tables_without_such_a_network_have_none_of_its_columns(weights, video, tmp_path):
    analyse_videos([video], tmp_path / "out", Reader(weights, finder=PlantedFinder()))
    names = load_study(tmp_path / "out")[0].collect_schema().names()
    assert not [name for name in names if name.endswith(("_probability", "_present")) or "unit_map" in name]


def test_an_interrupted_run_ends_with_the_same_table(weights, units, video, tmp_path, monkeypatch):
    monkeypatch.setattr(one_video, "BATCHES_A_PART", 1)
    analyse_videos([video], tmp_path / "whole", Reader(weights, finder=PlantedFinder(), units=units))
    stopped = Reader(weights, finder=PlantedFinder(interrupted_after=36), units=units)
    with pytest.raises(KeyboardInterrupt):
        analyse_videos([video], tmp_path / "out", stopped)
    analyse_videos([video], tmp_path / "out", Reader(weights, finder=PlantedFinder(), units=units))
    whole, resumed = (load_study(tmp_path / name)[0].collect() for name in ("whole", "out"))
    assert whole.equals(resumed)


def test_another_network_of_units_reads_the_video_anew(unit_reader, weights, video, tmp_path):
    analyse_videos([video], tmp_path / "out", unit_reader)
    other = tiny_unit_file(tmp_path / "other.safetensors", (1.0, 1.0, 1.0))
    analyse_videos([video], tmp_path / "out", Reader(weights, finder=PlantedFinder(), units=other))
    table = load_study(tmp_path / "out")[0].collect()
    assert table["AU25_present"].drop_nulls().to_list() == [0] * sum(FACES)


@pytest.mark.slow
def test_other_processes_ask_the_network_too(weights, units, video, tmp_path):
    reader = Reader(weights, units=units)
    assert reader.options.units == units.absolute()
    analyse_videos([video], tmp_path / "out", reader, engine=processes(1))
    assert "AU12_probability" in load_study(tmp_path / "out")[0].collect_schema().names()


def test_options_name_the_network(weights, units):
    assert Reader(weights, units=units).options.units == units.absolute()
    assert Reader(weights).options.units is None
