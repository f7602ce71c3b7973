"""`facsight prepare` as it is typed: exit codes, what is said, and a Ctrl-C in the middle."""

import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from facsight import catalog
from planted import PlantedFinder, saved_photo
from planted_video import saved_video


@pytest.fixture
def prepare(facsight, monkeypatch, weights):
    monkeypatch.setattr("facsight.preparation.run.face_finder", lambda name: PlantedFinder())
    monkeypatch.setattr("facsight.preparation.face_features.bundled_weights", lambda: weights)
    return lambda *arguments: facsight("prepare", *arguments)


def test_photos_become_crops_and_a_list(prepare, tmp_path):
    (tmp_path / "photos").mkdir()
    for number in range(3):
        saved_photo(tmp_path / "photos" / f"{number}.png", faces=number)
    code, told, _ = prepare("photos", "--out", "out", "--crop", 64)
    assert code == 0
    assert "2 samples prepared" in told
    assert "photos/0.png: no face was found in it" in told
    assert "photos/2.png: 2 faces were found, the largest was taken" in told
    assert "64 px, aligned" in told
    assert (tmp_path / "out" / "crops" / "photos" / "1.png").is_file()
    code, told, _ = prepare("photos", "--out", "out", "--crop", 64)
    assert (code, "2 samples prepared" in told) == (0, True)


def test_what_could_not_be_read_is_named_and_the_exit_code_is_1(prepare, tmp_path):
    saved_photo(tmp_path / "good.png")
    (tmp_path / "bad.jpg").write_text("no photo")
    code, told, _ = prepare("good.png", "bad.jpg", "--out", "out")
    assert code == 1
    assert "1 sample prepared" in told
    assert "1 could not be read:" in told
    assert "bad.jpg: cannot be read as a photo" in told
    saved_photo(tmp_path / "empty.png", faces=0)
    assert prepare("empty.png", "--out", "none")[0] == 1  # nothing at all


def test_a_dataset_by_its_name(prepare, facsight, tmp_path):
    facsight("data", "mock", "biovid", "--out", "raw")
    code, told, _ = prepare("BioVid", "--root", "raw", "--out", "out", "--features", "physiology:raw")
    assert code == 0
    assert "10 samples prepared" in told
    assert "the dataset is not in its format at 1 place" in told
    code, told, _ = facsight("data", "check", "out", "--as", "manifest")
    assert code == 0
    assert "a list of files with labels: 10 samples" in told
    code, _, complaint = prepare("biovids", "--root", "raw", "--out", "out")
    assert (code, "did you mean 'biovid'" in complaint) == (2, True)


def test_options_of_a_dataset_reader_and_splits(prepare, facsight):
    facsight("data", "mock", "folder", "--out", "raw")
    code, _, _ = prepare("folder", "--root", "raw", "--out", "out", "--split", "val")
    assert code == 1  # these pictures hold no planted face: every one is named
    assert len(pl.read_csv("out/report.csv")) == 4
    code, _, complaint = prepare("folder", "--root", "raw", "--out", "out", "--reader", "label=rafdb7")
    assert (code, "did you mean 'labels'" in complaint) == (2, True)


def test_pictures_among_recordings_are_left_out_of_features_and_counted(prepare, tmp_path):
    (tmp_path / "in").mkdir()
    saved_video(tmp_path / "in" / "clip.mkv", [1] * 3)
    saved_photo(tmp_path / "in" / "photo.png")
    code, told, _ = prepare("in", "--features", "face:facsight", "--out", "out")
    assert code == 0
    assert "1 picture left out: features are of recordings" in told
    code, told, _ = prepare("in", "--out", "crops", "--every", 2)
    assert "3 samples prepared" in told  # a photo, and two frames


def test_numbered_pictures_are_a_video_where_their_rate_is_given(prepare, tmp_path):
    (tmp_path / "frames").mkdir()
    for number in range(4):
        saved_photo(tmp_path / "frames" / f"frame_{number}.png")
    code, told, _ = prepare("frames", "--sequence", 10, "--features", "face:crop", "--out", "out")
    assert (code, "1 sample prepared" in told) == (0, True)


def test_features_are_listed_and_shown(facsight):
    _, told, _ = facsight("list", "features")
    names = ", ".join(catalog.FEATURES)
    assert names in " ".join(told.split())
    code, told, _ = facsight("show", "audio:wav2vec2")
    assert (code, "The last hidden layer" in told) == (0, True)


def test_the_page_about_it_has_every_feature(facsight):
    page = (Path(__file__).parents[2] / "docs" / "prepare.md").read_text(encoding="utf-8")
    table = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    assert all(any(f"`{name}" in cell for cell in table) for name in catalog.FEATURES)
    assert len(table) == len(catalog.FEATURES)


PROGRAM = """
import sys, time
sys.path.insert(0, {tests!r})
from pathlib import Path
from planted import PlantedFinder
from facsight.cli import app
from facsight.preparation import run
class Slow(PlantedFinder):
    def find(self, image):
        time.sleep(0.02)
        print("looking", file=sys.stderr, flush=True)
        return super().find(image)
run.face_finder = lambda name: Slow()
app.run(["prepare", {photos!r}, "--out", {out!r}, "--crop", "32"])
"""


def test_a_control_c_keeps_what_was_made(tmp_path, prepare):
    (tmp_path / "photos").mkdir()
    for number in range(40):
        saved_photo(tmp_path / "photos" / f"{number:02d}.png")
    tests, photos, out = Path(__file__).parents[1], tmp_path / "photos", tmp_path / "out"
    program = PROGRAM.format(tests=str(tests), photos=str(photos), out=str(out))
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        assert process.stdout is not None
        for line in process.stderr:
            if line == "looking\n":
                break
        for _ in range(5):
            process.stderr.readline()
        process.send_signal(signal.SIGINT)
        told = process.stdout.read()
        assert process.wait(30) == 130
    assert "Stopped. What was made is kept" in told
    made = {path: path.stat().st_mtime_ns for path in (out / "crops").rglob("*")}
    assert 1 <= len([path for path in made if path.suffix == ".png"]) < 40
    assert all(path.suffix != ".part" for path in made)
    code, told, _ = prepare(photos, "--out", out, "--crop", 32)
    assert (code, "40 samples prepared" in told) == (0, True)
    assert all(path.stat().st_mtime_ns == time for path, time in made.items() if path.suffix == ".png")
