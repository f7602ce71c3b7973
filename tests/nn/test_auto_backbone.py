import pytest
import torch

from facsight.core.errors import BadRecipe, UnknownName
from facsight.nn.auto_backbone import TransformersBackbone
from facsight.nn.classifier import Classifier
from facsight.nn.heads.gap import AveragePooling

RESNET = {"embedding_size": 8, "hidden_sizes": [8, 12], "depths": [1, 1], "layer_type": "basic"}
VIT = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 48, "patch_size": 8}


@pytest.mark.parametrize(
    ("kind", "config", "width", "side"),
    [("resnet", RESNET, 12, 6), ("dinov2", VIT | {"intermediate_size": 32}, 16, 6)],
)
def test_cnn_and_vit_give_maps(kind, config, width, side, generator):
    backbone = TransformersBackbone(kind=kind, config=config)
    network = Classifier(backbone, AveragePooling(backbone, classes=3)).eval()
    said = network(torch.randn(2, 1, 48, 48, generator=generator))
    assert network.features(torch.zeros(1, 1, 48, 48))[-1].shape == (1, width, side, side)
    torch.testing.assert_close(said.class_maps.mean(dim=(2, 3)) + network.head.bias, said.logits)


def test_unknown_kind():
    with pytest.raises(UnknownName, match="resnot"):
        TransformersBackbone(kind="resnot")


def test_neither_kind_nor_weights():
    with pytest.raises(BadRecipe, match="either"):
        TransformersBackbone()
