import polars as pl
import pytest

from facsight.analysis.person_file import load_person
from planted import saved_photo
from planted_person import saved_neutral_people
from planted_video import noise_video, saved_video


@pytest.fixture
def given(weights, tmp_path):
    """The clip, and options of a reader that is not the one that ships."""
    people = saved_neutral_people(tmp_path / "people.safetensors", weights)
    return saved_video(tmp_path / "rest.mkv", [1] * 30), "--neutral-people", people


def test_a_neutral_clip_becomes_a_person_file_and_a_video_is_read_by_it(facsight, given, tmp_path):
    code, told, _ = facsight("adapt", *given, "--person", "anna", "--out", tmp_path / "a.facsight")
    assert code == 0
    assert "anna, by neutral_shift, from 30 faces" in told
    assert "take care  the face is seen for 1.2 s" in told
    assert "note    measured on studio portraits" in told
    session = saved_video(tmp_path / "session.mkv", [1] * 20)
    code, told, _ = facsight("analyze", session, "--person", tmp_path / "a.facsight", "--out", tmp_path / "o")
    assert code == 0
    assert "unadapted_neutral" in pl.read_csv(tmp_path / "o" / "readings.csv").columns
    page = (tmp_path / "o" / "report.html").read_text(encoding="utf-8")
    assert "Read as anna." in page
    assert "the face is seen for 1.2 s" in page  # what was doubted goes along


def test_the_file_is_named_after_the_person_and_may_be_made_again(facsight, given, tmp_path):
    for _ in range(2):
        assert facsight("adapt", *given, "--person", "P/07")[0] == 0
    assert load_person(tmp_path / "P_07.facsight").name == "P/07"


def test_nothing_else_is_written_over(facsight, given, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    code, _, told = facsight("adapt", *given, "--person", "anna", "--out", tmp_path / "thesis.txt")
    assert code == 1
    assert "is no person file" in told
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize(
    ("faces", "expected"),
    [([0] * 30, "shows no face"), ([2] * 30, "shows 2 people"), ([1] * 5, "in 5 frames, expected")],
)
def test_a_clip_that_will_not_do_is_refused_and_no_file_is_written(
    facsight, given, tmp_path, faces, expected
):
    bad = noise_video(tmp_path / "bad.mkv", 30) if faces[0] == 0 else saved_video(tmp_path / "bad.mkv", faces)
    code, _, told = facsight("adapt", bad, *given[1:], "--person", "anna")
    assert code == 1
    assert expected in told
    assert not (tmp_path / "anna.facsight").exists()


def test_of_two_people_one_may_be_chosen_and_seconds_too(facsight, given, tmp_path):
    both = saved_video(tmp_path / "both.mkv", [2] * 30)
    code, told, _ = facsight("adapt", both, *given[1:], "--person", "b", "--face", 2, "--at", "0-0.8")
    assert code == 0
    assert "from 20 faces" in told


def test_a_person_of_another_reader_is_refused_before_anything_is_read(facsight, given, tmp_path):
    facsight("adapt", *given, "--person", "anna")
    file = tmp_path / "anna.facsight"
    file.write_bytes(file.read_bytes()[:100])
    session = saved_video(tmp_path / "session.mkv", [1] * 3)
    code, _, told = facsight("analyze", session, "--person", file, "--out", tmp_path / "o")
    assert code == 2
    assert "not a whole safetensors file" in told
    assert not (tmp_path / "o").exists()


def test_photos_are_read_by_a_person_too(facsight, given, tmp_path):
    facsight("adapt", *given, "--person", "anna")
    photo = saved_photo(tmp_path / "one.png")
    code, *_ = facsight("analyze", photo, "--person", tmp_path / "anna.facsight", "--out", tmp_path / "o")
    assert code == 0
    assert "unadapted_label" in pl.read_csv(tmp_path / "o" / "readings.csv").columns
    assert "Read as anna." in (tmp_path / "o" / "report.html").read_text(encoding="utf-8")
