import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from facsight.analysis.person_file import LAYOUT, Person, check_name, load_person
from facsight.core.errors import BadCheckpoint, BadOutput, BadRecipe, MissingData
from facsight.hub import sha256
from facsight.nn.channel_style import ChannelStyle


@pytest.fixture
def anna(weights):
    style = ChannelStyle(16).requires_grad_(False)
    style.set(torch.full((16,), 2.0), torch.arange(16.0))
    card = {"person": "anna", "method": "neutral_shift", "options": {}, "made": "2026-01-02", "checked": {}}
    card |= {"base": {"name": "tiny", "sha256": sha256(weights)}, "warnings": {}, "moved": {}}
    return Person(style, card | {"data": {"file": "rest.mp4", "seconds": 9.0, "frames": 90, "faces": 80}})


def test_a_saved_person_comes_back(anna, tmp_path):
    saved = anna.save(tmp_path / "anna.facsight")
    found = load_person(tmp_path / "anna.facsight")
    assert torch.equal(found.style.gain, anna.style.gain)
    assert torch.equal(found.style.offset, anna.style.offset)
    assert dict(found.card) == dict(anna.card)
    assert (found.file, saved.file, found.name) == (saved.file, tmp_path / "anna.facsight", "anna")


def test_the_file_holds_two_numbers_a_channel_and_a_card_and_nothing_else(anna, tmp_path):
    path = tmp_path / "anna.facsight"
    anna.save(path)
    assert sorted(tmp_path.iterdir()) == [path]  # nor is anything beside it
    assert path.stat().st_size < 2_000_000
    with safe_open(path, framework="pt") as file:
        assert {name: file.get_tensor(name).shape for name in file.keys()} == {  # noqa: SIM118
            "gain": (16,),
            "offset": (16,),
        }
        card = json.loads(file.metadata()["facsight"])
    assert card["person_file"] == LAYOUT
    assert card["data"]["file"] == "rest.mp4"


def test_others_on_this_machine_cannot_read_it(anna, tmp_path):
    anna.save(tmp_path / "anna.facsight")
    assert (tmp_path / "anna.facsight").stat().st_mode & 0o077 == 0


def test_it_is_refused_for_another_reader(anna, weights, tmp_path):
    anna.check(weights)
    other = tmp_path / "other.safetensors"
    other.write_bytes(weights.read_bytes() + b" ")
    with pytest.raises(BadCheckpoint, match=r"anna was adapted to the reader tiny .* other\.safetensors"):
        anna.check(other)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(MissingData, match="nobody"):
        load_person(tmp_path / "nobody.facsight")


def test_a_file_that_was_cut_short_is_damaged(anna, tmp_path):
    path = tmp_path / "anna.facsight"
    anna.save(path)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(BadCheckpoint, match="not a whole safetensors file"):
        load_person(path)


def test_the_weights_of_a_reader_are_no_person(weights):
    with pytest.raises(BadCheckpoint, match="is no person file"):
        load_person(weights)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite_are_damage(anna, tmp_path, value):
    anna.style.offset.fill_(value)
    anna.save(tmp_path / "anna.facsight")
    with pytest.raises(BadCheckpoint, match="is damaged"):
        load_person(tmp_path / "anna.facsight")


def test_another_layout_is_refused(anna, tmp_path):
    card = json.dumps({**anna.card, "person_file": LAYOUT + 1})
    save_file(anna.style.state_dict(), tmp_path / "anna.facsight", metadata={"facsight": card})
    with pytest.raises(BadCheckpoint, match="another version"):
        load_person(tmp_path / "anna.facsight")


def test_a_folder_that_is_not_there_is_told(anna, tmp_path):
    with pytest.raises(BadOutput, match="could not be written"):
        anna.save(tmp_path / "nowhere" / "anna.facsight")


def test_a_name_can_be_shown_on_a_page():
    assert check_name(" P 07 ") == "P 07"
    for bad in ("", "  ", "a\nb", "x" * 101):
        with pytest.raises(BadRecipe, match="1 to 100 printable letters"):
            check_name(bad)
