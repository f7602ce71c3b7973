"""RAF-AU, RAF-CE, ExpW and SFEW: lists and folders by hand."""

import pytest

from facsight.core.errors import BadLabels, MissingData
from facsight.data import open_dataset
from facsight.data.mock_files import write_lines


def pictures(root, *names):
    for name in names:
        write_lines(root / name, ["never decoded"])


def said(data):
    return [str(d) for d in data.deviations]


def test_units_of_raf_au(tmp_path):
    lines = ["0001.jpg 1+L12 ", "0002.jpg null", "0003.jpg 4+R10+77"]
    write_lines(tmp_path / "RAFAU_label.txt", lines, end="\r\n")
    pictures(tmp_path, "aligned/0001_aligned.jpg", "aligned/0003_aligned.jpg", "original/0001.jpg")
    data = open_dataset("rafau", tmp_path)
    assert data.table.select("sample", "AU01", "AU04", "AU10", "AU12").rows() == [
        ("0001.jpg", 1, 0, 0, 1),
        ("0002.jpg", None, None, None, None),
        ("0003.jpg", 0, 1, 1, 0),
    ]
    assert data.table["path"].to_list() == ["aligned/0001_aligned.jpg", None, "aligned/0003_aligned.jpg"]
    assert said(data) == [
        "RAFAU_label.txt, line 3: unit 77 is not one of raf_units: it is left out",
        "aligned/0002_aligned.jpg: this picture is missing",
    ]
    original = open_dataset("rafau", tmp_path, pictures="original").table
    assert original["path"].to_list() == ["original/0001.jpg", None, None]


def test_lists_of_raf_ce_are_joined_by_name(tmp_path):
    write_lines(tmp_path / "RAFCE_emolabel.txt", ["b.jpg 13", "a.jpg 0", "c.jpg 7"])
    write_lines(tmp_path / "RAFCE_partition.txt", ["a.jpg 1", "b.jpg 0", "d.jpg 2"])
    write_lines(tmp_path / "RAFCE_AUlabel.txt", ["a.jpg 6+12", "b.jpg 12", "c.jpg null"])
    data = open_dataset("rafce", tmp_path, sealed=False)
    assert data.table.select("sample", "split", "compound", "AU06").rows() == [
        ("b.jpg", "train", "happily sad", 0),
        ("a.jpg", "test", "happily surprised", 1),
        ("c.jpg", None, "fearfully surprised", None),
    ]
    assert said(data) == [
        "RAFCE_emolabel.txt, line 3: RAFCE_partition.txt does not name this picture",
        "RAFCE_partition.txt, line 3: RAFCE_emolabel.txt does not name this picture",
        ".: there is no folder aligned or original: no face has a picture",
    ]
    assert open_dataset("rafce", tmp_path).table["compound"].to_list() == [
        "happily sad",
        None,
        "fearfully surprised",
    ]


@pytest.mark.parametrize(
    ("labels", "parts", "message"),
    [
        ("a.jpg 14", "a.jpg 0", "emolabel.txt, line 1: expected a label of rafce14"),
        (
            "a.jpg 1",
            "a.jpg 3",
            "partition.txt, line 1: expected 0 for train, 1 for test or 2 for val, found '3'",
        ),
        ("a.jpg", "a.jpg 0", "emolabel.txt, line 1: expected 2 fields"),
    ],
)
def test_bad_rows_of_raf_ce(tmp_path, labels, parts, message):
    write_lines(tmp_path / "RAFCE_emolabel.txt", [labels])
    write_lines(tmp_path / "RAFCE_partition.txt", [parts])
    with pytest.raises(BadLabels, match=message):
        open_dataset("rafce", tmp_path)


def test_raf_ce_needs_its_partition(tmp_path):
    write_lines(tmp_path / "RAFCE_emolabel.txt", ["a.jpg 1"])
    with pytest.raises(MissingData, match=r"has no RAFCE_partition\.txt"):
        open_dataset("rafce", tmp_path)


def test_boxes_of_expw(tmp_path):
    rows = ["a_1.jpg 0 112 163 293 242 44.94 5", "a_1.jpg 1 10 20 30 40 3.5 6"]
    write_lines(tmp_path / "label/label.lst", rows)
    pictures(tmp_path, "image/origin/a_1.jpg")
    data = open_dataset("expw", tmp_path)
    assert data.deviations == ()
    assert data.table.select("sample", "top", "left", "right", "bottom", "expression").rows() == [
        ("a_1.jpg/0", 112, 163, 293, 242, "surprise"),
        ("a_1.jpg/1", 10, 20, 30, 40, "neutral"),
    ]
    assert data.table["path"].to_list() == ["image/origin/a_1.jpg"] * 2


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a.jpg 0 5 30 20 40 1 0", "line 1: expected a box: top, left, right and bottom"),
        ("a.jpg 0 5 x 20 40 1 0", "line 1: expected a box"),
        ("a.jpg 0 5 10 20 40 1 7", "line 1: expected a label of expw7"),
        ("a.jpg 0 5 10 20 40 0", "line 1: expected 8 fields"),
    ],
)
def test_bad_rows_of_expw(tmp_path, row, message):
    write_lines(tmp_path / "label.lst", [row])
    with pytest.raises(BadLabels, match=message):
        open_dataset("expw", tmp_path)


def test_stills_of_sfew(tmp_path):
    pictures(
        tmp_path,
        "Train/Train_Aligned_Faces/Angry/Airheads_000519240_00000005.png",
        "Train/Train_Aligned_Faces/Sad/Pretty in Pink_000519240_00000005.png",
        "Val/Val_Aligned_Faces_new/Happy/Bridesmaids_001000000_00000001.png",
        "Test/Test_Aligned_Faces/Unknown_000000001_00000001.png",
    )
    data = open_dataset("sfew", tmp_path)
    assert data.deviations == ()
    assert data.table.select("sample", "split", "video", "expression").rows() == [
        ("Train/Airheads_000519240_00000005", "train", "Airheads", "anger"),
        ("Train/Pretty in Pink_000519240_00000005", "train", "Pretty in Pink", "sadness"),
        ("Val/Bridesmaids_001000000_00000001", "val", "Bridesmaids", "happiness"),
        ("Test/Unknown_000000001_00000001", "test", "Unknown", None),
    ]


def test_stills_out_of_place(tmp_path):
    name = "Airheads_000519240_00000005.png"
    pictures(tmp_path, f"Train/Angry/{name}", f"Train/Sad/{name}")
    data = open_dataset("sfew", tmp_path)
    assert data.table["expression"].to_list() == ["anger"]
    assert said(data) == [
        f"Train/Sad/{name}: a still of this name has another class, too; the first is taken"
    ]
    pictures(tmp_path, f"Train/{name}")
    with pytest.raises(BadLabels, match="expected a still in a folder of its class"):
        open_dataset("sfew", tmp_path)
    (tmp_path / "Train" / name).unlink()
    pictures(tmp_path, "Train/Cross/b_1_1.png")
    with pytest.raises(BadLabels, match="'Cross' is not a class of afew7"):
        open_dataset("sfew", tmp_path)
