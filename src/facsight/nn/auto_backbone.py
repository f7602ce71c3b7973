"""Any backbone that `transformers` knows, as feature maps."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from torch import Tensor, nn

from facsight.core.errors import BadRecipe, UnknownName


class TransformersBackbone(nn.Module):
    """A CNN or ViT from `transformers.AutoBackbone`; token models give their patch tokens as maps.

    `kind` is a transformers model type ("resnet", "convnext", "dinov2", "swin", ...), built with random
    weights from `config`; or `pretrained` names a local folder or hub repository whose weights are loaded.
    `stages` picks the feature maps, e.g. ("stage2", "stage4"); default: the last one. Grey faces are
    repeated over the backbone's input channels.
    """

    def __init__(
        self,
        *,
        kind: str | None = None,
        config: Mapping[str, Any] | None = None,
        pretrained: str | None = None,
        stages: Sequence[str] | None = None,
    ):
        super().__init__()
        if (kind is None) == (pretrained is None):
            raise BadRecipe("a transformers backbone needs either `kind` (random weights) or `pretrained`")
        options = {} if stages is None else {"out_features": list(stages)}
        self.network = _random(kind, config or {}, options) if kind else _pretrained(str(pretrained), options)
        self.channels = tuple(cast(Sequence[int], self.network.channels))
        self.input_channels = int(getattr(self.network.config, "num_channels", 3))

    def forward(self, pixels: Tensor) -> list[Tensor]:
        return list(self.network(pixels.expand(-1, self.input_channels, -1, -1)).feature_maps)


def _random(kind: str, config: Mapping[str, Any], options: Mapping[str, Any]) -> nn.Module:
    from transformers import AutoBackbone, AutoConfig

    try:
        settings = AutoConfig.for_model(kind, **config, **options)
        return AutoBackbone.from_config(settings)
    except (KeyError, ValueError) as error:
        raise UnknownName(f"transformers has no backbone {kind!r}: {error}") from error


def _pretrained(name: str, options: Mapping[str, Any]) -> nn.Module:
    from transformers import AutoBackbone

    try:
        return AutoBackbone.from_pretrained(name, use_safetensors=True, **options)
    except (OSError, ValueError) as error:
        raise UnknownName(f"no transformers backbone could be loaded from {name!r}: {error}") from error
