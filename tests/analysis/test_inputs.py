import pytest

import facsight
from facsight.analysis.reader import Reader
from facsight.core.errors import BadRecipe, FacsightError, MissingData
from planted import PlantedFinder, saved_photo, tiny_reader_file
from planted_video import saved_video


@pytest.fixture
def small(tmp_path):
    return Reader(tiny_reader_file(tmp_path / "tiny.safetensors"), finder=PlantedFinder())


def test_videos_become_a_study(small, tmp_path):
    (tmp_path / "day").mkdir()
    clip = saved_video(tmp_path / "day" / "clip.mkv", [1, 1, 0, 2])
    (tmp_path / "day" / "notes.mp4").write_text("no video")
    outcome = facsight.analyze(tmp_path / "day", tmp_path / "study", reader=small, every=2)
    told = {video.file: (video.frames, video.error is None) for video in outcome.videos}
    assert told[str(clip)] == (2, True)
    assert [video.file for video in outcome.failed] == [str(tmp_path / "day" / "notes.mp4")]
    assert (tmp_path / "study" / "readings.csv").is_file()


def test_photos_become_a_table(small, tmp_path):
    photos = [saved_photo(tmp_path / "a.png", 2), str(saved_photo(tmp_path / "b.png"))]
    outcome = facsight.analyze(photos, out=tmp_path / "out", reader=small)
    assert (outcome.photos, outcome.faces) == (2, 3)


@pytest.mark.parametrize(
    ("file", "options", "message"),
    [
        (
            "a.png",
            {"only": "photos", "sequence": 25.0},
            "found 1 photo, which the option 'sequence' is not for",
        ),
        ("a.png", {"over_time": None}, "found 1 photo, which the option 'over_time' is not for"),
        ("clip.mkv", {"evry": 2}, "found 1 video, which the option 'evry' is not for: did you mean 'every'"),
        ("a.png", {"sequence": 25.0}, "numbered"),
    ],
)
def test_an_option_that_is_not_for_these_files_is_named(small, tmp_path, file, options, message):
    saved_photo(tmp_path / "a.png")
    saved_video(tmp_path / "clip.mkv", [1])
    with pytest.raises(FacsightError, match=message):
        facsight.analyze(tmp_path / file, tmp_path / "out", reader=small, **options)
    assert not (tmp_path / "out").exists()


def test_both_or_nothing_is_refused(small, tmp_path):
    saved_photo(tmp_path / "a.png")
    saved_video(tmp_path / "clip.mkv", [1])
    with pytest.raises(BadRecipe, match="found 1 photo and 1 video"):
        facsight.analyze(tmp_path, tmp_path / "out", reader=small)
    (tmp_path / "empty").mkdir()
    with pytest.raises(MissingData, match="no photo or video in"):
        facsight.analyze([tmp_path / "empty"], tmp_path / "out", reader=small)
