"""ELAN's files, written by hand as its format says."""

import pytest

from facsight.analysis.segments import read_segments
from facsight.analysis.time_columns import SEGMENT_COLUMNS, schema
from facsight.core.errors import BadAnnotations

VIDEO = '<MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/my%20data/a.mp4" MIME_TYPE="video/mp4"/>'


@pytest.fixture
def written(tmp_path):
    def write(slots, tiers, *, media=VIDEO, units="milliseconds", before=""):
        """An .eaf of time slots {name: milliseconds or None} and tiers {name: annotations}."""
        order = "".join(
            f'<TIME_SLOT TIME_SLOT_ID="{name}"' + (f' TIME_VALUE="{time}"/>' if time is not None else "/>")
            for name, time in slots.items()
        )
        told = "".join(
            f'<TIER TIER_ID="{name}" LINGUISTIC_TYPE_REF="lt">\n' + "\n".join(annotations) + "</TIER>"
            for name, annotations in tiers.items()
        )
        path = tmp_path / "a.eaf"
        path.write_text(
            f'<?xml version="1.0" encoding="UTF-8"?>{before}\n<ANNOTATION_DOCUMENT AUTHOR="" FORMAT="3.0">\n'
            f'<HEADER MEDIA_FILE="" TIME_UNITS="{units}">{media}</HEADER>\n'
            f"<TIME_ORDER>{order}</TIME_ORDER>\n{told}\n"
            '<LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="lt" TIME_ALIGNABLE="true"/></ANNOTATION_DOCUMENT>',
            encoding="utf-8",
        )
        return path

    return write


def aligned(name, first, last, value="x"):
    return (
        f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="{name}" TIME_SLOT_REF1="{first}" '
        f'TIME_SLOT_REF2="{last}"><ANNOTATION_VALUE>{value}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>'
    )


def referring(name, parent, value="x", previous=""):
    after = f' PREVIOUS_ANNOTATION="{previous}"' if previous else ""
    return (
        f'<ANNOTATION><REF_ANNOTATION ANNOTATION_ID="{name}" ANNOTATION_REF="{parent}"{after}>'
        f"<ANNOTATION_VALUE>{value}</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>"
    )


def times(table):
    return table.select("label", "start", "end").rows()


def test_aligned_annotations(written):
    path = written(
        {"ts1": 0, "ts2": 1500, "ts3": 1500, "ts4": 2250},
        {"task": [aligned("a1", "ts1", "ts2", "rest"), aligned("a2", "ts3", "ts4", "Lob &amp; Tadel")]},
    )
    table = read_segments(path)
    assert table.rows() == [("a.mp4", "task", "rest", 0.0, 1.5), ("a.mp4", "task", "Lob & Tadel", 1.5, 2.25)]
    assert dict(table.schema) == schema(SEGMENT_COLUMNS)


def test_references_have_the_times_of_their_parents_even_of_later_tiers(written):
    path = written(
        {"ts1": 100, "ts2": 900},
        {
            "word": [referring("a4", "a3", "w1"), referring("a5", "a3", "w2", previous="a4")],
            "gloss": [referring("a3", "a1", "g")],
            "speech": [aligned("a1", "ts1", "ts2", "s")],
        },
    )
    assert times(read_segments(path)) == [(label, 0.1, 0.9) for label in ("w1", "w2", "g", "s")]


def test_slots_without_time_are_placed_evenly_within_their_tier(written):
    path = written(
        {"ts1": 1000, "ts2": None, "ts3": None, "ts4": 4000, "ts5": 2100, "ts6": 2200},
        {
            "words": [
                aligned("a2", "ts2", "ts3", "2"),
                aligned("a1", "ts1", "ts2", "1"),
                aligned("a3", "ts3", "ts4", "3"),
            ],
            "other": [aligned("a4", "ts5", "ts6", "o")],
        },
    )
    assert times(read_segments(path)) == [("2", 2.0, 3.0), ("1", 1.0, 2.0), ("3", 3.0, 4.0), ("o", 2.1, 2.2)]


@pytest.mark.parametrize(
    "tier",
    [
        [aligned("a7", "ts1", "ts9")],  # no end
        [aligned("a7", "ts9", "ts8"), aligned("a8", "ts8", "ts9")],  # a ring without any time
        [aligned("a8", "ts1", "ts8"), aligned("a7", "ts9", "ts2")],  # not joined
    ],
)
def test_what_cannot_be_placed_is_refused(written, tier):
    path = written({"ts1": 0, "ts2": 1000, "ts8": None, "ts9": None}, {"words": tier})
    with pytest.raises(
        BadAnnotations, match=r"a.eaf line \d+: annotation 'a[78]' of tier 'words' has no time: its"
    ):
        read_segments(path)


