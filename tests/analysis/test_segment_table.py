"""Tables of segments as people, spreadsheets and ELAN write them."""

import pytest

from facsight.analysis.segment_table import seconds
from facsight.analysis.segments import read_segments, read_span
from facsight.core.errors import BadAnnotations


@pytest.fixture
def read(tmp_path):
    def read(text, name="s.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return read_segments(path).select("file", "tier", "label", "start", "end").rows()

    return read


def test_the_plainest_table(read):
    assert read("start,end,label\n0,2.5,rest\n2.5,4,task\n") == [
        (None, "", "rest", 0.0, 2.5),
        (None, "", "task", 2.5, 4.0),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "start,end,label,tier,file\n1,2,x,t,v/a.mp4",
        "File;Tier;Label;Start;End\nv/a.mp4;t;x;1,0;2,0",
        "Onset (s)\tOffset (s)\tCondition\tLayer\tVideo\n1.0\t2.0\tx\tt\tv/a.mp4",
        "start_ms,end_ms,annotation,tier,file\n1000,2000,x,t,v/a.mp4",
        "start (ms),end (ms),label,tier,file\n0:01,0:02,x,t,v/a.mp4",
        "StartTime,Duration,Code,tier,filename\n0:01,1,x,t,v/a.mp4",
        "begin time,stop time,value,tier,file name\n0:00:01.000,00:00:02,x,t,v/a.mp4",
        '\n"start", "end","label","tier","file"\n\n"1","2", "x","t","v/a.mp4"\n,,,,\n',
        '"start";"end";"label";"tier";"file"\n1;2;"x";"t";v/a.mp4',
        "number,from,to,event,tier,media\r\n7,1,2,x,t,v/a.mp4\r\n",
    ],
)
def test_spellings_separators_and_times(read, text):
    assert read(text) == [("v/a.mp4", "t", "x", 1.0, 2.0)]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_what_spreadsheets_write(read, encoding):
    assert (
        read('start\tend\tlabel\n1\t2\tÜberraschung, "ja"', encoding=encoding)[0][2] == 'Überraschung, "ja"'
    )
    assert read('start\tend\tlabel\n1\t2\t"a ""b"" c"', encoding=encoding)[0][2] == 'a "b" c'


def test_the_label_that_is_called_so_wins(read):
    assert read("text,start,end,label\nlong story,1,2,x") == [(None, "", "x", 1.0, 2.0)]


def test_quoted_cells_may_hold_separators_and_lines(read):
    rows = read('start,end,label\n1,2,"a, b\nc"\n3,4,d\n')
    assert [row[2] for row in rows] == ["a, b\nc", "d"]


def test_an_empty_file_is_every_video_and_empty_labels_stay(read):
    assert read("start,end,label,file\n1,2,,\n") == [(None, "", "", 1.0, 2.0)]
    assert read("start,end,label\n") == []


ELAN_TIMES = (
    "Begin Time - hh:mm:ss.ms\tBegin Time - ss.msec\tEnd Time - hh:mm:ss.ms\tEnd Time - ss.msec\t"
    "Duration - hh:mm:ss.ms\tDuration - ss.msec"
)
ELAN_CELLS = "00:01:00.500\t60.5\t00:01:02.000\t62.0\t00:00:01.500\t1.5"


def test_elans_export_with_a_column_for_each_tier(read):
    text = '\n"#file:///C:/a.eaf"\n"#/a.mp4 -- offset: 0"\n\n'
    text += f"{ELAN_TIMES}\tgesture\ttext\n{ELAN_CELLS}\tnod\tyes\n"
    text += "00:01:02.000\t62.0\t00:01:03.000\t63.0\t00:00:01.000\t1.0\t\tno\n"
    assert read(text, "s.txt") == [
        (None, "gesture", "nod", 60.5, 62.0),
        (None, "text", "yes", 60.5, 62.0),
        (None, "text", "no", 62.0, 63.0),
    ]


