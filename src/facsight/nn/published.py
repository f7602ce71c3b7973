"""Weights of vision transformers that others published, for a plain one here: names, positions, leftovers.

Two ways of naming are read: that of timm and of the masked autoencoder's release
(`blocks.0.attn.qkv.weight`), and that of transformers
(`vit.encoder.layer.0.attention.attention.query.weight`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from facsight.core.errors import BadCheckpoint, MissingData
from facsight.nn.plain_vit import PlainViT

#: Endings of files that are read by unpickling, which can run anything.
PICKLES = (".pth", ".pt", ".bin", ".ckpt", ".tar", ".pkl")
#: What is put before the names of an encoder when a whole model is saved.
MARKS = ("module.", "model.", "encoder_model.", "vit.", "backbone.")
#: Names of transformers, and what they are called here.
_RENAMED = (
    (r"^embeddings\.cls_token$", "cls_token"),
    (r"^embeddings\.position_embeddings$", "pos_embed"),
    (r"^embeddings\.patch_embeddings\.projection\.", "patch_embed.proj."),
    (r"^encoder\.layer\.(\d+)\.", r"blocks.\1."),
    (r"\.attention\.output\.dense\.", ".attn.proj."),
    (r"\.attention\.attention\.(query|key|value)\.", r".attn.\1."),
    (r"\.intermediate\.dense\.", ".mlp.fc1."),
    (r"\.output\.dense\.", ".mlp.fc2."),
    (r"\.layernorm_before\.", ".norm1."),
    (r"\.layernorm_after\.", ".norm2."),
    (r"^layernorm\.", "norm."),
)


@dataclass(frozen=True)
class Started:
    """What became of the tensors of a file: those that were copied, and those that nothing here is for.

    `positions` says how the grid of positions was changed, empty where it was not; `kept` are tensors that
    the file does not have, which keep their random weights.
    """

    loaded: tuple[str, ...]
    left_out: tuple[str, ...]
    kept: tuple[str, ...]
    positions: str = ""


def refuse_pickle(path: Path) -> None:
    """`BadCheckpoint` for a file that can only be unpickled, with the way to make safetensors of it."""
    if path.suffix in PICKLES:
        raise BadCheckpoint(
            f"{path} is a pickle, which can run anything when it is opened. Where you trust its source, make "
            'safetensors of it once: python -c "import torch, safetensors.torch as s; '
            f"d = torch.load('{path.name}', weights_only=True); d = d.get('model', d); "
            f"s.save_file({{k: v.contiguous() for k, v in d.items()}}, '{path.stem}.safetensors')\""
        )


def start_from_published(network: PlainViT, path: Path) -> Started:
    """Give a plain vision transformer published weights.

    Positions of another number of patches are interpolated. `BadCheckpoint` for a file that is no such
    transformer, or one of another width or depth.
    """
    refuse_pickle(path)
    if not path.is_file():
        raise MissingData(f"no weights file at {path}")
    try:
        tensors = renamed(load_file(path))
    except SafetensorError as error:
        raise BadCheckpoint(f"{path} is not a whole safetensors file ({error}); copy it again") from error
    wanted = network.state_dict()
    told = ""
    if "pos_embed" in tensors and tensors["pos_embed"].shape[1] != wanted["pos_embed"].shape[1]:
        before = tensors["pos_embed"].shape[1] - 1
        tensors["pos_embed"] = resized_positions(tensors["pos_embed"], network.cells)
        told = f"{before} places interpolated to {network.cells**2}"
    own = {name: tensor for name, tensor in tensors.items() if name in wanted}
    _check(own, tensors, wanted, path)
    network.load_state_dict(own, strict=False)
    left, kept = sorted(tensors.keys() - own.keys()), sorted(wanted.keys() - own.keys())
    return Started(tuple(sorted(own)), tuple(left), tuple(kept), told)


def _check(
    own: Mapping[str, Tensor], tensors: Mapping[str, Tensor], wanted: Mapping[str, Tensor], path: Path
) -> None:
    """Every block is to be whole: what may be missing is the last normalisation only."""
    for name, tensor in own.items():
        if tensor.shape != wanted[name].shape:
            raise BadCheckpoint(
                f"{path}: {name!r} is {tuple(tensor.shape)}, the network has {tuple(wanted[name].shape)}: "
                "set network.width, network.patch and network.heads to those of the published model"
            )
    missing = [name for name in wanted if name not in own and not name.startswith("norm.")]
    if missing:
        raise BadCheckpoint(
            f"{path} lacks {missing[0]!r} and {len(missing) - 1} more tensors of a plain vision transformer: "
            "give the weights of one as timm, transformers or the masked autoencoder's release name them"
        )
    more = [name for name in tensors if name.startswith("blocks.") and name not in wanted]
    if more:
        raise BadCheckpoint(f"{path} is deeper than the network, it has {more[0]!r}: raise network.depth")


def renamed(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors by the names of `PlainViT`; those that are of no such part keep theirs."""
    found = {}
    for published, tensor in tensors.items():
        name = published
        for mark in MARKS:
            name = name.removeprefix(mark)
        for pattern, other in _RENAMED:
            name = re.sub(pattern, other, name)
        found[name] = tensor
    asks = [name for name in found if ".attn.query." in name]
    for ask in asks:
        parts = [found.pop(ask.replace(".query.", f".{one}.")) for one in ("query", "key", "value")]
        found[ask.replace(".query.", ".qkv.")] = torch.cat(parts)
    return found


def resized_positions(
    positions: Float[Tensor, "1 token width"], cells: int
) -> Float[Tensor, "1 other width"]:
    """Positions of another square grid, bicubic; that of the class token, the first, stays as it is."""
    first, places = positions[:, :1], positions[:, 1:]
    side = round(places.shape[1] ** 0.5)
    if side**2 != places.shape[1]:
        raise BadCheckpoint(
            f"expected positions of a class token and a square grid, found {positions.shape[1]}"
        )
    grid = places.transpose(1, 2).unflatten(2, (side, side)).float()
    grid = F.interpolate(grid, size=(cells, cells), mode="bicubic", align_corners=False)
    return torch.cat([first, grid.flatten(2).transpose(1, 2).to(first)], dim=1)