def test_times_are_those_of_each_video(written):
    media = (
        '<MEDIA_DESCRIPTOR MEDIA_URL="file:///left.mp4" MIME_TYPE="video/mp4"/>'
        '<MEDIA_DESCRIPTOR MEDIA_URL="" RELATIVE_MEDIA_URL="./right.mov" TIME_ORIGIN="2500"/>'
        '<MEDIA_DESCRIPTOR MEDIA_URL="file:///voice.wav" TIME_ORIGIN="70" MIME_TYPE="audio/x-wav"/>'
    )
    table = read_segments(written({"ts1": 0, "ts2": 1000}, {"t": [aligned("a1", "ts1", "ts2")]}, media=media))
    assert table.drop("tier", "label").rows() == [("left.mp4", 0.0, 1.0), ("right.mov", 2.5, 3.5)]


@pytest.mark.parametrize(
    "media", ["", '<MEDIA_DESCRIPTOR MEDIA_URL="file:///v.wav" MIME_TYPE="audio/x-wav"/>']
)
def test_without_a_video_the_file_is_not_known(written, media):
    table = read_segments(written({"ts1": 0, "ts2": 1000}, {"t": [aligned("a1", "ts1", "ts2")]}, media=media))
    assert table["file"].to_list() == [None]


def test_empty_values_and_empty_tiers(written):
    table = read_segments(written({"ts1": 0, "ts2": 9}, {"t": [aligned("a1", "ts1", "ts2", "")], "none": []}))
    assert table["label"].to_list() == [""]
    assert read_segments(written({}, {})).is_empty()


@pytest.mark.parametrize(
    ("tier", "told"),
    [
        (
            [aligned("a1", "ts2", "ts1")],
            "annotation 'a1' of tier 't' ends at 0.0 s, not after its start at 1.0 s",
        ),
        ([aligned("a1", "ts1", "ts1")], "ends at 0.0 s"),
        ([aligned("a1", "ts1", "ts77")], "slot 'ts77'"),
        ([referring("a1", "a9")], "annotation 'a1' of tier 't' refers to 'a9'"),
        ([referring("a1", "a2"), referring("a2", "a1")], "leads to no annotation with times"),
    ],
)
def test_bad_annotations_are_named(written, tier, told):
    with pytest.raises(BadAnnotations, match=r"a.eaf line 6: ") as error:
        read_segments(written({"ts1": 0, "ts2": 1000}, {"t": tier}))
    assert told in str(error.value)


def test_times_must_be_whole_milliseconds(written):
    with pytest.raises(BadAnnotations, match=r"line 4: expected whole milliseconds, found '1\.5'"):
        read_segments(written({"ts1": "1.5"}, {}))
    with pytest.raises(BadAnnotations, match="milliseconds, found 'PAL-frames'"):
        read_segments(written({}, {}, units="PAL-frames"))


def test_document_types_are_refused_before_anything_in_them_is_read(written):
    lol = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
    path = written({"ts1": 0, "ts2": 9}, {"t": [aligned("a1", "ts1", "ts2", "&b;")]}, before=lol)
    with pytest.raises(BadAnnotations, match="line 1: found a document type"):
        read_segments(path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "line 1: this is not whole XML: no element found"),
        (b"<ANNOTATION_DOCUMENT>\n<HEADER>", "line 2: this is not whole XML"),
        (b"<html/>", "found <html>"),
        (b"<ANNOTATION_DOCUMENT/>", "with a header"),
        (b'<?xml version="1.0" encoding="nonsense"?><a/>', "encoding"),
        (b'<?xml version="1.0" encoding="big5"?><a/>', "encoding"),
        (b"<a>&undefined;</a>", "undefined entity"),
    ],
)
def test_what_is_no_elan_file(tmp_path, content, told):
    path = tmp_path / "a.EAF"
    path.write_bytes(content)
    with pytest.raises(BadAnnotations, match=told):
        read_segments(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(BadAnnotations, match=r"none.eaf cannot be read: No such file"):
        read_segments(tmp_path / "none.eaf")
