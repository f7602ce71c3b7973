import polars as pl
import pytest

from facsight.report.moments import load_events, moments
from planted_study import CLASSES, made_rows

HEAD = "file,track,kind,name,onset,apex,offset,duration,peak,cut\n"


def rows_of(labels, shares, track=1):
    """A person a frame every 0.1 s, read as these labels with these probabilities, others 0."""
    columns = {
        f"expression_{name}": [s * (name == label) for label, s in zip(labels, shares, strict=True)]
        for name in CLASSES
    }
    frames = list(range(len(labels)))
    more = {"track": [track] * len(labels), "time": [n / 10 for n in frames], "label": list(labels)}
    return pl.DataFrame({"frame": frames, **more, **columns})


def test_without_events_the_most_probable_frame_of_what_was_read_often_enough():
    labels = ["neutral"] * 6 + ["happiness"] * 5 + ["fear"] * 4
    shares = [0.5, 0.6, 0.9, 0.6, 0.5, 0.4] + [0.7, 0.99, 0.7, 0.7, 0.7] + [1.0] * 4
    found = moments(rows_of(labels, shares), CLASSES, None)
    assert [(m.name, m.frame, m.share) for m in found] == [("neutral", 2, 0.9), ("happiness", 7, 0.99)]


def test_at_most_four_the_most_frequent():
    labels = [name for n, name in enumerate(CLASSES[:6]) for _ in range(10 - n)]
    found = moments(rows_of(labels, [0.8] * len(labels)), CLASSES, None)
    assert [m.name for m in found] == list(CLASSES[:4])


def test_events_give_the_strongest_of_each_expression_before_a_second_of_any():
    own = rows_of(["neutral"] * 100, [0.5] * 100)
    events = pl.DataFrame(
        [
            (1, "expression", "fear", 0.0, 0.52, 1.0, 0.99),
            (1, "expression", "fear", 2.0, 2.2, 3.0, 0.98),
            (1, "expression", "anger", 4.0, 4.28, 5.0, 0.6),
            (1, "action unit", "AU12", 4.0, 4.5, 5.0, 1.0),
            (1, "expression", "boredom", 4.0, 4.5, 5.0, 1.0),
            (2, "expression", "anger", 7.0, 7.2, 8.0, 1.0),
        ],
        schema=["track", "kind", "name", "onset", "apex", "offset", "peak"],
        orient="row",
    )
    found = moments(own, CLASSES, events)
    assert [(m.name, m.frame) for m in found] == [("fear", 5), ("fear", 22), ("anger", 43)]
    more = pl.concat([events] * 3)
    assert {m.name for m in moments(own, CLASSES, more)} == {"fear", "anger"}
    assert len(moments(own, CLASSES, more)) == 4


def test_a_real_table_gives_moments_of_its_own_rows():
    rows = made_rows("a.mp4", [n / 25 for n in range(400)], [range(400)])
    for moment in moments(rows, CLASSES, None):
        row = rows.filter(frame=moment.frame).row(0, named=True)
        assert row["label"] == moment.name
        column = f"expression_{moment.name}"
        assert moment.share == row[column] == rows.filter(label=moment.name)[column].max()


def test_events_are_read_where_they_are(tmp_path):
    assert load_events(tmp_path) is None
    (tmp_path / "events.csv").write_text(
        HEAD + "a.mp4,1,expression,fear,1,2,3,2,0.9,\na.mp4,,expression,fear,1,,3,2,0.9,\n"
    )
    found = load_events(tmp_path)
    assert found is not None
    assert found.select("track", "apex").rows() == [(1, 2.0)]


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", HEAD + "a.mp4,1,expression,fear,soon,2,3,2,0.9,\n", "\0"])
def test_what_is_no_table_of_events_is_left_aside(tmp_path, text):
    (tmp_path / "events.csv").write_text(text)
    assert load_events(tmp_path) is None


def test_a_person_without_events_has_the_moments_of_what_was_read(tmp_path):
    (tmp_path / "events.csv").write_text(HEAD)
    found = load_events(tmp_path)
    assert found is not None
    rows = rows_of(["fear"] * 9, [0.9] * 9)
    assert moments(rows, CLASSES, found) == moments(rows, CLASSES, None) != []


def test_where_people_were_told_apart_events_are_theirs(tmp_path):
    told = HEAD.replace("track,", "track,person,") + "a,5,2,expression,fear,0,1,2,2,0.9,\n"
    (tmp_path / "events.csv").write_text(told)
    found = load_events(tmp_path)
    assert found is not None
    assert found["track"].to_list() == [2]
