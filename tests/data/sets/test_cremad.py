import pytest

from facsight.core.errors import BadLabels, MissingData
from facsight.data import open_dataset
from facsight.data.mock_files import write_lines
from facsight.data.sets import cremad

VOTES = '"","A","D","F","H","N","S","fileName","numResponses"'


def write(root, *names):
    for name in names:
        write_lines(root / name, ["never decoded"])


def test_names_say_all(tmp_path):
    write(
        tmp_path,
        "AudioWAV/1001_DFA_ANG_XX.wav",
        "AudioWAV/1040_ITH_SAD_X.wav",
        "AudioWAV/1002_IEO_HAP_HI.wav",
    )
    table = cremad.read(tmp_path, [])
    assert table.select("sample", "subject", "emotion", "text").rows() == [
        ("1001_DFA_ANG_XX", "1001", "anger", "Don't forget a jacket"),
        ("1002_IEO_HAP_HI", "1002", "happiness", "It's eleven o'clock"),
        ("1040_ITH_SAD_X", "1040", "sadness", "I think I have a doctor's appointment"),
    ]
    assert table["path"][0] == "AudioWAV/1001_DFA_ANG_XX.wav"


def test_sound_or_video(tmp_path):
    write(tmp_path, "AudioMP3/1001_DFA_ANG_XX.mp3", "VideoFlash/1001_DFA_ANG_XX.flv")
    assert cremad.read(tmp_path, [])["path"].to_list() == ["AudioMP3/1001_DFA_ANG_XX.mp3"]
    assert cremad.read(tmp_path, [], media="video")["path"].to_list() == ["VideoFlash/1001_DFA_ANG_XX.flv"]
    (tmp_path / "AudioMP3/1001_DFA_ANG_XX.mp3").unlink()
    (tmp_path / "AudioMP3").rmdir()
    assert cremad.read(tmp_path, [])["path"].to_list() == ["VideoFlash/1001_DFA_ANG_XX.flv"]


def test_votes_of_those_who_had_the_same(tmp_path):
    write(tmp_path, "AudioWAV/1001_DFA_ANG_XX.wav", "AudioWAV/1002_IEO_HAP_HI.wav")
    write(tmp_path, "VideoFlash/1001_DFA_ANG_XX.flv")
    rows = ['"100001",6,2,0,0,2,0,"1001_DFA_ANG_XX",10', '"300001",9,1,0,0,0,0,"1001_DFA_ANG_XX",10']
    write_lines(tmp_path / "processedResults/tabulatedVotes.csv", [VOTES, *rows])
    data = open_dataset("cremad", tmp_path)
    assert data.table["share_of_anger"].to_list() == pytest.approx([0.6, None])
    assert data.table["share_of_neutral"].to_list() == pytest.approx([0.2, None])
    assert [str(d) for d in data.deviations] == [
        "AudioWAV/1002_IEO_HAP_HI.wav: processedResults/tabulatedVotes.csv has no votes for this file"
    ]
    video = open_dataset("cremad", tmp_path, media="video")
    assert video.table["share_of_anger"].to_list() == pytest.approx([0.9])


@pytest.mark.parametrize(
    "row", ["100001,6,x,0,0,2,0,1001_DFA_ANG_XX,10", "100001,0,0,0,0,0,0,1001_DFA_ANG_XX,0"]
)
def test_bad_votes(tmp_path, row):
    write(tmp_path, "AudioWAV/1001_DFA_ANG_XX.wav")
    write_lines(tmp_path / "processedResults/tabulatedVotes.csv", [VOTES, row])
    with pytest.raises(BadLabels, match="line 2: expected numbers of votes"):
        open_dataset("cremad", tmp_path)


def test_other_names(tmp_path):
    write(tmp_path, "AudioWAV/1001_DFA_ANG_XX.wav", "AudioWAV/1001_DFA_JOY_XX.wav")
    data = open_dataset("cremad", tmp_path)
    assert len(data) == 1
    assert "1001_DFA_JOY_XX.wav: expected a name such as" in str(data.deviations[0])


def test_nothing_to_read(tmp_path):
    write(tmp_path, "README.md")
    with pytest.raises(MissingData, match=r"has no AudioWAV/1001_DFA_ANG_XX\.wav"):
        open_dataset("cremad", tmp_path)
