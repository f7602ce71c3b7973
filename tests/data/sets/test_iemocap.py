import pytest

from facsight.core.errors import BadLabels, MissingData
from facsight.data import open_dataset
from facsight.data.mock_files import write_lines
from facsight.data.sets import iemocap

HEADER = "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]"
ROWS = [
    "[6.2901 - 8.2357]\tSes01F_impro01_F000\tneu\t[2.5000, 2.5000, 3.0000]",
    "C-E2:\tNeutral;\t()",
    "A-E3:\tval 3; act 2; dom  2;\t()",
    "",
    "[10.0100 - 11.3925]\tSes01F_impro01_M000\txxx\t[2.0000, 4.0000, 4.5000]",
    "[12.0 - 13.0]\tSes01F_impro01_M001\texc\t[5.0000, 1.0000, 1.0000]",
]


def write(root, rows=ROWS, name="Ses01F_impro01"):
    write_lines(root / f"Session1/dialog/EmoEvaluation/{name}.txt", [HEADER, "", *rows])
    said = [f"{name}_F000 [006.2901-008.2357]: Excuse me: yes?", f"{name}_M001 [012.0-013.0]: Oh."]
    write_lines(root / f"Session1/dialog/transcriptions/{name}.txt", said)
    for turn in ("F000", "M000", "M001"):
        write_lines(root / f"Session1/sentences/wav/{name}/{name}_{turn}.wav", ["never decoded"])


def test_turns_with_category_values_and_words(tmp_path):
    write(tmp_path)
    found = []
    table = iemocap.read(tmp_path, found)
    assert found == []
    assert table.select("sample", "subject", "video", "text", "emotion").rows() == [
        ("Ses01F_impro01_F000", "Ses01F", "Ses01F_impro01", "Excuse me: yes?", "neutral"),
        ("Ses01F_impro01_M000", "Ses01M", "Ses01F_impro01", None, None),
        ("Ses01F_impro01_M001", "Ses01M", "Ses01F_impro01", "Oh.", "excitement"),
    ]
    assert table["valence"].to_list() == [2.5, 2, 5]
    assert table["arousal"].to_list() == [2.5, 4, 1]
    assert table["dominance"].to_list() == [3, 4.5, 1]
    assert table["path"][0] == "Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_F000.wav"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            "[1 - 2]\tSes01F_impro01_F009\tglad\t[1, 1, 1]",
            "line 9: expected a label of iemocap .* found 'glad'",
        ),
        (
            "[1 - 2]\tSes01F_impro01_F009\tneu\t[0, 1, 1]",
            "line 9: expected valence, arousal, dominance from 1 to 5",
        ),
        ("[1 - 2]\tSes01F_impro01_F009\tneu", "line 9: expected .start - end. turn category"),
        ("[1 - 2]\tSes06F_impro01_F009\tneu\t[1, 1, 1]", "line 9: expected .start - end. turn category"),
    ],
)
def test_bad_rows(tmp_path, row, said):
    write(tmp_path, [*ROWS, row])
    with pytest.raises(BadLabels, match=said):
        open_dataset("iemocap", tmp_path)
    assert len(open_dataset("iemocap", tmp_path, tolerant=True)) == 3


def test_turns_twice_and_files_missing(tmp_path):
    write(tmp_path, [*ROWS, ROWS[0]])
    (tmp_path / "Session1/dialog/transcriptions/Ses01F_impro01.txt").unlink()
    (tmp_path / "Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_M001.wav").unlink()
    data = open_dataset("iemocap", tmp_path)
    assert data.table["path"].null_count() == 1
    assert data.table["text"].null_count() == 3
    assert [str(d).split(": ")[1] for d in data.deviations] == [
        "sample 'Ses01F_impro01_F000' stands here again; the first is kept",
        "there is no transcription",
        "this sound is missing",
    ]


def test_no_labels(tmp_path):
    (tmp_path / "Session1/sentences").mkdir(parents=True)
    with pytest.raises(MissingData, match=r"has no Session1/dialog/EmoEvaluation/Ses01F_impro01\.txt"):
        open_dataset("iemocap", tmp_path)
