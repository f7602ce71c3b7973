import polars as pl
import pytest

from planted import saved_photo, tiny_reader_file, tiny_unit_file
from planted_video import saved_video


@pytest.fixture
def photo(tmp_path):
    return saved_photo(tmp_path / "photo.png", 1)


@pytest.fixture
def units(tmp_path):
    return tiny_unit_file(tmp_path / "units.safetensors")


def test_analyze_says_which_units_show(facsight, photo, units):
    code, told, _ = facsight("analyze", photo, "--model", units, "--out", "out")
    assert code == 0
    assert "shows AU1" in told


def test_explain_lists_every_unit_with_its_threshold(facsight, photo, units):
    code, told, _ = facsight("explain", photo, "--model", units, "--out", "why.png")
    assert code == 0
    assert "action units, each by a head of its own" in told
    assert "present (from" in told
    assert "not decided (no threshold)" in told


def test_weights_of_expressions_are_no_model_of_units(facsight, photo, tmp_path):
    other = tiny_reader_file(tmp_path / "other.safetensors")
    code, _, problem = facsight("analyze", photo, "--model", other, "--out", "out")
    assert code == 2
    assert "does not read action units but expressions" in problem


def test_analyze_reads_the_units_of_videos(facsight, units, tmp_path):
    video = saved_video(tmp_path / "clip.mkv", [1] * 12)
    code, told, _ = facsight("analyze", video, "--model", units, "--out", "out")
    assert code == 0
    table = pl.read_csv(tmp_path / "out" / "readings.csv")
    assert table["AU01_present"].to_list() == [1] * 12
    assert "12 frames" in told


def test_two_models_of_units_are_refused(facsight, photo, units, tmp_path):
    other = tiny_unit_file(tmp_path / "other.safetensors")
    code, _, problem = facsight("analyze", photo, "--model", units, "--model", other)
    assert code == 2
    assert "one model of action units at most" in " ".join(problem.split())