def test_elans_export_with_a_row_for_each_annotation(read):
    text = f"Tier\tParticipant\t{ELAN_TIMES}\tAnnotation\tFile Path\n"
    text += f"gesture\tP1\t{ELAN_CELLS}\tnod\tC:\\b\\a.eaf\n"
    assert read(text, "s.txt") == [("C:\\b\\a.eaf", "gesture", "nod", 60.5, 62.0)]


@pytest.mark.parametrize(
    "cells",
    [
        ELAN_CELLS,
        "60.5\t62.0\t1.5",
        "00:01:00.500\t00:01:02.000",
        "00:01:00.500\t60.5\t60500\t00:01:02.000\t62.0\t62000\t00:00:01.500\t1.5\t1500",
    ],
)
def test_elans_export_without_names(read, cells):
    text = f'gesture\t\t{cells}\tnod "so"\nspeech\tP1\t{cells}\t"\n'
    assert read(text, "s.txt") == [
        (None, "gesture", 'nod "so"', 60.5, 62.0),
        (None, "speech", '"', 60.5, 62.0),
    ]


def test_milliseconds_in_elans_export(read):
    assert read("Tier\tBegin Time - msec\tEnd Time - msec\tAnnotation\nt\t1000\t2000\tx") == [
        (None, "t", "x", 1.0, 2.0)
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "expected a table of annotations, found none"),
        ("\n,,\n", "found none"),
        ("a,b\n1,2", "line 1: expected names of columns, .* found no start"),
        ("start,label\n1,x", r"line 1: .* without end \(or duration\)"),
        ("start,end\n1,2", "line 1: .* without label"),
        ("start,end,label\n1,2,x\n\none,2,y", "line 4: expected a time .*, found 'one'"),
        ("start,end,label\n1,,x", "line 2: expected a time .*, found ''"),
        ("start,end,label\n1,nan,x", "line 2: expected a time"),
        ("start,end,label\n1,1:75,x", "line 2: expected a time"),
        ("start,end,label\n2,1,x", r"line 2: expected an end after the start, found 2.0 s to 1.0 s"),
        ("start,end,label\n2,2,x", "line 2: expected an end after"),
        ("start,duration,label\n2,0,x", "line 2: expected an end after"),
        ("start,end,label\n1,2", "line 2: expected 3 cells, as in the first line, found 2"),
        ("start,end,label\n1,2,a, b", "line 2: expected 3 cells, as in the first line, found 4"),
        ('start,end,label\n1,2,"a\n3,4,b\n', "line 3: .* is a quotation mark missing"),
        ("t\t\t1000\t2000\tx", "found no start"),
    ],
)
def test_bad_tables_say_where_and_what(read, text, told):
    with pytest.raises(BadAnnotations, match=rf"s.csv\b.*{told}"):
        read(text)


def test_other_encodings_are_refused(read):
    with pytest.raises(BadAnnotations, match="line 2: expected UTF-8"):
        read("start,end,label\n1,2,Überraschung", encoding="latin-1")


@pytest.mark.parametrize(
    "text", ["", ":", "1:2:3:4", "1:60", "1:60:00", "1e3", "inf", "9" * 400, "--1", "1.5.2"]
)
def test_what_is_no_time(text):
    assert seconds(text) is None


@pytest.mark.parametrize(
    ("text", "value"), [("90", 90.0), ("90:30", 5430.0), ("1:02:03.5", 3723.5), (".5", 0.5), ("-1.5", -1.5)]
)
def test_times(text, value):
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["5", "5-", "-5", "5-4", "5-5", "a-b", "1-2-3", ""])
def test_spans_must_have_two_ends(text):
    with pytest.raises(BadAnnotations, match="expected START-END"):
        read_span(text)


def test_a_span():
    assert read_span("1:00 - 1:02.5") == (60.0, 62.5)
