import csv

from facsight.data import open_dataset


def test_the_published_folders(tmp_path):
    for name in ("neutral_front/001_03.jpg", "neutral_front/002_03.jpg", "smiling_front/002_08.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "london_faces_info.csv").write_text(
        "face_id,face_age,face_gender,face_eth\nX001,30,male,white\n"
    )
    (tmp_path / "neutral_front/notes.jpg").touch()
    data = open_dataset("london", tmp_path)
    assert data.table["expression"].to_list() == ["neutral", "neutral", "happiness"]
    assert data.table["subject"].to_list() == ["london_001", "london_002", "london_002"]
    assert data.table["age"].to_list() == ["30", None, None]
    assert [str(d) for d in data.deviations] == [
        "neutral_front/notes.jpg: expected a name such as 001_03.jpg"
    ]


def test_the_prepared_portraits(shared_data):
    data = open_dataset("london", shared_data / "london")
    assert data.deviations == ()
    assert data.table["expression"].value_counts(sort=True).rows() == [("neutral", 74), ("happiness", 52)]
    with (shared_data / "london/labels.csv").open(newline="") as file:
        listed = list(csv.DictReader(file))
    assert data.table["subject"].to_list() == [row["subject"] for row in listed]
    assert all(path.is_file() for _, path in data.files())
    assert data.table["chin_y"].dtype.is_float()
