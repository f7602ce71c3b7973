"""Network weights on disk: one safetensors file that also says how to rebuild the network. Never a pickle."""

import inspect
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from facsight.core.errors import BadCheckpoint, MissingData
from facsight.nn.auto_backbone import TransformersBackbone
from facsight.nn.classifier import Classifier
from facsight.nn.heads.gap import AveragePooling
from facsight.nn.heads.peak_response import PeakStimulation
from facsight.nn.heads.per_unit import UnitMaps
from facsight.nn.heads.ts_cam import TokenSemantics
from facsight.nn.heads.two_branches import TwoBranches
from facsight.nn.heads.wildcat import Wildcat
from facsight.nn.plain_vit import PlainViT
from facsight.nn.published import Started, refuse_pickle, start_from_published
from facsight.nn.small_deit import SmallDeiT
from facsight.nn.small_resnet import SmallResNet
from facsight.nn.unit_network import UnitNetwork

BACKBONES = {
    "small_resnet": SmallResNet,
    "small_deit": SmallDeiT,
    "plain_vit": PlainViT,
    "transformers": TransformersBackbone,
}
HEADS = {
    "gap": AveragePooling,
    "wildcat": Wildcat,
    "peak_response": PeakStimulation,
    "ts_cam": TokenSemantics,
    "two_branches": TwoBranches,
    "per_unit": UnitMaps,
}


def build_network(
    classes: int, *, name: str = "small_resnet", head: str = "gap", dropout: float = 0.2, **options: Any
) -> Classifier:
    """A classifier with random weights: the backbone called `name` under the head called `head`.

    `options` are those of both, which share no name.
    """
    for kind, asked, known in (("backbone", name, BACKBONES), ("head", head, HEADS)):
        if asked not in known:
            raise BadCheckpoint(f"unknown {kind} {asked!r}; known: {', '.join(sorted(known))}")
    of_head = inspect.signature(HEADS[head]).parameters.keys() & options.keys()
    backbone = BACKBONES[name](**{key: value for key, value in options.items() if key not in of_head})
    chosen = {key: options[key] for key in of_head}
    return Classifier(backbone, HEADS[head](backbone, classes=classes, dropout=dropout, **chosen))


def save_tensors(
    tensors: Mapping[str, Tensor], path: Path, metadata: Mapping[str, Any] | None = None
) -> None:
    """Write tensors and JSON metadata; the file appears whole or not at all."""
    partial = path.with_name(path.name + ".part")
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    save_file(plain, partial, metadata={"facsight": json.dumps(metadata or {})})
    partial.replace(path)


def load_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors and the metadata that `save_tensors` wrote."""
    if not Path(path).is_file():
        raise MissingData(f"no weights file at {path}")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = json.loads((file.metadata() or {}).get("facsight", "null"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except (SafetensorError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise BadCheckpoint(
            f"{path} is not a whole safetensors file ({error}); copy or train it again"
        ) from error
    if not isinstance(metadata, dict):
        raise BadCheckpoint(
            f"{path} was not written by facsight: it does not say which network it belongs to"
        )
    return tensors, metadata


def save_network(network: nn.Module, path: Path, card: Mapping[str, Any]) -> None:
    """Weights with their card: `architecture` (of the network), `classes`, `crop_size`, `temperature`."""
    save_tensors(network.state_dict(), path, card)


def load_network(path: Path) -> tuple[Classifier, dict[str, Any]]:
    """The network in evaluation mode, and its card."""
    tensors, card = load_tensors(Path(path))
    if card.get("kind") == "action_units":
        raise BadCheckpoint(
            f"{path} reads action units and no expressions: ask it beside a reader, with --model"
        )
    missing = {"architecture", "classes", "crop_size", "temperature"} - card.keys()
    if missing:
        raise BadCheckpoint(f"{path} is not a facsight reader: its card lacks {', '.join(sorted(missing))}")
    network = build_network(len(card["classes"]), **card["architecture"])
    load_state(network, tensors, path)
    return network.eval().to(memory_format=torch.channels_last), card  # pyright: ignore


def start_from(network: Classifier | UnitNetwork, path: Path) -> Started | None:
    """Give a network the backbone of a reader's weights file; its head keeps its own weights.

    A plain vision transformer also starts from one that others published: what became of that is returned.
    """
    refuse_pickle(path)
    if isinstance(network.backbone, PlainViT) and path.is_file() and not _is_own(path):
        return start_from_published(network.backbone, path)
    tensors, _ = load_tensors(path)
    mark = "backbone."
    own = {name.removeprefix(mark): tensor for name, tensor in tensors.items() if name.startswith(mark)}
    if not own:
        raise BadCheckpoint(f"{path} holds no backbone: give the weights or the run folder of a reader")
    load_state(network.backbone, own, path)
    return None


def _is_own(path: Path) -> bool:
    """Whether a weights file is one of facsight's."""
    try:
        with safe_open(path, framework="pt") as file:
            return "facsight" in (file.metadata() or {})
    except SafetensorError:
        return False


def load_state(network: nn.Module, tensors: Mapping[str, Tensor], source: Path) -> None:
    """Copy tensors into a network; `BadCheckpoint` names the first tensor that does not fit."""
    expected = network.state_dict()
    for name in sorted(expected.keys() | tensors.keys()):
        found = tuple(tensors[name].shape) if name in tensors else "nothing"
        wanted = tuple(expected[name].shape) if name in expected else "nothing"
        if found != wanted:
            raise BadCheckpoint(
                f"{source} belongs to another architecture: at {name!r} the network has {wanted}, "
                f"the file {found}. Use the recipe that the weights were trained with."
            )
    network.load_state_dict(dict(tensors))
