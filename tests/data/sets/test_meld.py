import pytest

from facsight.core.errors import BadLabels, MissingData
from facsight.data import open_dataset
from facsight.data.mock_files import write_lines

HEADER = (
    "Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season,Episode,StartTime,EndTime"
)
ROWS = [
    '1,"Oh, my God!",Phoebe,joy,positive,0,0,4,7,"00:20:57,256","00:21:00,049"',
    '2,What?,Monica,surprise,negative,0,1,4,7,"00:21:01,927","00:21:03,261"',
]


def test_words_names_and_clips(tmp_path):
    write_lines(tmp_path / "train_sent_emo.csv", [HEADER, *ROWS], end="\r\n")
    write_lines(tmp_path / "dev_sent_emo.csv", [HEADER, ROWS[1]])
    write_lines(tmp_path / "train_splits/dia0_utt0.mp4", ["never decoded"])
    data = open_dataset("meld", tmp_path)
    assert data.table.select(
        "sample", "split", "subject", "video", "text", "emotion", "sentiment"
    ).rows() == [
        ("train/dia0_utt0", "train", "Phoebe", "train/dia0", "Oh, my God!", "happiness", "positive"),
        ("train/dia0_utt1", "train", "Monica", "train/dia0", "What?", "surprise", "negative"),
        ("dev/dia0_utt1", "val", "Monica", "dev/dia0", "What?", "surprise", "negative"),
    ]
    assert data.table["path"].to_list() == ["train_splits/dia0_utt0.mp4", None, None]
    assert [str(d) for d in data.deviations] == [
        "train_sent_emo.csv, line 3: there is no clip of this utterance"
    ]


def test_labels_of_the_test_list_are_sealed(tmp_path):
    write_lines(tmp_path / "test_sent_emo.csv", [HEADER, *ROWS])
    assert open_dataset("meld", tmp_path).table["emotion"].null_count() == 2
    assert open_dataset("meld", tmp_path, sealed=False).table["emotion"].null_count() == 0


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("3,Hm,Ross,bliss,positive,0,2,1,1,a,b", "line 4: 'bliss' is not a class of meld7"),
        ("3,Hm,Ross,joy,good,0,2,1,1,a,b", "line 4: 'good' is not a class of meld_sentiment3"),
        (
            "3,Hm,Ross,joy,positive,x,2,1,1,a,b",
            "line 4: expected numbers of dialogue and utterance, found 'x'",
        ),
        ("3,Hm, Ross,joy,positive,0,2,1,1,a,b,c", "line 4: expected 11 fields, found 12"),
    ],
)
def test_bad_rows(tmp_path, row, said):
    write_lines(tmp_path / "meld_train_sent_emo.csv", [HEADER, *ROWS, row])
    with pytest.raises(BadLabels, match=said):
        open_dataset("meld", tmp_path)
    assert len(open_dataset("meld", tmp_path, tolerant=True)) == 2


def test_an_utterance_twice_and_another_table(tmp_path):
    write_lines(tmp_path / "data/MELD/dev_sent_emo.csv", [HEADER, *ROWS, ROWS[0]])
    data = open_dataset("meld", tmp_path)
    assert len(data) == 2
    assert "line 4: sample 'dev/dia0_utt0' stands here again" in str(data.deviations[0])
    write_lines(tmp_path / "data/MELD/dev_sent_emo.csv", [HEADER.replace("Emotion", "Feeling"), *ROWS])
    with pytest.raises(
        BadLabels, match=r"dev_sent_emo\.csv, line 1: expected the columns .* \(without Emotion\)"
    ):
        open_dataset("meld", tmp_path)


def test_no_list(tmp_path):
    write_lines(tmp_path / "train_splits/dia0_utt0.mp4", ["never decoded"])
    with pytest.raises(MissingData, match=r"has no train_sent_emo\.csv"):
        open_dataset("meld", tmp_path)


def test_the_real_lists(shared_data):
    data = open_dataset("meld", shared_data / "text")
    assert data.deviations == ()
    assert len(data.split("train")) == 9989
    assert len(data.split("val")) == 1109
    counts = dict(data.split("train").table["emotion"].value_counts().iter_rows())
    assert (counts["neutral"], counts["happiness"], counts["fear"]) == (4710, 1743, 268)
    assert data.split("train").table["text"][0].startswith("also I was the point person on my company’s")
