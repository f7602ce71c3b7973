import torch
from torch import nn

from facsight.explain.attention import layer_attention
from facsight.functional.maps import fuse
from facsight.nn.classifier import Classifier
from facsight.nn.heads.gap import AveragePooling
from facsight.nn.small_resnet import SmallResNet
from facsight.probe.probe import Probe
from small_networks import CurvedCNN, faces, seeded

ABOUT = torch.tensor([0, 3])


def test_by_hand():
    network = nn.Sequential(nn.Identity(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    pixels = torch.tensor([[[[1.0, -2.0], [0.0, 4.0]], [[3.0, 0.0], [-1.0, 4.0]]]])
    found = layer_attention(Probe(network, ["0"]), pixels, torch.tensor([1]))
    assert found.tolist() == [[[2.0, -1.0], [-0.5, 4.0]]]


def test_is_the_attention_that_our_own_classifier_reports():
    def build() -> Classifier:
        backbone = SmallResNet(widths=(4, 5, 6), blocks=(1, 1, 1), stem=4)
        return Classifier(backbone, AveragePooling(backbone, classes=4))

    network, pixels = seeded(build), faces(2, 24, 24, channels=1)
    torch.testing.assert_close(
        layer_attention(Probe(network), pixels, ABOUT), network(pixels).attention.detach()
    )


def test_the_class_changes_nothing_and_layers_are_fused():
    network, pixels = seeded(CurvedCNN), faces()
    layers = ["first", "activation"]
    both = layer_attention(Probe(network, layers), pixels, ABOUT)
    assert torch.equal(both, layer_attention(Probe(network, layers), pixels, ABOUT.flip(0)))
    alone = [layer_attention(Probe(network, [layer]), pixels, ABOUT) for layer in layers]
    torch.testing.assert_close(both, fuse(alone))
