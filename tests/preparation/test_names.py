import os
from itertools import product

import pytest

from facsight.preparation.names import distinct, safe_path

NASTY = [
    "..",
    "../../etc/passwd",
    "a/../../b",
    "/etc/passwd",
    "C:/Windows/x",
    "C:\\Windows\\x",
    "..\\..\\x",
    "a\nb",
    "a\0b",
    ".hidden",
    "a/.git/config",
    "con.jpg",
    "aux",
    "name.",
    "name ",
    "...",
    "/",
    "",
    "ü" * 200,
    "x" * 400,
    os.fsdecode(b"caf\xe9"),
    "<b>|?*\"'",
]


@pytest.mark.parametrize("name", NASTY)
def test_a_name_stays_below_its_folder_and_is_a_file_anywhere(name, tmp_path):
    path = tmp_path / "out" / f"{safe_path(name)}.png"
    assert path.resolve().is_relative_to((tmp_path / "out").resolve())
    path.parent.mkdir(parents=True)
    path.touch()
    for part in safe_path(name).split("/"):
        assert part
        assert part.isascii()
        assert part.isprintable()
        assert not set(part) & set('\\:*?"<>|')
        assert part[0] != "."
        assert part[-1] not in ". "
        assert part.split(".")[0].lower() not in ("con", "aux", "nul")
        assert len(part) <= 150


def test_plain_names_stay_as_they_are():
    for name in ("train/happy/001.jpg", "P16 (copy).mp4", "071309_w_21-BL1-081.mp4"):
        assert safe_path(name) == name


def test_different_names_are_different_files_everywhere():
    names = [*NASTY, "A.jpg", "a.jpg", "dir/B", "Dir/b", "%2E%2E", "ü", "u\u0308"]
    safe = distinct(names)
    for one, other in product(safe, repeat=2):
        assert one == other or safe[one].casefold() != safe[other].casefold() or {one, other} <= {"/", ""}


def test_a_name_that_is_not_alone_does_not_depend_on_the_others():
    assert distinct(["a", "A"])["a"] == distinct(["b", "A", "a"])["a"] != "a"
