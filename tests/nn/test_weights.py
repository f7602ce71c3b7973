import json

import pytest
import torch
from safetensors.torch import save_file

from facsight.core.errors import BadCheckpoint, MissingData
from facsight.nn.weights import build_network, load_network, load_state, save_network

ARCHITECTURE = {"name": "small_resnet", "widths": [8, 12, 16], "blocks": [1, 1, 1], "stem": 4}
CARD = {"architecture": ARCHITECTURE, "classes": ["a", "b", "c"], "crop_size": 48, "temperature": 1.0}


@pytest.fixture
def saved(tmp_path):
    network = build_network(3, **ARCHITECTURE).eval()
    save_network(network, tmp_path / "reader.safetensors", CARD)
    return network, tmp_path / "reader.safetensors"


def test_a_saved_network_says_the_same(saved, generator):
    network, path = saved
    loaded, card = load_network(path)
    pixels = torch.randn(2, 1, 48, 48, generator=generator)
    torch.testing.assert_close(loaded(pixels).logits, network(pixels).logits)
    assert card == CARD
    assert not loaded.training


def test_no_partial_file_is_left(saved):
    assert [p.name for p in saved[1].parent.iterdir()] == ["reader.safetensors"]


def test_missing_file(tmp_path):
    with pytest.raises(MissingData, match="no weights file"):
        load_network(tmp_path / "none.safetensors")


def test_truncated_file(saved):
    saved[1].write_bytes(saved[1].read_bytes()[:-100])
    with pytest.raises(BadCheckpoint, match="not a whole safetensors file"):
        load_network(saved[1])


def test_a_file_of_another_kind(tmp_path):
    (tmp_path / "x.safetensors").write_text("hello, this is no weights file at all")
    with pytest.raises(BadCheckpoint):
        load_network(tmp_path / "x.safetensors")


def test_safetensors_of_another_tool(tmp_path):
    save_file({"w": torch.zeros(2)}, tmp_path / "x.safetensors")
    with pytest.raises(BadCheckpoint, match="not written by facsight"):
        load_network(tmp_path / "x.safetensors")


def test_card_that_lacks_a_key(tmp_path):
    save_file(
        {"w": torch.zeros(2)},
        tmp_path / "x.safetensors",
        metadata={"facsight": json.dumps({"classes": ["a"]})},
    )
    with pytest.raises(BadCheckpoint, match="architecture, crop_size, temperature"):
        load_network(tmp_path / "x.safetensors")


def test_another_architecture_is_named_by_its_first_difference(saved):
    other = build_network(3, **(ARCHITECTURE | {"widths": [8, 12, 20]}))
    with pytest.raises(BadCheckpoint, match="another architecture"):
        load_state(other, saved[0].state_dict(), saved[1])
