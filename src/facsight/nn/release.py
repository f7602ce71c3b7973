"""Published networks of `transformers`, and how much of them is trained on."""

import hashlib
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal

import torch
from jaxtyping import Int
from torch import Tensor, nn

from facsight.core.errors import BadCheckpoint, BadRecipe, UnknownName
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


def open_model(pretrained: str | None, kind: str | None, config: Mapping[str, Any]) -> nn.Module:
    """A model of `transformers`, with published weights or with random ones.

    `pretrained` is a local folder, a name of a hub, or `@package/folder` (`core.installed`).
    """
    from transformers import AutoConfig, AutoModel

    if (kind is None) == (pretrained is None):
        raise BadRecipe("a transformers encoder needs either `pretrained` or `kind` (random weights)")
    try:
        if pretrained is not None:
            return AutoModel.from_pretrained(published_folder(pretrained), use_safetensors=True)
        return AutoModel.from_config(AutoConfig.for_model(str(kind), **config))
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
