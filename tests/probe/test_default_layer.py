from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from facsight.core.errors import UnknownName
from facsight.nn.auto_backbone import TransformersBackbone
from facsight.nn.classifier import Classifier
from facsight.nn.heads.gap import AveragePooling
from facsight.nn.small_resnet import SmallResNet
from facsight.probe.layers import spatial_tensor
from facsight.probe.probe import Probe
from small_networks import SmallCNN, faces, seeded, transformer

ABOUT = torch.tensor([0, 3])


def default_layer(network: nn.Module, pixels: torch.Tensor) -> str:
    probe = Probe(network)
    assert probe.record(pixels).gradients(ABOUT)[0].any()
    return probe.layers[0][0]


def layers_after(network: nn.Module, name: str, pixels: torch.Tensor) -> list[str]:
    """Names of the layers with maps that finish after one."""
    order: list[str] = []
    for other, module in network.named_modules():
        if other and not isinstance(module, nn.Linear):
            module.register_forward_hook(
                lambda _m, _i, output, other=other: (
                    order.append(other) if spatial_tensor(output, (32, 32)) is not None else None
                )
            )
    network(pixels)
    return order[order.index(name) + 1 :]


def test_a_cnn_is_seen_at_its_last_features():
    assert default_layer(seeded(SmallCNN), faces()) == "activation"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("resnet", "resnet.encoder"),
        ("convnext", "convnext.encoder"),
        ("swin", "swin.layernorm"),  # the mean of all last tokens is what is read
        ("dinov2", "dinov2"),  # so is that of the patches, beside the class token
        ("dinov2_with_registers", "dinov2_with_registers"),
    ],
)
def test_networks_read_from_all_places_are_seen_at_their_last_maps(kind, expected):
    network = transformer(kind)
    assert default_layer(network, faces(2, 32, 32)) == expected
    assert Probe(network).record(faces(2, 32, 32)).maps[0].shape[2:] == (4, 4) if kind != "swin" else (8, 8)


@pytest.mark.parametrize("kind", ["vit", "deit"])
def test_networks_read_from_the_class_token_are_seen_before_the_last_attention(kind):
    network, pixels = transformer(kind), faces(2, 32, 32)
    name = default_layer(network, pixels)
    last = f"{kind}.layers.2" if hasattr(getattr(network, kind), "layers") else f"{kind}.encoder.layer.2"
    assert name == f"{last}.layernorm_before"
    for later in layers_after(network, name, pixels):
        assert not Probe(network, [later]).record(pixels).gradients(ABOUT)[0].any(), later


def own_classifier(build: Callable[[], Any]) -> Classifier:
    backbone = build()
    return Classifier(backbone, AveragePooling(backbone, classes=4))


def grey(count: int = 2) -> torch.Tensor:
    return faces(count, 32, 32, channels=1)


@pytest.mark.parametrize(
    "build",
    [
        lambda: SmallResNet(widths=(4, 5, 6), blocks=(1, 1, 1), stem=4),
        lambda: TransformersBackbone(
            kind="resnet", config={"embedding_size": 4, "hidden_sizes": [5, 6], "depths": [1, 1]}
        ),
        lambda: TransformersBackbone(
            kind="dinov2",
            config={"hidden_size": 6, "num_hidden_layers": 1, "num_attention_heads": 2}
            | {"patch_size": 8, "image_size": 32},
        ),
    ],
)
def test_our_own_classifier_is_seen_at_the_maps_that_its_head_reads(build):
    network = seeded(lambda: own_classifier(build))
    probe = Probe(network)
    seen = probe.record(grey())
    torch.testing.assert_close(seen.maps[0], network.features(grey())[-1])
    assert probe.layers[0][0].startswith("backbone")


def test_an_even_or_unknown_first_face_does_not_change_the_choice():
    network = seeded(SmallCNN)
    with torch.no_grad():
        for convolution in (network.first, network.second):
            convolution.bias.zero_()  # an all-black face excites nothing: no slope behind a ReLU
    pixels = faces(3)
    pixels[0], pixels[1, 0, 0, 0] = 0.0, torch.nan
    probe = Probe(network)
    probe.record(pixels)
    assert probe.layers[0][0] == "activation"


class Flat(nn.Module):
    def __init__(self):
        super().__init__()
        self.flatten, self.head = nn.Flatten(), nn.Linear(3 * 16 * 16, 4)

    def forward(self, pixels):
        return self.head(self.flatten(pixels))


class Deaf(SmallCNN):
    """The scores do not depend on the picture at all."""

    def forward(self, pixels):
        return super().forward(pixels).detach() * 0 + self.head.bias


@pytest.mark.parametrize("build", [Flat, Deaf])
def test_a_network_without_maps_that_count_says_what_to_use(build):
    with pytest.raises(UnknownName, match=r"no layer with maps .*occlusion, rise"):
        Probe(seeded(build)).record(faces())


def test_maps_of_a_single_place_are_no_maps():
    with pytest.raises(UnknownName, match=r"more than one place .* pictures of \(2, 2\)"):
        Probe(seeded(SmallCNN)).record(faces(2, 2, 2))


def test_pictures_need_not_be_square():
    for kind, size in (("resnet", (32, 48)), ("convnext", (40, 24))):
        seen = Probe(transformer(kind)).record(faces(2, *size))
        assert seen.maps[0].shape[2:] == (size[0] // 8, size[1] // 8)


def test_a_transformer_for_pictures_that_are_not_square():
    network = transformer("vit", image_size=[24, 40])
    seen = Probe(network).record(faces(2, 24, 40))
    assert seen.maps[0].shape == (2, 16, 3, 5)
