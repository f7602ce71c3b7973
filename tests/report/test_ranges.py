import pytest

from facsight.report.ranges import Unsatisfiable, part_of


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=0-99", (0, 100)),
        ("bytes=0-1000", (0, 100)),
        ("bytes=99-", (99, 100)),
        ("bytes=10-19", (10, 20)),
        ("bytes=-1", (99, 100)),
        ("bytes=-1000", (0, 100)),
        (" bytes=5-6 ", (5, 7)),
    ],
)
def test_one_range_of_a_hundred_bytes(asked, part):
    assert part_of(asked, 100) == part


@pytest.mark.parametrize(
    "asked",
    [
        *(None, "", "bytes=", "bytes=-", "bytes=5-4", "bytes=a-b", "bytes=1-2,4-5", "lines=0-1", "bytes=٣-٤"),
        *("bytes=0--1", "bytes=+1-2", f"bytes=1-{'9' * 30}", "bytes 0-1"),
    ],
)
def test_what_is_no_single_range_means_the_whole_file(asked):
    assert part_of(asked, 100) is None


@pytest.mark.parametrize(
    ("asked", "size"),
    [("bytes=100-", 100), ("bytes=200-300", 100), ("bytes=-0", 100), ("bytes=0-", 0), ("bytes=-5", 0)],
)
def test_behind_the_end_there_is_nothing(asked, size):
    with pytest.raises(Unsatisfiable):
        part_of(asked, size)
