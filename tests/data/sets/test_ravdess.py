import pytest

from facsight.core.errors import BadLabels, MissingData
from facsight.data import open_dataset
from facsight.data.mock_files import write_lines
from facsight.data.sets import ravdess


def write(root, *names):
    for name in names:
        write_lines(root / name, ["never decoded"])


def test_names_say_all(tmp_path):
    write(tmp_path, "Actor_12/02-01-06-01-02-01-12.mp4", "Actor_03/03-02-02-01-01-02-03.wav")
    table = ravdess.read(tmp_path, [])
    assert table.select("sample", "subject", "emotion", "text", "path").rows() == [
        (
            "02-01-06-01-02-01-12",
            "Actor_12",
            "fear",
            "Dogs are sitting by the door",
            "Actor_12/02-01-06-01-02-01-12.mp4",
        ),
        (
            "03-02-02-01-01-02-03",
            "Actor_03",
            "calm",
            "Kids are talking by the door",
            "Actor_03/03-02-02-01-01-02-03.wav",
        ),
    ]


@pytest.mark.parametrize(
    ("code", "emotion"),
    [
        ("01", "neutral"),
        ("03", "happiness"),
        ("04", "sadness"),
        ("05", "anger"),
        ("07", "disgust"),
        ("08", "surprise"),
    ],
)
def test_numbers_of_emotions(tmp_path, code, emotion):
    write(tmp_path, f"03-01-{code}-01-01-01-01.wav")
    assert ravdess.read(tmp_path, [])["emotion"].to_list() == [emotion]


def test_other_names_and_files_that_lie_there_twice(tmp_path):
    write(tmp_path, "a/03-01-01-01-01-01-01.wav", "b/03-01-01-01-01-01-01.wav", "a/tone.wav")
    write(tmp_path, "a/03-01-09-01-01-01-01.wav", "a/03-01-01-01-01-01-25.wav")
    data = open_dataset("ravdess", tmp_path)
    assert data.table["path"].to_list() == ["a/03-01-01-01-01-01-01.wav"]
    assert [d.file for d in data.deviations] == [
        "b/03-01-01-01-01-01-01.wav",
        "a/03-01-01-01-01-01-25.wav",
        "a/03-01-09-01-01-01-01.wav",
        "a/tone.wav",
    ]


def test_a_list_beside_the_sounds(tmp_path):
    write(tmp_path, "speech/03-01-01-01-01-01-01.flac", "speech/03-01-08-02-01-01-02.flac")
    rows = ["03-01-08-02-01-01-02.flac,surprised,train", "03-01-03-02-01-01-02.flac,happy,val"]
    write_lines(tmp_path / "labels.csv", ["file,emotion,split", *rows])
    data = open_dataset("ravdess", tmp_path)
    assert data.table.select("sample", "split", "emotion", "path").rows() == [
        ("03-01-08-02-01-01-02", "train", "surprise", "speech/03-01-08-02-01-01-02.flac"),
        ("03-01-03-02-01-01-02", "val", "happiness", None),
    ]
    assert [str(d) for d in data.deviations] == [
        "labels.csv, line 3: there is no file of this name",
        "speech/03-01-01-01-01-01-01.flac: labels.csv does not name it",
    ]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            "03-01-08-02-01-01-02.flac,happy,train",
            "line 2: expected the emotion that the name of the file has",
        ),
        ("03-01-08-02-01-01-02.flac,merry,train", "line 2: 'merry' is not a class of ravdess8"),
        ("03-01-08-02-01-01-02.flac,surprised,eval", "line 2: expected a split train, val or test"),
        ("03-01-00-02-01-01-02.flac,surprised,train", "line 2: expected a name of seven numbers"),
    ],
)
def test_bad_rows_of_a_list(tmp_path, row, said):
    write_lines(tmp_path / "labels.csv", ["file,emotion,split", row])
    with pytest.raises(BadLabels, match=said):
        open_dataset("ravdess", tmp_path)


def test_no_file_of_ravdess(tmp_path):
    write(tmp_path, "song.wav")
    with pytest.raises(MissingData, match=r"has no Actor_01/03-01-01-01-01-01-01\.wav"):
        open_dataset("ravdess", tmp_path)


def test_the_real_speech(shared_data):
    data = open_dataset("ravdess", shared_data / "ravdess")
    assert data.deviations == ()
    assert len(data) == 1200
    assert len(data.split("train")) == 1080
    assert data.table["subject"].n_unique() == 20
    people = {s: set(data.split(s).table["subject"]) for s in ("train", "val")}
    assert not people["train"] & people["val"]
    assert data.table["emotion"].value_counts().filter(emotion="neutral")["count"].item() == 80
    assert all(path.is_file() for _, path in data.files())
