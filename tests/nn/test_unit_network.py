import pytest
import torch

from facsight.core.errors import BadCheckpoint, BadFaces
from facsight.nn.heads.unit_attention import UnitAttention
from facsight.nn.unit_network import UnitHead, read_units_both_ways
from facsight.nn.unit_weights import UNIT_HEADS, build_unit_network, load_unit_network
from facsight.nn.weights import build_network, load_network, save_network

SMALL = {"widths": (8, 12, 16), "blocks": (1, 1, 1), "stem": 4, "dropout": 0.0}
UNITS = (1, 4, 12)
CARD = {"kind": "action_units", "architecture": {"name": "small_resnet", **SMALL, "head": "unit_attention"}}
CARD |= {"action_units": list(UNITS), "thresholds": [0.5, None, 0.3], "crop_size": 24}


class Maps(torch.nn.Module):
    channels = (2,)


def head(look, weight, bias):
    """A head of one unit with these numbers, on two channels."""
    made = UnitAttention(Maps(), action_units=[12], dropout=0.0)
    with torch.no_grad():
        made.look.weight.copy_(torch.tensor(look).view(1, 2, 1, 1))
        made.weight.copy_(torch.tensor([weight]))
        made.bias.fill_(bias)
    return made


def test_hand_value_of_two_places():
    # places say (0, 3) and (log 3, 1); looking at the first channel they weigh 1/4 and 3/4
    features = torch.tensor([[[[0.0, torch.log(torch.tensor(3.0))]], [[3.0, 1.0]]]])
    said = head([1.0, 0.0], [0.0, 2.0], 0.5).read([features])
    torch.testing.assert_close(said.maps, torch.tensor([[[[0.25, 0.75]]]]))
    torch.testing.assert_close(said.logits, torch.tensor([[2 * (0.25 * 3 + 0.75 * 1) + 0.5]]))


def test_without_a_look_of_its_own_it_is_the_mean(generator):
    features = torch.randn(2, 2, 3, 5, generator=generator)
    said = head([0.0, 0.0], [1.0, -1.0], 0.0).read([features])
    mean = features.mean(dim=(2, 3))
    torch.testing.assert_close(said.logits[:, 0], mean[:, 0] - mean[:, 1])
    torch.testing.assert_close(said.maps, torch.full((2, 1, 3, 5), 1 / 15))


@pytest.mark.parametrize("name", sorted(UNIT_HEADS))
def test_what_every_head_keeps(name, generator):
    torch.manual_seed(0)
    network = build_unit_network(UNITS, head=name, **SMALL).eval()
    assert isinstance(network.head, UnitHead)
    assert network.action_units == UNITS
    pixels = torch.randn(3, 1, 24, 24, generator=generator)
    said = network(pixels)
    assert said.logits.shape == (3, 3)
    assert said.maps.shape[:2] == (3, 3)
    assert (said.maps >= 0).all()
    torch.testing.assert_close(network(pixels[1:2]).logits, said.logits[1:2])
    assert said.logits.dtype == said.maps.dtype == torch.float32
    said.logits.square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())


def test_both_ways_is_the_same_for_a_face_and_its_mirror_image(generator):
    network = build_unit_network(UNITS, **SMALL).eval()
    pixels = torch.randn(2, 1, 24, 24, generator=generator)
    one, other = (read_units_both_ways(network, some) for some in (pixels, pixels.flip(3)))
    torch.testing.assert_close(one.logits, other.logits)
    torch.testing.assert_close(one.maps, other.maps.flip(3))
    torch.testing.assert_close(one.logits, (network(pixels).logits + network(pixels.flip(3)).logits) / 2)


def test_a_file_gives_the_network_back(tmp_path, generator):
    network = build_unit_network(UNITS, **SMALL).eval()
    save_network(network, tmp_path / "units.safetensors", CARD)
    loaded, card = load_unit_network(tmp_path / "units.safetensors")
    pixels = torch.randn(2, 1, 24, 24, generator=generator)
    torch.testing.assert_close(loaded(pixels).logits, network(pixels).logits)
    assert card["thresholds"] == [0.5, None, 0.3]
    assert loaded.action_units == UNITS


def test_weights_of_another_kind_are_refused(tmp_path):
    classes = tmp_path / "classes.safetensors"
    save_network(build_network(2, **SMALL), classes, {"classes": ["a", "b"], "architecture": SMALL})
    with pytest.raises(BadCheckpoint, match="does not read action units but expressions"):
        load_unit_network(classes)
    units = tmp_path / "units.safetensors"
    save_network(build_unit_network(UNITS, **SMALL), units, CARD)
    with pytest.raises(BadCheckpoint, match="reads action units and no expressions"):
        load_network(units)
    save_network(build_unit_network(UNITS, **SMALL), units, {"kind": "action_units"})
    with pytest.raises(BadCheckpoint, match="lacks architecture, action_units"):
        load_unit_network(units)
    with pytest.raises(BadCheckpoint, match="did you mean 'unit_attention'"):
        build_unit_network(UNITS, head="unit_atention")


@pytest.mark.usefixtures("unchecked")
def test_pixels_of_another_kind_are_refused():
    with pytest.raises(BadFaces, match="standardised grey faces"):
        build_unit_network(UNITS, **SMALL)(torch.zeros(1, 3, 24, 24))
