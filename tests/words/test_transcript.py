"""Transcripts as tools write them, by hand, and broken ones."""

import json

import pytest

from facsight.core.errors import BadAnnotations
from facsight.words.transcript import Utterance, read_transcript

SRT = "\ufeff1\n00:00:01,000 --> 00:00:02,500\n<i>Hello &amp; you</i>\nthere\n\n"
SRT += "2\n01:00:00,250 --> 01:00:01,000\n\n"
VTT = "WEBVTT\n\nNOTE x\n\n00:03.000 --> 00:04.000 align:start\n<v Ann>Second 1 < 2\n\n"
VTT += "00:01.000 --> 00:02.000\nFirst\n"


def saved(tmp_path, name, content):
    file = tmp_path / name
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return file


def test_subtitles(tmp_path):
    assert read_transcript(saved(tmp_path, "a.srt", SRT)) == [
        Utterance(1.0, 2.5, "Hello & you there"),
        Utterance(3600.25, 3601.0, ""),
    ]
    assert read_transcript(saved(tmp_path, "a.vtt", VTT)) == [
        Utterance(1.0, 2.0, "First"),
        Utterance(3.0, 4.0, "Second 1 < 2"),
    ]
    assert read_transcript(saved(tmp_path, "b.vtt", "WEBVTT\n")) == []


def test_json_of_utterances_and_of_words(tmp_path):
    told = {"segments": [{"start": 1, "end": 2.5, "text": " Yes. ", "id": 3}]}
    assert read_transcript(saved(tmp_path, "a.json", told)) == [Utterance(1.0, 2.5, "Yes.")]
    spoken = [("I", 0, 0.2), ("see.", 0.3, 0.5), ("You", 0.6, 0.8), ("too", 1.5, 1.6)]
    words = [{"word": word, "start": start, "end": end} for word, start, end in spoken]
    assert [(one.start, one.end, one.text) for one in read_transcript(saved(tmp_path, "w.json", words))] == [
        (0.0, 0.5, "I see."),
        (0.6, 0.8, "You"),
        (1.5, 1.6, "too"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.srt", "1\n0:00:01 --> 0:00:02\nx", "line 2: expected 00:00:01,000"),
        ("a.srt", "Hello there", "no line with times"),
        ("a.srt", "1\n00:00:02,000 --> 00:00:01,000\nx", "line 2: expected 0 <= start <= end"),
        ("a.json", "{", "not valid JSON"),
        ("a.json", {"text": "x"}, "expected a list of entries"),
        ("a.json", [{"start": 0, "end": 1}], "entry 1: expected start, end and text"),
        ("a.json", [{"start": "0", "end": 1, "text": "x"}], "start and end are seconds"),
        ("a.json", [{"start": float("nan"), "end": 1, "text": "x"}], "entry 1: expected 0 <= start"),
        ("a.txt", "Hello", "a transcript is a file .srt, .vtt or .json"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, name, content, told):
    with pytest.raises(BadAnnotations, match=told):
        read_transcript(saved(tmp_path, name, content))


def test_a_file_that_is_not_there_or_no_text(tmp_path):
    with pytest.raises(BadAnnotations, match="cannot be read as a text file"):
        read_transcript(tmp_path / "none.srt")
    (tmp_path / "b.srt").write_bytes(b"\xff\x00")
    with pytest.raises(BadAnnotations, match="cannot be read as a text file"):
        read_transcript(tmp_path / "b.srt")
