import polars as pl
import pytest

from planted import PlantedFinder, saved_photo


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for name, faces in (("a.png", 1), ("b.png", 2), ("c.png", 0)):
        saved_photo(folder / name, faces)
    return folder


def test_a_line_per_face_and_where_everything_is(facsight, photos):
    code, told, _ = facsight("analyze", photos, "--out", "out")
    lines = told.splitlines()
    assert code == 0
    # a long path is shortened at its beginning
    names = [(line.split()[0].rpartition("/")[2], line.split()[1]) for line in lines[:4]]
    assert names == [("a.png", lines[0].split()[1]), ("b.png", "1"), ("b.png", "2"), ("c.png", "no")]
    assert lines[3].endswith("no face")
    assert "3 faces in 3 photos, 1 without a face" in told
    assert "out/readings.parquet" in told
    assert "out/report.html" in told


def test_everything_is_written_where_it_was_asked_for(facsight, photos, tmp_path):
    facsight("analyze", photos, "--out", tmp_path / "new" / "out")
    names = {path.name for path in (tmp_path / "new" / "out").iterdir()}
    assert {"readings.parquet", "readings.csv", "readings.columns.json", "report.html"} <= names


def test_by_default_a_folder_where_you_are(facsight, photos, tmp_path):
    facsight("analyze", photos / "a.png")
    assert (tmp_path / "facsight-out" / "report.html").is_file()


def test_broken_files_are_named_with_reasons_and_the_exit_code_is_one(facsight, photos):
    (photos / "empty.jpg").write_bytes(b"")
    (photos / "text.png").write_text("not a photo")
    code, told, _ = facsight("analyze", photos, "--out", "out")
    assert code == 1
    assert "3 faces in 5 photos" in told
    end = told.split("2 could not be read:")[1]
    assert "empty.jpg: is empty (0 bytes)" in end
    assert "text.png: cannot be read as a photo: it looks like text" in end


def test_names_that_could_disturb_the_terminal_are_shown_plainly(facsight, tmp_path):
    saved_photo(tmp_path / "two\nlines [red].png")
    _, told, _ = facsight("analyze", "two\nlines [red].png")
    assert told.startswith("two\\nlines [red].png  ")


def test_columns_of_other_tools(facsight, photos):
    facsight("analyze", photos, "--out", "out", "--columns", "openface")
    assert "pose_Rx" in pl.read_parquet("out/readings.parquet").columns


def test_unknown_columns_are_refused_before_anything_is_read(facsight, photos, tmp_path):
    code, _, problem = facsight("analyze", photos, "--columns", "openfaces")
    assert code == 2
    assert "did you mean 'openface'" in problem
    assert not (tmp_path / "facsight-out").exists()


def test_a_folder_without_photos_says_what_a_photo_is(facsight, tmp_path):
    code, _, problem = facsight("analyze", tmp_path)
    assert code == 2
    assert "no photo or video in" in problem
    assert ".jpeg" in problem


def test_without_pictures(facsight, photos, tmp_path):
    facsight("analyze", photos, "--no-pictures")
    assert "Made without pictures" in (tmp_path / "facsight-out" / "report.html").read_text()


def test_an_interrupted_run_says_so_and_goes_on(facsight, photos, monkeypatch):
    for number in range(20):
        saved_photo(photos / f"more{number:02d}.png")
    stopping = PlantedFinder(interrupted_after=18)
    monkeypatch.setattr("facsight.analysis.reader.face_finder", lambda name: stopping)
    code, told, _ = facsight("analyze", photos, "--out", "out")
    assert code == 130
    assert "the same command goes on from there" in " ".join(told.split())
    monkeypatch.setattr("facsight.analysis.reader.face_finder", lambda name: PlantedFinder())
    code, told, _ = facsight("analyze", photos, "--out", "out")
    assert code == 0
    assert "16 photos were read before the last run stopped" in told
    assert "23 faces in 23 photos" in told


def test_a_folder_that_cannot_be_written_is_told(facsight, photos, tmp_path):
    (tmp_path / "out").write_text("")
    code, _, problem = facsight("analyze", photos, "--out", "out")
    assert code == 1
    assert "is a file, a folder was expected" in problem


def test_weights_that_are_not_there_are_told(facsight, photos):
    code, _, problem = facsight("analyze", photos, "--weights", "no.safetensors")
    assert code == 2
    assert "no.safetensors" in problem


def test_what_lies_in_the_output_folder_is_not_read(facsight, photos):
    """`facsight explain` puts pictures there, for one."""
    (photos / "out").mkdir()
    saved_photo(photos / "out" / "overlay.png")
    for _ in range(2):
        code, told, _ = facsight("analyze", photos, "--out", photos / "out")
        assert code == 0
        assert "3 faces in 3 photos" in told
    code, told, _ = facsight("analyze", photos / "out", "--out", photos / "out")
    assert "1 face in 1 photo" in told


def test_compound_expressions_when_asked_for(facsight, photos, tmp_path):
    code, told, _ = facsight("analyze", photos, "--out", "out", "--compound", "rules")
    assert code == 0
    assert "compound  out/compound.csv: one is said of" in told
    assert len(pl.read_csv("out/compound.csv")) == 3
    assert 'id="compound"' in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    facsight("analyze", photos, "--out", "out")
    assert not (tmp_path / "out" / "compound.csv").exists()


def test_compounds_that_cannot_be_said_are_refused_before_anything_is_read(facsight, photos, tmp_path):
    code, _, problem = facsight("analyze", photos, "--compound", "model")
    assert code == 2
    assert "train one on rafdb_compound" in problem
    code, _, problem = facsight("analyze", photos, "--compound", "rules", "--compound-space", "cexpr")
    assert code == 2
    assert "did you mean 'cexpr7'" in problem
    assert not (tmp_path / "facsight-out").exists()
