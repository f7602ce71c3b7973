import pytest
import torch

from facsight.core.errors import BadCheckpoint
from facsight.nn.channel_style import ChannelStyle
from facsight.nn.classifier import mean_of_both, read_both_ways, with_mirrored
from facsight.nn.personal import MapsHead, TranslatedStyle, personal, style_of
from facsight.nn.translator import Translator
from facsight.nn.weights import build_network


@pytest.fixture
def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build_network(3, widths=[4, 4, 6], blocks=[1, 1, 1], stem=4).eval()


@pytest.fixture
def pixels(generator):
    return torch.randn(5, 1, 32, 32, generator=generator)


def test_by_default_a_person_is_read_as_everybody(network, pixels):
    with torch.inference_mode():
        plain, theirs = network(pixels), personal(network, ChannelStyle(6))(pixels)
    assert torch.equal(plain.logits, theirs.logits)
    assert torch.equal(plain.class_maps, theirs.class_maps)


def test_under_average_pooling_an_offset_adds_its_weights_to_each_logit(network, pixels, generator):
    style, offset = ChannelStyle(6), torch.randn(6, generator=generator)
    style.set(torch.ones(6), offset)
    with torch.inference_mode():
        plain, theirs = network(pixels), personal(network, style)(pixels)
        torch.testing.assert_close(theirs.logits, plain.logits + network.head.weight @ offset)


def test_the_logit_stays_the_mean_of_its_class_map_plus_the_bias(network, pixels, generator):
    style = ChannelStyle(6)
    style.set(torch.rand(6, generator=generator) + 0.5, torch.randn(6, generator=generator))
    with torch.inference_mode():
        told = read_both_ways(personal(network, style), pixels)
    expected = told.class_maps.mean(dim=(2, 3)) + network.head.bias
    torch.testing.assert_close(told.logits, expected)


def test_backbone_and_head_are_shared_and_not_copied(network):
    theirs = personal(network, ChannelStyle(6))
    assert theirs.backbone is network.backbone
    assert theirs.head.head is network.head


def test_both_ways_is_the_mean_of_a_face_and_its_mirror_image(network, pixels):
    with torch.inference_mode():
        told, one, other = read_both_ways(network, pixels), network(pixels), network(pixels.flip(3))
        again = mean_of_both(network(with_mirrored(pixels)))
    torch.testing.assert_close(told.logits, (one.logits + other.logits) / 2)
    torch.testing.assert_close(told.attention, (one.attention + other.attention.flip(2)) / 2)
    assert torch.equal(told.logits, again.logits)


def test_a_head_takes_rows_as_maps_of_one_place(network, generator):
    maps = torch.randn(2, 6, 3, 3, generator=generator)
    head = MapsHead(network.head)
    with torch.inference_mode():
        torch.testing.assert_close(head(maps), head(maps.mean(dim=(2, 3))))


def test_a_style_of_another_number_of_channels_is_refused(network):
    with pytest.raises(BadCheckpoint, match="6 channels, found 7"):
        personal(network, ChannelStyle(7))


@pytest.mark.parametrize(
    "tensors",
    [
        {"gain": torch.ones(2)},
        {"gain": torch.ones(2), "offset": torch.ones(3)},
        {"gain": torch.ones(2, 2), "offset": torch.ones(2, 2)},
        {"gain": torch.ones(2), "offset": torch.tensor([0.0, float("nan")])},
        {"gain": torch.ones(2), "offset": torch.ones(2), "face": torch.ones(2)},
    ],
)
def test_what_is_no_style_is_refused(tensors):
    with pytest.raises(BadCheckpoint, match="gain"):
        style_of(tensors)


def test_a_style_comes_back_from_its_tensors():
    style = style_of({"gain": torch.tensor([2.0]), "offset": torch.tensor([1.0])})
    assert style(torch.tensor([[3.0]])).tolist() == [[7.0]]
    assert not any(one.requires_grad for one in style.parameters())


@pytest.fixture
def translated(generator):
    own, translator = ChannelStyle(6), Translator(6, hidden=4)
    own.set(torch.rand(6, generator=generator) + 0.5, torch.randn(6, generator=generator))
    torch.nn.init.normal_(translator.outer.weight, generator=generator)
    return TranslatedStyle(own, translator).requires_grad_(False)


def test_maps_and_their_means_are_translated_alike(translated, generator):
    maps = torch.randn(2, 6, 3, 3, generator=generator)
    torch.testing.assert_close(translated(maps).mean(dim=(2, 3)), translated(maps.mean(dim=(2, 3))))
    by_hand = translated.translator(translated.own(maps.mean(dim=(2, 3))))
    torch.testing.assert_close(translated(maps).mean(dim=(2, 3)), by_hand)


def test_a_translator_adds_the_same_at_all_places(translated, generator):
    maps = torch.randn(2, 6, 3, 3, generator=generator)
    added = translated(maps) - translated.own(maps)
    torch.testing.assert_close(added, added[:, :, :1, :1].expand_as(added))


def test_a_translated_style_comes_back_from_its_tensors(translated, network, pixels):
    again = style_of(translated.state_dict())
    with torch.inference_mode():
        one, other = personal(network, translated)(pixels), personal(network, again)(pixels)
    assert torch.equal(one.logits, other.logits)


@pytest.mark.parametrize("broken", ["translator.outer.weight", "own.offset", "translator.inner.bias"])
def test_a_translated_style_with_a_part_missing_is_refused(translated, broken):
    tensors = {name: tensor for name, tensor in translated.state_dict().items() if name != broken}
    with pytest.raises(BadCheckpoint, match="gain"):
        style_of(tensors)
