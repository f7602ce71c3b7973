import pytest
import torch

from facsight.core.errors import BadLabels, BadTable, MissingData
from facsight.core.people import People
from facsight.data.people_file import load_people_file, write_people
from facsight.data.people_set import PeopleSet


def faces(labels=(0, 1, 1, 0)):
    """Four pictures of two people."""
    people = People(
        torch.rand(4, 1, 8, 8),
        torch.tensor(labels),
        torch.tensor([0, 0, 1, 1]),
        torch.tensor([0, 1, 2, 2]),
        ("anna", "ben"),
    )
    return PeopleSet("faces", ("neutral", "smile"), people, "neutral")


def test_what_was_written_is_read_again(tmp_path):
    written = faces()
    write_people(tmp_path / "faces.people", written)
    found = load_people_file(str(tmp_path / "faces.people"))
    assert (found.name, found.classes, found.neutral_class) == ("faces", ("neutral", "smile"), 0)
    assert found.people.names == ("anna", "ben")
    for name in ("inputs", "label", "person", "clip"):
        assert torch.equal(getattr(found.people, name), getattr(written.people, name))
    assert [path.name for path in tmp_path.iterdir()] == ["faces.people"]


def test_files_that_are_none(tmp_path):
    file = tmp_path / "faces.people"
    with pytest.raises(MissingData, match="there is no file of people"):
        load_people_file(str(file))
    write_people(file, faces())
    whole = file.read_bytes()
    for broken in (b"", b"person,clip", whole[: len(whole) // 2], whole.replace(b'"people"', b'"peeple"')):
        file.write_bytes(broken)
        with pytest.raises(BadTable, match="not a whole file of people"):
            load_people_file(str(file))


def test_labels_without_a_class_are_told(tmp_path):
    write_people(tmp_path / "faces.people", faces((0, 1, 2, 0)))
    with pytest.raises(BadLabels, match="from 0 to 1, one for each of its classes, found 0 to 2"):
        load_people_file(str(tmp_path / "faces.people"))
