"""Networks that read action units: put together by name, and kept on disk with what they are."""

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from facsight.core.errors import BadCheckpoint, did_you_mean
from facsight.nn.heads.relation_graph import RelationGraph
from facsight.nn.heads.unit_attention import UnitAttention
from facsight.nn.unit_network import UnitNetwork
from facsight.nn.weights import BACKBONES, load_state, load_tensors

#: What the weights file of a reader of action units says that it is.
KIND = "action_units"
UNIT_HEADS = {"unit_attention": UnitAttention, "relation_graph": RelationGraph}
DEFAULT_HEAD = "unit_attention"
_NEEDED = ("architecture", "action_units", "thresholds", "crop_size")


def build_unit_network(
    action_units: Sequence[int],
    *,
    name: str = "small_resnet",
    head: str = DEFAULT_HEAD,
    dropout: float = 0.2,
    **options: Any,
) -> UnitNetwork:
    """A reader of these units with random weights: the backbone called `name` under the head called `head`.

    `options` are those of both, which share no name.
    """
    for kind, asked, known in (("backbone", name, BACKBONES), ("head of units", head, UNIT_HEADS)):
        if asked not in known:
            raise BadCheckpoint(f"there is no {kind} {asked!r}: {did_you_mean(asked, known)}")
    of_head = inspect.signature(UNIT_HEADS[head]).parameters.keys() & options.keys()
    backbone = BACKBONES[name](**{key: value for key, value in options.items() if key not in of_head})
    chosen = {key: options[key] for key in of_head}
    return UnitNetwork(
        backbone, UNIT_HEADS[head](backbone, action_units=action_units, dropout=dropout, **chosen)
    )


def load_unit_network(path: Path) -> tuple[UnitNetwork, dict[str, Any]]:
    """The network in evaluation mode, and its card; `BadCheckpoint` for weights of another kind."""
    tensors, card = load_tensors(Path(path))
    if card.get("kind") != KIND:
        found = "expressions" if "classes" in card else card.get("kind", "something else")
        raise BadCheckpoint(
            f"{path} does not read action units but {found}: give the run folder or the weights of a recipe "
            "of action units"
        )
    missing = [name for name in _NEEDED if name not in card]
    if missing:
        raise BadCheckpoint(f"{path} is no whole reader of action units: its card lacks {', '.join(missing)}")
    network = build_unit_network(card["action_units"], **card["architecture"])
    load_state(network, tensors, Path(path))
    return network.eval().to(memory_format=torch.channels_last), card  # pyright: ignore
