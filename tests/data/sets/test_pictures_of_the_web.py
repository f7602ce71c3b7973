"""EmotioNet and FindingEmo: lists by hand."""

import pytest

from facsight.core.errors import BadLabels, MissingData
from facsight.data import open_dataset
from facsight.data.mock_files import write_lines

UNITS = [f"AU {unit}" for unit in range(1, 61)]
HEADER = "index,user,image_path,tags,age,valence,arousal,emotion,dec_factors,ambiguity,datetime"


def emotionet_row(name, **units):
    values = [str(units.get(f"au{unit}", 0)) for unit in range(1, 61)]
    return ",".join([f"'http://x/emotionet/Images/{name}.jpg'", "none", *values])


def test_units_of_emotionet(tmp_path):
    rows = [emotionet_row("N_1_00001", au1=1, au43=999, au60=1), emotionet_row("N_1_00002", au12=1)]
    header = ",".join(["'URL'", "'URL orig'", *(f"'{unit}'" for unit in UNITS)])
    write_lines(tmp_path / "labels/EmotioNet_FACS_aws_2020_24600.csv", [header, *rows, "," * 61])
    write_lines(tmp_path / "imgs/a/N_1_00001.jpg", ["never decoded"])
    data = open_dataset("emotionet", tmp_path)
    assert data.table.select("sample", "path", "AU01", "AU12", "AU43").rows() == [
        ("N_1_00001", "imgs/a/N_1_00001.jpg", 1, 0, None),
        ("N_1_00002", None, 0, 1, 0),
    ]
    assert "line 3: this picture is not here" in str(data.deviations[0])


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (emotionet_row("N_1_00001", au1=2), "line 2: expected AU01, .* from 0 to 1, found 2"),
        (emotionet_row("N_1_00001", au9="x"), "line 2: expected AU01"),
        ("none" + ",0" * 61, "line 2: expected an address, found 'none'"),
    ],
)
def test_bad_rows_of_emotionet(tmp_path, row, said):
    header = ",".join(["URL", "URL orig", *UNITS])
    write_lines(tmp_path / "EmotioNet_FACS_aws_2020_24600.csv", [header, row])
    with pytest.raises(BadLabels, match=said):
        open_dataset("emotionet", tmp_path)


def test_no_list_of_emotionet(tmp_path):
    write_lines(tmp_path / "other.csv", ["a"])
    with pytest.raises(MissingData, match=r"has no EmotioNet_FACS_aws_2020_24600\.csv"):
        open_dataset("emotionet", tmp_path)


def test_scenes_of_findingemo(tmp_path):
    rows = [
        '0,u,/Run_2/Loving toddlers sports/haiti, kids.jpg,Undefined,Children,0,2,Trust,"A,B",0,2023',
        "5,v,/Run_1/x.png,Undefined,Adults,-3,6,Joy,Context,1,2023",
    ]
    rows[0] = rows[0].replace(
        "/Run_2/Loving toddlers sports/haiti, kids.jpg", '"/Run_2/Loving toddlers sports/haiti, kids.jpg"'
    )
    write_lines(tmp_path / "annotations_single.ann", [HEADER, *rows])
    write_lines(tmp_path / "images/Run_2/Loving toddlers sports/haiti, kids.jpg", ["never decoded"])
    data = open_dataset("findingemo", tmp_path)
    assert data.table.select("sample", "path", "emotion", "valence", "arousal").rows() == [
        (
            "Run_2/Loving toddlers sports/haiti, kids.jpg",
            "images/Run_2/Loving toddlers sports/haiti, kids.jpg",
            "trust",
            0,
            2,
        ),
        ("Run_1/x.png", None, "joy", -3, 6),
    ]
    assert [str(d).split(": ")[1] for d in data.deviations] == ["this picture is not here"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("0,u,/Run_1/x.png,U,A,4,2,Joy,C,1,2023", "line 2: expected valence from -3 to 3, found 4"),
        ("0,u,/Run_1/x.png,U,A,0,-1,Joy,C,1,2023", "line 2: expected arousal from 0 to 6"),
        ("0,u,/Run_1/x.png,U,A,0,1,Happy,C,1,2023", "line 2: 'Happy' is not a class of findingemo24"),
        (
            "0,u,/Run_1/../../x.png,U,A,0,1,Joy,C,1,2023",
            "line 2: expected the name of a picture in the folder",
        ),
        ("0,u,//etc/x.png,U,A,0,1,Joy,C,1,2023", "line 2: expected the name of a picture in the folder"),
    ],
)
def test_bad_rows_of_findingemo(tmp_path, row, said):
    write_lines(tmp_path / "data/annotations_single.ann", [HEADER, row])
    with pytest.raises(BadLabels, match=said):
        open_dataset("findingemo", tmp_path)
