import pytest
import torch
from torch import nn

from facsight.core.errors import BadLabels, UnknownName
from facsight.core.prediction import Prediction
from facsight.explain.cam import class_activation, class_activation_map
from facsight.nn.classifier import Classifier
from facsight.nn.heads.gap import AveragePooling
from facsight.nn.small_resnet import SmallResNet
from facsight.probe.probe import Probe
from small_networks import CurvedCNN, SmallCNN, faces, seeded, transformer


def prediction(maps: torch.Tensor, bias: torch.Tensor | float = 0.0) -> Prediction:
    return Prediction(logits=maps.mean(dim=(2, 3)) + bias, attention=maps.mean(dim=1), class_maps=maps)


def test_by_hand():
    maps = torch.tensor([[[[1.0, -2.0], [3.0, 0.0]], [[-1.0, 5.0], [-4.0, 2.0]]]])
    # logits: (1-2+3+0)/4 = 0.5 and (-1+5-4+2)/4 = 0.5; with bias, class 1 wins
    told = prediction(maps, torch.tensor([0.0, 1.0]))
    assert class_activation(told).tolist() == [[[0.0, 5.0], [0.0, 2.0]]]
    assert class_activation(told, torch.tensor([0])).tolist() == [[[1.0, 0.0], [3.0, 0.0]]]


def test_each_face_is_asked_about_its_own_class():
    maps = torch.rand(4, 3, 2, 2, generator=torch.Generator().manual_seed(0))
    asked = torch.tensor([2, 0, 1, 1])
    told = class_activation(prediction(maps), asked)
    for face, label in enumerate(asked.tolist()):
        torch.testing.assert_close(told[face], maps[face, label])


def test_is_never_negative_and_keeps_what_spoke_for_the_class():
    maps = torch.randn(8, 5, 6, 6, generator=torch.Generator().manual_seed(1))
    told = class_activation(prediction(maps))
    assert (told >= 0).all()
    best = maps[torch.arange(8), prediction(maps).label]
    torch.testing.assert_close(told[best > 0], best[best > 0])


def test_no_face_gives_no_map():
    empty = Prediction(torch.zeros(0, 3), torch.zeros(0, 2, 2), torch.zeros(0, 3, 2, 2))
    assert class_activation(empty).shape == (0, 2, 2)


def test_a_class_that_does_not_exist_is_refused():
    with pytest.raises(BadLabels, match="from 0 to 2"):
        class_activation(prediction(torch.zeros(1, 3, 2, 2)), torch.tensor([3]))


ABOUT = torch.tensor([0, 3, 1])


def test_any_network_with_a_linear_head_by_hand():
    network = nn.Sequential(nn.Identity(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 2))
    with torch.no_grad():
        network[3].weight.copy_(torch.tensor([[1.0, -1.0], [2.0, 1.0]]))  # pyright: ignore
    pixels = torch.tensor([[[[1.0, 0.0], [3.0, 2.0]], [[2.0, 0.0], [1.0, 5.0]]]])
    found = class_activation_map(Probe(network, ["0"]), pixels, torch.tensor([0]))
    assert found.tolist() == [[[0.0, 0.0], [2.0, 0.0]]]  # 1 - 2, 0, 3 - 1, 2 - 5


def own_classifier() -> Classifier:
    backbone = SmallResNet(widths=(4, 5, 6), blocks=(1, 1, 1), stem=4)
    return Classifier(backbone, AveragePooling(backbone, classes=4))


def test_is_what_our_own_classifier_reports():
    network, pixels = seeded(own_classifier), faces(3, 24, 24, channels=1)
    expected = class_activation(network(pixels), ABOUT)
    torch.testing.assert_close(class_activation_map(Probe(network), pixels, ABOUT), expected.detach())


def test_is_grad_cam_times_the_number_of_places():
    network, pixels = transformer("resnet"), faces(3, 32, 32)
    slope = Probe(network).record(pixels).gradients(ABOUT)[0]
    maps = Probe(network).record(pixels).maps[0]
    expected = (slope * maps).sum(dim=1).relu() * maps[0, 0].numel()
    torch.testing.assert_close(class_activation_map(Probe(network), pixels, ABOUT), expected)


def test_the_mean_of_tokens_is_pooling_too():
    network, pixels = transformer("swin"), faces(3, 32, 32)
    found = class_activation_map(Probe(network), pixels, ABOUT)
    weight = network.classifier.weight[ABOUT]
    maps = Probe(network).record(pixels).maps[0]
    torch.testing.assert_close(found, torch.einsum("bd,bdhw->bhw", weight, maps).relu().detach())


class Spoilt(SmallCNN):
    """Scores that are not its linear layer's."""

    def forward(self, pixels):
        return super().forward(pixels).log_softmax(dim=1)


class MaxPooled(SmallCNN):
    def forward(self, pixels):
        return self.head(self.features(pixels).amax(dim=(2, 3)))


@pytest.mark.parametrize(
    ("build", "layers"),
    [
        (Spoilt, []),
        (MaxPooled, []),
        (CurvedCNN, ["activation"]),
        (SmallCNN, ["first"]),
        (SmallCNN, ["first", "activation"]),
        (lambda: transformer("vit"), []),
    ],
)
def test_other_networks_are_told_what_to_use(build, layers):
    with pytest.raises(
        UnknownName, match=r"one linear layer to the scores, .* is not: use layercam or gradcam"
    ):
        class_activation_map(Probe(seeded(build), layers), faces(3, 32, 32), ABOUT)


class TwoLinear(SmallCNN):
    """Another linear layer of the same shape, which is not the head, stands after it."""

    def __init__(self):
        super().__init__()
        self.spare = nn.Linear(5, 4)


def test_the_head_is_known_by_what_it_gives():
    network, pixels = seeded(TwoLinear), faces(3)
    expected = torch.einsum("bd,bdhw->bhw", network.head.weight[ABOUT], network.features(pixels)).relu()
    torch.testing.assert_close(class_activation_map(Probe(network), pixels, ABOUT), expected.detach())


def test_a_network_that_pools_in_half_precision_is_recognised():
    network, pixels = seeded(SmallCNN).bfloat16(), faces(3).bfloat16()
    assert class_activation_map(Probe(network), pixels, ABOUT).any()
