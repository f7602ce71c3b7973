import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest

from facsight.core.errors import BadOutput
from facsight.core.saving import whole_file


@contextmanager
def tiny_disk() -> Iterator[None]:
    """No file may grow over 4 kB: the system refuses the write as it does on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_file_has_its_name_only_when_it_is_whole(tmp_path):
    with whole_file(tmp_path / "a.txt") as partial:
        partial.write_text("half")
        assert not (tmp_path / "a.txt").exists()
    assert (tmp_path / "a.txt").read_text() == "half"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("interruption", [ValueError, KeyboardInterrupt])
def test_an_interrupted_write_keeps_the_old_file(tmp_path, interruption):
    (tmp_path / "a.txt").write_text("old")

    def write():
        with whole_file(tmp_path / "a.txt") as partial:
            partial.write_text("ne")
            raise interruption

    with pytest.raises(interruption):
        write()
    assert (tmp_path / "a.txt").read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("sink", ["sink_parquet", "sink_csv"])
def test_a_full_disk_is_told_and_leaves_nothing_half_written(tmp_path, sink):
    table = pl.LazyFrame({"text": [os.urandom(64).hex() for _ in range(2000)]})

    def write():
        with tiny_disk(), whole_file(tmp_path / "readings") as partial:
            getattr(table, sink)(partial)

    with pytest.raises(BadOutput, match=r"readings could not be written: .*File too large"):
        write()
    assert names(tmp_path) == []


def test_no_space_comes_with_advice(tmp_path):
    with pytest.raises(BadOutput, match="No space left on device; make room"), whole_file(tmp_path / "a"):
        raise OSError(28, "No space left on device")
