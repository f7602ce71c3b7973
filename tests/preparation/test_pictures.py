"""Photos to crops: the very crops that readings are made from, and a list that opens as a dataset."""

import os
import struct
import zlib

import numpy as np
import polars as pl
import pytest
from PIL import Image

import facsight
from facsight.analysis.looking import look_at
from facsight.core.errors import BadOutput, BadRecipe, MissingData, UnknownName
from facsight.data.opening import open_dataset
from facsight.faces.face import Face
from facsight.media.photo import read_photo
from facsight.preparation.pictures import chosen_face
from facsight.preparation.run import prepare
from planted import PlantedFinder, photo_with, saved_photo


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    (folder / "deep").mkdir(parents=True)
    for number in range(6):
        saved_photo(folder / f"{number}.png", faces=number % 3)
    saved_photo(folder / "deep" / "6.png")
    return folder


def pixels(path):
    return np.asarray(Image.open(path))


def report(folder):
    return pl.read_csv(folder / "report.csv")


def test_crops_are_those_that_readings_are_made_from(photos, tmp_path):
    done = prepare(photos, tmp_path / "out", crop=64, finder=PlantedFinder())
    assert done.samples == 5  # 0.png and 3.png have no face
    for name in ("1", "2", "4", "5", "deep/6"):
        expected = look_at(read_photo(photos / f"{name}.png"), PlantedFinder(), 64).crops[0]
        np.testing.assert_array_equal(pixels(tmp_path / "out" / "crops" / "photos" / f"{name}.png"), expected)
    assert [file for file, _ in done.without] == ["photos/0.png", "photos/3.png"]
    assert done.told == tuple(
        (f"photos/{name}.png", "2 faces were found, the largest was taken") for name in (2, 5)
    )


def test_the_list_opens_as_a_dataset_and_says_which_crops_these_are(photos, tmp_path):
    prepare(photos, tmp_path / "out", crop=64, finder=PlantedFinder())
    opened = open_dataset("manifest", tmp_path / "out")
    assert opened.deviations == ()
    assert [path.is_file() for _, path in opened.files()] == [True] * 5
    assert opened.table["sample"].to_list()[-1] == "photos/deep/6.png"
    told = pl.read_parquet_metadata(tmp_path / "out" / "manifest.parquet")["facsight"]
    assert "64 px, aligned by a similarity" in told
    assert "faces by PlantedFinder" in told
    assert report(tmp_path / "out").group_by("status").len().sort("status").rows() == [
        ("no_face", 2),
        ("ok", 5),
    ]


def test_a_second_call_does_nothing_and_a_changed_photo_is_done_again(photos, tmp_path):
    prepare(photos, tmp_path / "out", finder=PlantedFinder())
    before = (tmp_path / "out" / "manifest.parquet").read_bytes()
    again = PlantedFinder()
    prepare(photos, tmp_path / "out", finder=again)
    assert again.asked == 0
    assert (tmp_path / "out" / "manifest.parquet").read_bytes() == before
    saved_photo(photos / "1.png", faces=0)
    done = prepare(photos, tmp_path / "out", finder=again)
    assert again.asked == 1
    assert done.samples == 4
    assert not (tmp_path / "out" / "crops" / "photos" / "1.png").exists()
    (tmp_path / "out" / "crops" / "photos" / "2.png").unlink()
    prepare(photos, tmp_path / "out", finder=again)
    assert again.asked == 2
    prepare(photos, tmp_path / "out", finder=again, crop=48)
    assert again.asked == 2 + 7


