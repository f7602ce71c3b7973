import pytest
import torch

from facsight.core.errors import BadFaces
from facsight.nn.classifier import Classifier, fold_normalisation, read_both_ways
from facsight.nn.heads.gap import AveragePooling
from facsight.nn.small_resnet import SmallResNet


@pytest.fixture
def network():
    torch.manual_seed(0)
    backbone = SmallResNet(widths=(8, 12, 16), blocks=(1, 1, 1), stem=4)
    return Classifier(backbone, AveragePooling(backbone, classes=5)).eval()


def test_logit_is_the_mean_of_its_class_map_plus_bias(network, generator):
    said = network(torch.randn(3, 1, 48, 48, generator=generator))
    torch.testing.assert_close(said.class_maps.mean(dim=(2, 3)) + network.head.bias, said.logits)


def test_attention_is_the_channel_mean_at_a_quarter_of_the_side(network, generator):
    pixels = torch.randn(2, 1, 48, 48, generator=generator)
    said = network(pixels)
    assert said.attention.shape == (2, 12, 12)
    torch.testing.assert_close(said.attention, network.features(pixels)[-1].mean(dim=1))


def test_no_face_depends_on_its_batch(network, generator):
    pixels = torch.randn(4, 1, 48, 48, generator=generator)
    torch.testing.assert_close(network(pixels).logits[2:3], network(pixels[2:3]).logits)


def test_logits_stay_in_full_precision_under_autocast(network, generator):
    with torch.autocast("cpu", torch.bfloat16):
        assert network(torch.randn(1, 1, 48, 48, generator=generator)).logits.dtype == torch.float32


@pytest.mark.parametrize("shape", [(1, 3, 48, 48), (48, 48)])
def test_wrong_shapes_are_told(network, shape):
    with pytest.raises((BadFaces, TypeError), match=r"standardised|pixels"):
        network(torch.zeros(shape))


def test_blocks_start_as_the_identity():
    # with the last scale of every block at 0, a block without shortcut returns relu(input)
    stage = SmallResNet(widths=(8, 8, 8), blocks=(2, 1, 1), stem=8).eval().stages[0][1]
    features = torch.randn(1, 8, 6, 6)
    torch.testing.assert_close(stage(features.clone()), features.relu())


def test_reading_both_ways_is_the_mean_over_the_mirror(network, generator):
    pixels = torch.randn(2, 1, 48, 48, generator=generator)
    straight, mirrored = network(pixels), network(pixels.flip(3))
    both = read_both_ways(network, pixels)
    torch.testing.assert_close(both.logits, (straight.logits + mirrored.logits) / 2)
    torch.testing.assert_close(both.attention, (straight.attention + mirrored.attention.flip(2)) / 2)
    torch.testing.assert_close(both.class_maps.mean(dim=(2, 3)) + network.head.bias, both.logits)


def test_a_mirrored_face_is_read_the_same_with_mirrored_maps(network, generator):
    pixels = torch.randn(2, 1, 48, 48, generator=generator)
    one, other = read_both_ways(network, pixels), read_both_ways(network, pixels.flip(3))
    torch.testing.assert_close(one.logits, other.logits)
    torch.testing.assert_close(one.attention, other.attention.flip(2))


def test_folded_normalisation_says_the_same(network, generator):
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):  # as after training: nothing at its start value
            for values in (module.weight, module.bias, module.running_mean, module.running_var):
                values.data.uniform_(0.5, 1.5, generator=generator)
    pixels = torch.randn(2, 1, 48, 48, generator=generator)
    with torch.inference_mode():
        before = network(pixels)
        after = fold_normalisation(network)(pixels)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in network.modules())
    torch.testing.assert_close(after.logits, before.logits, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(after.attention, before.attention, atol=1e-4, rtol=1e-4)
