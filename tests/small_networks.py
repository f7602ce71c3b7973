"""Small networks with random weights, of each kind that explainers have to read."""

from typing import Any

import torch
from torch import Tensor, nn

CLASSIFIERS = {
    "vit": "ViTForImageClassification",
    "deit": "DeiTForImageClassification",
    "dinov2": "Dinov2ForImageClassification",
    "dinov2_with_registers": "Dinov2WithRegistersForImageClassification",
    "swin": "SwinForImageClassification",
    "resnet": "ResNetForImageClassification",
    "convnext": "ConvNextForImageClassification",
}


class SmallCNN(nn.Module):
    """Two convolutions with ReLU, pooling over places, a linear head; `inplace` as in most real networks."""

    def __init__(self, *, channels: int = 5, classes: int = 4, inplace: bool = False, stride: int = 2):
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, stride=stride, padding=1)
        self.first_activation = nn.ReLU(inplace=inplace)
        self.second = nn.Conv2d(4, channels, 3, stride=stride, padding=1)
        self.activation = nn.ReLU(inplace=inplace)
        self.head = nn.Linear(channels, classes)

    def features(self, pixels: Tensor) -> Tensor:
        return self.activation(self.second(self.first_activation(self.first(pixels))))

    def forward(self, pixels: Tensor) -> Any:
        return self.head(self.features(pixels).mean(dim=(2, 3)))


class CurvedCNN(SmallCNN):
    """The scores are no linear function of the maps: what tells Grad-CAM, XGrad-CAM and LayerCAM apart."""

    def __init__(self, **options: Any):
        super().__init__(**options)
        self.last = nn.Conv2d(self.head.in_features, self.head.in_features, 3, padding=1)

    def forward(self, pixels: Tensor) -> Any:
        return self.head(torch.tanh(self.last(self.features(pixels))).square().mean(dim=(2, 3)))


def seeded(build: Any, seed: int = 0, **options: Any) -> Any:
    """A network in evaluation mode whose weights depend on the seed alone."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return build(**options).eval()


def faces(count: int = 2, height: int = 16, width: int = 16, *, channels: int = 3, seed: int = 1) -> Tensor:
    return torch.randn(count, channels, height, width, generator=torch.Generator().manual_seed(seed))


def transformer(kind: str, **changes: Any) -> nn.Module:
    """An image classifier of `transformers` with a tiny random configuration, for pictures of 32 pixels."""
    import transformers

    tiny = {
        "hidden_size": 16,
        "num_hidden_layers": 3,
        "num_attention_heads": 2,
        "intermediate_size": 24,
        "image_size": 32,
        "patch_size": 8,
    }
    options = {
        "vit": tiny,
        "deit": tiny,
        "dinov2": tiny,
        "dinov2_with_registers": tiny | {"num_register_tokens": 4},
        "swin": {"image_size": 32, "patch_size": 2, "window_size": 4, "embed_dim": 8}
        | {"depths": [2, 2], "num_heads": [2, 2]},
        "resnet": {"embedding_size": 6, "hidden_sizes": [6, 8], "depths": [1, 1], "layer_type": "basic"},
        "convnext": {"hidden_sizes": [6, 8], "depths": [1, 1], "num_stages": 2, "patch_size": 4},
    }[kind]
    config = transformers.AutoConfig.for_model(kind, num_labels=4, **options | changes)
    model = seeded(lambda: getattr(transformers, CLASSIFIERS[kind])(config))
    with (
        torch.random.fork_rng()
    ):  # the published initial weights are so small that scores hardly depend on places
        torch.manual_seed(1)
        for parameter in model.parameters():
            if parameter.ndim > 1:
                nn.init.normal_(parameter, std=0.3)
    return model
