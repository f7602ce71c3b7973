import os

import polars as pl
import pytest

from facsight.analysis import run
from facsight.analysis.reader import Reader
from facsight.analysis.run import PHOTOS_A_PART, analyse, load_run
from facsight.core.errors import BadOutput, MissingData
from facsight.media.folder import find_photos
from planted import PlantedFinder, saved_photo, tiny_reader_file

COUNT = 2 * PHOTOS_A_PART + 5


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(COUNT):
        saved_photo(folder / f"{number:03d}.png", faces=number % 3)
    (folder / "007.png").write_bytes(b"broken")
    return find_photos([folder])


def table(folder):
    return (folder / "readings.csv").read_bytes(), pl.read_parquet(folder / "readings.parquet")


def test_a_run_leaves_tables_records_and_a_description_and_no_parts(reader, photos, tmp_path):
    outcome = analyse(photos, tmp_path / "out", reader)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "evidence.parquet",
        "readings.columns.json",
        "readings.csv",
        "readings.json",
        "readings.parquet",
    ]
    assert (outcome.photos, outcome.resumed) == (COUNT, 0)
    faces = sum(number % 3 for number in range(COUNT) if number != 7)
    assert outcome.faces == faces
    assert outcome.without_face == sum(number % 3 == 0 for number in range(COUNT) if number != 7)
    ((file, reason),) = outcome.failed
    assert file.endswith("007.png")
    assert reason.startswith("cannot be read as a photo: it looks like text")


def test_rows_come_in_the_order_of_the_photos(reader, photos, tmp_path):
    analyse(photos, tmp_path / "out", reader)
    files = table(tmp_path / "out")[1]["file"].unique(maintain_order=True).to_list()
    assert files == [str(photo) for photo in photos]


@pytest.mark.parametrize("after", [3, PHOTOS_A_PART + 2, COUNT - 2])
def test_an_interrupted_run_ends_with_the_same_table(weights, photos, tmp_path, after):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    analyse(photos, whole, Reader(weights, finder=PlantedFinder()))
    with pytest.raises(KeyboardInterrupt):
        analyse(photos, broken, Reader(weights, finder=PlantedFinder(interrupted_after=after)))
    assert not (broken / "readings.parquet").exists()
    again = PlantedFinder()
    outcome = analyse(photos, broken, Reader(weights, finder=again))
    readable = after + (after > 7)  # the broken photo never reaches the finder
    kept = readable // PHOTOS_A_PART * PHOTOS_A_PART
    assert outcome.resumed == kept
    assert again.asked == COUNT - 1 - (kept - (kept > 7))
    assert table(broken)[0] == table(whole)[0]
    assert table(broken)[1].equals(table(whole)[1])


def test_a_photo_that_changed_while_the_run_was_down_is_read_again(weights, photos, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        analyse(
            photos,
            tmp_path / "out",
            Reader(weights, finder=PlantedFinder(interrupted_after=2 * PHOTOS_A_PART)),
        )
    saved_photo(photos[0], faces=3)
    outcome = analyse(photos, tmp_path / "out", Reader(weights, finder=PlantedFinder()))
    assert outcome.resumed == PHOTOS_A_PART
    first = table(tmp_path / "out")[1].filter(pl.col("file") == str(photos[0]))
    assert len(first) == 3


def test_another_reader_does_not_continue_the_work_of_the_first(weights, photos, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        analyse(
            photos,
            tmp_path / "out",
            Reader(weights, finder=PlantedFinder(interrupted_after=PHOTOS_A_PART + 2)),
        )
    other = tiny_reader_file(tmp_path / "other.safetensors", temperature=3.0)
    assert analyse(photos, tmp_path / "out", Reader(other, finder=PlantedFinder())).resumed == 0


def test_an_interrupted_run_may_end_with_other_columns(weights, photos, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        analyse(
            photos,
            tmp_path / "out",
            Reader(weights, finder=PlantedFinder(interrupted_after=PHOTOS_A_PART + 2)),
        )
    reader = Reader(weights, finder=PlantedFinder())
    outcome = analyse(photos, tmp_path / "out", reader, convention="openface")
    assert outcome.resumed == PHOTOS_A_PART
    assert "pose_Rx" in table(tmp_path / "out")[1].columns


def test_a_finished_run_is_made_anew_when_asked_for_again(reader, photos, tmp_path):
    analyse(photos, tmp_path / "out", reader)
    assert analyse(photos, tmp_path / "out", reader).resumed == 0


def test_results_are_heard_one_by_one_and_what_was_kept_is_told_first(weights, photos, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        analyse(
            photos,
            tmp_path / "out",
            Reader(weights, finder=PlantedFinder(interrupted_after=PHOTOS_A_PART + 2)),
        )
    heard = []
    analyse(
        photos,
        tmp_path / "out",
        Reader(weights, finder=PlantedFinder()),
        on_start=heard.append,
        on_result=lambda result: heard.append(result.name),
    )
    assert heard == [PHOTOS_A_PART, *(str(photo) for photo in photos[PHOTOS_A_PART:])]


def test_a_disk_that_fills_up_loses_nothing_that_was_read(reader, photos, tmp_path, full_disk):
    with pytest.raises(BadOutput, match="No space left on device; make room"):
        analyse(photos, tmp_path / "out", reader)
    full_disk()
    assert analyse(photos, tmp_path / "out", reader).resumed == PHOTOS_A_PART


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_read(weights, photos, tmp_path):
    (tmp_path / "out").write_text("a file")
    finder = PlantedFinder()
    with pytest.raises(BadOutput, match="is a file, a folder was expected"):
        analyse(photos, tmp_path / "out", Reader(weights, finder=finder))
    assert finder.asked == 0


def test_file_names_that_are_not_text_are_read_and_written(reader, tmp_path):
    name = os.path.join(os.fsencode(tmp_path), b"caf\xe9.png")  # noqa: PTH118
    os.rename(saved_photo(tmp_path / "plain.png"), name)  # noqa: PTH104
    photos = find_photos([tmp_path])
    assert analyse(photos, tmp_path / "out", reader).faces == 1
    assert table(tmp_path / "out")[1]["file"][0].endswith("caf\\xe9.png")


def test_an_unfinished_folder_says_how_to_finish_it(weights, photos, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        analyse(photos, tmp_path / "out", Reader(weights, finder=PlantedFinder(interrupted_after=1)))
    with pytest.raises(MissingData, match="run the same `facsight analyze` again"):
        load_run(tmp_path / "out")


def test_another_folder_is_not_taken_for_one_of_ours(tmp_path):
    with pytest.raises(MissingData, match=r"evidence\.parquet and readings\.json"):
        load_run(tmp_path)


def test_parts_are_named_by_photos_and_settings(reader, photos, tmp_path):
    one = run._parts(photos, tmp_path, {"weights": "a"})
    assert [part.file for part in one] == [
        part.file for part in run._parts(photos, tmp_path, {"weights": "a"})
    ]
    assert {part.file for part in one}.isdisjoint(
        part.file for part in run._parts(photos, tmp_path, {"weights": "b"})
    )
