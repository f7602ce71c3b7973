import pytest

from facsight.core.errors import BadLabels, MissingData
from facsight.core.labels import convert
from facsight.data import open_dataset
from facsight.data.mock_files import write_lines
from facsight.data.sets import biovid

HEADER = "subject_id\tsubject_name\tclass_id\tclass_name\tsample_id\tsample_name"
SAMPLES = ["071309_w_21-BL1-081", "071309_w_21-PA4-006", "110614_m_42-PA1-020"]
ROWS = [
    "1\t071309_w_21\t0\tBL\t1\t071309_w_21-BL1-081",
    "1\t071309_w_21\t4\tPA4\t2\t071309_w_21-PA4-006",
    "2\t110614_m_42\t1\tPA1\t3\t110614_m_42-PA1-020",
]
SIGNALS = ["time\tgsr\tecg\temg_trapezius", "0\t1.5\t-2\t3", "1953.125\t1.25\t0\t-1e-3"]


def write(root, rows=ROWS, videos=SAMPLES, signals=SAMPLES):
    if rows is not None:
        write_lines(root / "starting_point/samples.csv", [HEADER, *rows], end="\r\n")
    for sample in videos:
        write_lines(root / f"video/{sample[:11]}/{sample}.mp4", ["never decoded"])
    for sample in signals:
        write_lines(root / f"biosignals_filtered/{sample[:11]}/{sample}_bio.csv", SIGNALS)


@pytest.mark.parametrize("rows", [ROWS, None])
def test_levels_by_the_list_or_by_the_names(tmp_path, rows):
    write(tmp_path, rows)
    found = []
    table = biovid.read(tmp_path, found)
    assert found == []
    assert table["sample"].to_list() == SAMPLES
    assert table["subject"].to_list() == ["071309_w_21", "071309_w_21", "110614_m_42"]
    assert table["pain_level"].to_list() == ["no pain", "pain 4", "pain 1"]
    assert table["path"][0] == "video/071309_w_21/071309_w_21-BL1-081.mp4"
    assert table["signals"][0] == "biosignals_filtered/071309_w_21/071309_w_21-BL1-081_bio.csv"


def test_two_levels_are_a_conversion_by_name():
    assert convert("biovid5", "biovid2").lost == ("pain 1", "pain 2", "pain 3")


def test_signals_are_in_seconds(tmp_path):
    write(tmp_path)
    signals = biovid.read_signals(tmp_path / biovid.read(tmp_path, [])["signals"][0])
    assert signals.columns == ["time", "gsr", "ecg", "emg_trapezius"]
    assert signals["time"].to_list() == [0, 1 / biovid.RATE]
    assert signals["emg_trapezius"].to_list() == [3, -0.001]


@pytest.mark.parametrize(
    "lines", [[], ["time\tgsr"], SIGNALS[:1], [*SIGNALS, "3906\t1"], [*SIGNALS, "3906\t1\tx\t2"]]
)
def test_damaged_signals(tmp_path, lines):
    write_lines(tmp_path / "a_bio.csv", lines)
    with pytest.raises(BadLabels, match=r"a_bio\.csv"):
        biovid.read_signals(tmp_path / "a_bio.csv")


def test_files_that_are_missing_or_not_listed(tmp_path):
    write(tmp_path, videos=[SAMPLES[0], SAMPLES[2], "110614_m_42-PA2-001"])
    data = open_dataset("biovid", tmp_path)
    assert data.table["path"].is_null().to_list() == [False, True, False]
    assert [str(d) for d in data.deviations] == [
        "starting_point/samples.csv, line 3: there is no video of this sample",
        "video/110614_m_42/110614_m_42-PA2-001.mp4: starting_point/samples.csv does not name this video",
    ]


def test_part_b_without_videos_is_no_deviation(tmp_path):
    write(tmp_path, videos=[])
    data = open_dataset("biovid", tmp_path)
    assert data.deviations == ()
    assert data.table["path"].null_count() == 3


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("1\t071309_w_21\t3\tPA4\t2\t071309_w_21-PA4-006", "line 5: expected a sample whose name is of its"),
        ("2\t110614_m_42\t4\tPA4\t2\t071309_w_21-PA4-006", "line 5: expected a sample of its subject_name"),
        ("1\t071309_w_21\t4\tPA4\t2\tPA4-006", "line 5: expected a sample whose name is of its class_id"),
        ("1\t071309_w_21\t4", "line 5: expected 6 fields, found 3"),
    ],
)
def test_bad_rows(tmp_path, row, said):
    write(tmp_path, [*ROWS, row])
    with pytest.raises(BadLabels, match=said):
        open_dataset("biovid", tmp_path)
    assert len(open_dataset("biovid", tmp_path, tolerant=True)) == 3


def test_bad_names_and_other_options(tmp_path):
    write(tmp_path, rows=None, videos=[*SAMPLES, "071309_w_21-XX1-001"])
    with pytest.raises(BadLabels, match="expected a name such as 071309_w_21-BL1-081"):
        open_dataset("biovid", tmp_path)
    (tmp_path / "other").mkdir()
    (tmp_path / "other/readme.txt").touch()
    with pytest.raises(MissingData, match=r"has no starting_point/samples\.csv"):
        open_dataset("biovid", tmp_path / "other")
