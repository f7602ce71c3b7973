"""The growing table: the rows of a study, whole lines only, whatever interrupts it."""

import io
from pathlib import Path

import polars as pl
import pytest

from facsight.analysis import live_table
from facsight.analysis.columns import frame_columns
from facsight.analysis.live_table import LiveTable
from facsight.analysis.study import analyse_videos
from facsight.core.errors import BadOutput
from planted_video import saved_video


@pytest.fixture
def clip(tmp_path):
    return saved_video(tmp_path / "my, clip.mkv", [2, 1, 0, 1])


@pytest.fixture
def results(reader, clip):
    return list(reader.read_video(clip))


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(live_table, "monotonic", lambda: now[0])
    return now


def opened(path, reader, clip) -> LiveTable:
    return LiveTable(path, str(clip), reader.classes, reader.action_units)


def as_read(study: Path, reader) -> bytes:
    """The CSV file of a study without the columns that are made over time."""
    names = [column.name for column in frame_columns(reader.classes, reader.action_units)]
    return pl.read_csv(study / "readings.csv", infer_schema=False).select(names).write_csv().encode()


def test_it_holds_what_the_table_of_a_study_holds(reader, clip, results, tmp_path, clock):
    analyse_videos([clip], tmp_path / "study", reader)
    table = opened(tmp_path / "new" / "live.csv", reader, clip)
    for result in results:
        clock[0] += 0.7
        table.add(result)
    table.close()
    assert (tmp_path / "new" / "live.csv").read_bytes() == as_read(tmp_path / "study", reader)


def test_it_is_written_every_second(reader, clip, results, tmp_path, clock):
    table = opened(tmp_path / "live.csv", reader, clip)
    lines = []
    for result in results:
        table.add(result)
        lines.append((tmp_path / "live.csv").read_text().count("\n"))
        clock[0] += 0.6
    assert lines == [0, 0, 5, 5], "a header, two faces, one face and a frame without; at 1.2 s and at the end"
    table.close()
    assert (tmp_path / "live.csv").read_text().count("\n") == 6
    assert (tmp_path / "live.csv").read_text().endswith("\n")


def test_nothing_is_overwritten(reader, clip, tmp_path):
    (tmp_path / "live.csv").write_text("precious")
    with pytest.raises(BadOutput, match="is there already"):
        opened(tmp_path / "live.csv", reader, clip)
    assert (tmp_path / "live.csv").read_text() == "precious"


def test_a_table_without_rows_leaves_no_file(reader, clip, tmp_path):
    opened(tmp_path / "live.csv", reader, clip).close()
    assert not (tmp_path / "live.csv").exists()


def tables_are(kind: type[io.FileIO], monkeypatch) -> None:
    """Let tables be files of this kind."""
    real = Path.open

    def opened(path, mode="r", *others, **options):
        return kind(path, mode) if mode == "xb" else real(path, mode, *others, **options)

    monkeypatch.setattr(Path, "open", opened)


def spoiled(monkeypatch, fail: BaseException, call: int) -> None:
    """Files whose write number `call` writes half of what it should, and then fails."""

    class Spoiled(io.FileIO):
        calls = 0

        def write(self, data):
            self.calls += 1
            if self.calls != call:
                return super().write(data)
            super().write(data[: len(data) // 2])
            raise fail

    tables_are(Spoiled, monkeypatch)


@pytest.mark.parametrize("call", [1, 2])
def test_an_interrupted_write_is_written_again(reader, clip, results, tmp_path, monkeypatch, clock, call):
    analyse_videos([clip], tmp_path / "study", reader)
    whole = as_read(tmp_path / "study", reader)
    spoiled(monkeypatch, KeyboardInterrupt(), call)
    table = opened(tmp_path / "live.csv", reader, clip)

    def watch():
        for result in results:
            clock[0] += 1
            table.add(result)

    with pytest.raises(KeyboardInterrupt):
        watch()
    table.close()
    written = (tmp_path / "live.csv").read_bytes()
    rows = whole.splitlines(keepends=True)
    assert written == b"".join(rows[: 3 if call == 1 else 4]), (
        "the first frame has two faces, the next has one"
    )


def test_a_full_disk_leaves_whole_lines(reader, clip, results, tmp_path, monkeypatch, clock):
    spoiled(monkeypatch, OSError(28, "No space left on device"), 2)
    table = opened(tmp_path / "live.csv", reader, clip)
    clock[0] = 1.0
    table.add(results[0])
    before = (tmp_path / "live.csv").read_bytes()
    clock[0] = 2.0
    with pytest.raises(BadOutput, match=r"live.csv cannot be written: No space left.*--out"):
        table.add(results[1])
    table.close()
    assert (tmp_path / "live.csv").read_bytes() == before
    assert before.count(b"\n") == 3


def test_a_short_write_is_a_full_disk(reader, clip, results, tmp_path, monkeypatch):
    class Short(io.FileIO):
        def write(self, data):
            return super().write(data[:10])

    tables_are(Short, monkeypatch)
    table = opened(tmp_path / "live.csv", reader, clip)
    table.add(results[0])
    with pytest.raises(BadOutput, match="No space left"):
        table.close()
    assert not (tmp_path / "live.csv").exists()
