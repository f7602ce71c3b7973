"""Published networks of `transformers`, and how much of them is trained on."""

import hashlib
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from importlib.util import find_spec
from typing import Any, Literal

import torch
from jaxtyping import Int
from torch import Tensor, nn

from facsight.core.errors import BadCheckpoint, BadRecipe, MissingData, UnknownName
from facsight.core.installed import published_folder

#: Nothing of it, its last layer, or all.
Trained = Literal["none", "last", "all"]


class Released(nn.Module):
    """A network of which nothing, the last layer or all is trained.

    What is not trained has no gradients and, if that is all, stays in evaluation mode: no dropout, no running
    averages. `layers` are those of the network's longest list of layers that are trained with "last".
    """

    def __init__(self, network: nn.Module, train: Trained, *, layers: int = 1):
        super().__init__()
        if train not in ("none", "last", "all"):
            raise BadRecipe(f'what is trained is "none", "last" or "all", found {train!r}')
        self.network, self._train = network, train
        network.requires_grad_(train == "all")
        if train == "last":
            for layer in last_layers(network, layers):
                layer.requires_grad_(True)

    def train(self, mode: bool = True) -> "Released":
        super().train(mode)
        if self._train == "none":
            self.network.eval()
        return self

    def forward(self, **inputs: Any) -> Any:
        with self._quiet():
            return self.network(**inputs)

    def _quiet(self) -> AbstractContextManager[Any]:
        return torch.no_grad() if self._train == "none" else nullcontext()


def last_layers(network: nn.Module, count: int) -> list[nn.Module]:
    """The last so many of the network's layers: those of the list with most parameters."""
    lists = [part for part in network.modules() if isinstance(part, nn.ModuleList) and len(part)]
    if not lists:
        raise BadCheckpoint(
            f'a {type(network).__name__} has no list of layers: choose train = "none" or "all"'
        )
    longest = max(lists, key=lambda part: sum(p.numel() for p in part.parameters()))
    return list(longest)[-count:]


def loading(precision: str) -> dict[str, Any]:
    """The options with which `transformers` loads published weights in a precision.

    "float32", "bfloat16", or "nf4": linear layers in four bits and a scale for each 64 weights (Dettmers,
    Pagnoni, Holtzman and Zettlemoyer, "QLoRA", 2023, https://arxiv.org/abs/2305.14314), which compute in
    bfloat16. `BadRecipe` for another, `MissingData` where bitsandbytes is not installed.
    """
    if precision == "nf4":
        return {"quantization_config": _four_bits()}
    if precision not in ("float32", "bfloat16"):
        raise BadRecipe(f'expected the precision "float32", "bfloat16" or "nf4", found {precision!r}')
    return {"dtype": getattr(torch, precision)}


def _four_bits() -> Any:
    from transformers import BitsAndBytesConfig

    if find_spec("bitsandbytes") is None:
        raise MissingData("four-bit weights need bitsandbytes: pip install 'facsight[nf4]'")
    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.bfloat16
    )


def open_model(
    pretrained: str | None, kind: str | None, config: Mapping[str, Any], precision: str = "float32"
) -> nn.Module:
    """A model of `transformers`, with published weights or with random ones, in a precision (`loading`).

    `pretrained` is a local folder, a name of a hub, or `@package/folder` (`core.installed`).
    """
    from transformers import AutoConfig, AutoModel

    if (kind is None) == (pretrained is None):
        raise BadRecipe("a transformers encoder needs either `pretrained` or `kind` (random weights)")
    if pretrained is None and precision == "nf4":
        raise BadRecipe(
            "four bits are for published weights, which are not trained: name them by `pretrained`"
        )
    options = loading(precision)
    try:
        if pretrained is not None:
            return AutoModel.from_pretrained(published_folder(pretrained), use_safetensors=True, **options)
        return AutoModel.from_config(AutoConfig.for_model(str(kind), **config), **options)
    except (KeyError, OSError, ValueError) as error:
        name = pretrained or kind
        raise UnknownName(f"no transformers encoder could be made of {name!r}: {error}") from error


def checksum(network: nn.Module) -> Int[Tensor, "4"]:
    """Four numbers that another network's weights do not have."""
    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return torch.frombuffer(bytearray(digest.digest()), dtype=torch.int64)