@pytest.mark.parametrize("after", [1, 4])
def test_an_interrupted_call_goes_on(photos, tmp_path, after):
    with pytest.raises(KeyboardInterrupt):
        prepare(photos, tmp_path / "out", finder=PlantedFinder(interrupted_after=after))
    assert not (tmp_path / "out" / "manifest.parquet").exists()
    rest = PlantedFinder()
    prepare(photos, tmp_path / "out", finder=rest)
    assert rest.asked == 7 - after
    prepare(photos, tmp_path / "whole", finder=PlantedFinder())
    assert pl.read_parquet(tmp_path / "out" / "manifest.parquet").equals(
        pl.read_parquet(tmp_path / "whole" / "manifest.parquet")
    )


def huge_png(path):
    """A PNG that claims 60,000 x 60,000 pixels."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")))


def test_whatever_a_file_does_the_others_are_prepared(photos, tmp_path):
    (photos / "2.png").write_bytes((photos / "2.png").read_bytes()[:500])
    (photos / "4.png").write_bytes(b"")
    (photos / "text.jpg").write_text("not a photo")
    huge_png(photos / "huge.png")
    Image.fromarray(photo_with(1)).save(photos / "png.jpg", format="PNG")  # a wrong ending is no matter
    done = prepare(photos, tmp_path / "out", finder=PlantedFinder())
    assert dict(done.failed).keys() == {
        f"photos/{name}" for name in ("2.png", "4.png", "text.jpg", "huge.png")
    }
    reasons = dict(done.failed)
    assert "damaged or cut off" in reasons["photos/2.png"]
    assert "60000 x 60000 pixels" in reasons["photos/huge.png"]
    assert done.samples == 4
    assert (tmp_path / "out" / "crops" / "photos" / "png.png").is_file()
    assert len(report(tmp_path / "out").filter(status="failed")) == 4


def test_a_photo_that_is_mended_is_prepared_the_next_time(photos, tmp_path):
    good, times = (photos / "1.png").read_bytes(), (photos / "1.png").stat()
    (photos / "1.png").write_bytes(bytes(len(good)))
    assert len(prepare(photos, tmp_path / "out", finder=PlantedFinder()).failed) == 1
    (photos / "1.png").write_bytes(good)
    os.utime(photos / "1.png", ns=(times.st_atime_ns, times.st_mtime_ns))
    assert prepare(photos, tmp_path / "out", finder=PlantedFinder()).failed == ()


def test_names_that_differ_in_case_or_ending_alone(tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("a.png", "A.png", "b.png", "b.bmp", "a b#1.png"):
        saved_photo(tmp_path / "in" / name)
    done = prepare(tmp_path / "in", tmp_path / "out", finder=PlantedFinder())
    files = pl.read_parquet(tmp_path / "out" / "manifest.parquet")["file"].to_list()
    assert done.samples == 5
    assert len({file.casefold() for file in files}) == 5
    assert {"crops/in/b.png.png", "crops/in/b.bmp.png", "crops/in/a b#1.png"} < set(files)


def test_files_named_alone_lie_at_the_top_and_nothing_leaves_the_folder(photos, tmp_path):
    prepare([photos / "deep" / ".." / "1.png"], tmp_path / "out", finder=PlantedFinder())
    assert pl.read_parquet(tmp_path / "out" / "manifest.parquet")["file"].to_list() == ["crops/1.png"]
    name = os.path.join(os.fsencode(photos), b"caf\xe9.png")  # noqa: PTH118
    os.rename(photos / "1.png", name)  # noqa: PTH104
    done = prepare(photos, tmp_path / "out", finder=PlantedFinder())
    assert done.samples == 5
    assert done.failed == ()


def face_at(left, top, right, bottom):
    box = (float(left), float(top), float(right), float(bottom))
    return Face(box, 1.0, np.full((68, 2), np.nan, np.float32), np.zeros(68, bool))


def test_a_given_box_says_which_face_is_meant():
    large, small, other = face_at(0, 0, 90, 90), face_at(100, 0, 130, 30), face_at(105, 5, 120, 20)
    faces = [large, small, other]
    assert chosen_face(faces, None) == (large, "3 faces were found, the largest was taken")
    assert chosen_face(faces, (98.0, 0.0, 134.0, 34.0)) == (small, "")
    face, told = chosen_face(faces, (200.0, 200.0, 220.0, 220.0))
    assert (face, told) == (None, "3 faces found, none in the box that the dataset gives")
    assert chosen_face([], (0.0, 0.0, 1.0, 1.0)) == (None, "no face was found in it")


def test_every_face_of_a_photo_that_a_list_gives_boxes_for(tmp_path):
    saved_photo(tmp_path / "three.png", faces=3)
    boxes = [face.box for face in PlantedFinder().find(photo_with(3))]
    rows = [f"three.png,{','.join(map(str, box))},happiness" for box in reversed(boxes)]
    lines = ["file,left,top,right,bottom,expression", *rows, "three.png,600,440,620,460,anger"]
    (tmp_path / "manifest.csv").write_text("\n".join(lines))
    done = prepare("manifest", tmp_path / "out", root=tmp_path, crop=48, finder=PlantedFinder())
    assert done.samples == 3
    assert done.without == (("three.png", "3 faces found, none in the box that the dataset gives"),)
    look = look_at(read_photo(tmp_path / "three.png"), PlantedFinder(), 48)
    for name, crop in zip(("three", "three#2", "three#3"), reversed(look.crops), strict=True):
        np.testing.assert_array_equal(pixels(tmp_path / "out" / "crops" / f"{name}.png"), crop)


def test_a_disk_that_fills_up_loses_nothing_and_leaves_nothing_half(photos, tmp_path, monkeypatch):
    real, saved = Image.Image.save, []

    def full_after_two(picture, path, **options):
        if len(saved) == 2:
            path.write_bytes(b"half")
            raise OSError(28, "No space left on device")
        saved.append(path)
        return real(picture, path, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Image.Image, "save", full_after_two)
        with pytest.raises(BadOutput, match="No space left on device; make room"):
            prepare(photos, tmp_path / "out", finder=PlantedFinder())
    assert len(list((tmp_path / "out" / "crops").rglob("*.*"))) == 2
    rest = PlantedFinder()
    assert prepare(photos, tmp_path / "out", finder=rest).samples == 5
    assert rest.asked == 7 - 4  # two were cut out, and two before the third have no face


@pytest.mark.parametrize(
    ("inputs", "options", "error", "problem"),
    [
        ("photos", {"features": ["face:crop"]}, BadRecipe, "only pictures"),
        ("photos", {"crop": 4}, BadRecipe, "8 to 1024 pixels"),
        ("photos", {"split": "train"}, BadRecipe, "for datasets"),
        ("photos", {"every": 0}, BadRecipe, "every >= 1"),
        ("nothing", {}, MissingData, "check the path"),
        ("raf-bd", {"root": "photos"}, UnknownName, "did you mean 'rafdb'"),
        ("raf-db", {"root": "photos"}, MissingData, "RAF-DB"),
        ("raf-db", {}, BadRecipe, "raf-db is a dataset: give its folder as root"),
        (["rafdb", "sfew"], {"root": "photos"}, BadRecipe, "one dataset"),
        ("photos", {"features": ["audio:melody"]}, UnknownName, "features has no 'audio:melody'"),
        ("photos", {"features": ["face:crop", "face:crop"]}, BadRecipe, "twice"),
        ("photos", {"features": ["face:crop=x"]}, BadRecipe, "takes no file"),
    ],
)
def test_what_cannot_be_asked_for(photos, tmp_path, monkeypatch, inputs, options, error, problem):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=problem):
        prepare(inputs, "out", finder=PlantedFinder(), **options)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_read(photos, tmp_path):
    (tmp_path / "out").write_text("a file")
    finder = PlantedFinder()
    with pytest.raises(BadOutput, match="is a file, a folder was expected"):
        facsight.prepare(photos, tmp_path / "out", finder=finder)
    assert finder.asked == 0
