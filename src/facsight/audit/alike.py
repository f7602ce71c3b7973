"""Which maps look alike: those of one run, those of several, and the action units' own."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import torch
from jaxtyping import Float
from safetensors.torch import load_file, save_file
from torch import Tensor

from facsight.core.saving import whole_file
from facsight.functional.maps import finest, resize
from facsight.functional.similarity import centred_cosine
from facsight.metrics.dendrogram import Merge, average_linkage, leaf_order

#: Every judged map of every audited face about its true class, in the order of the table's rows.
MAPS = "audit-{split}.safetensors"

#: What the action units' map of the true class is called among the others.
UNITS = "action units"


@dataclass(frozen=True, eq=False)
class Alike:
    """Mean centred cosine of each two sources' maps over the `faces` on which all have one, and their tree.

    The tree joins by the distance 1 - likeness (`metrics.dendrogram`).
    """

    names: tuple[str, ...]
    likeness: Float[Tensor, "source source"]
    merges: tuple[Merge, ...]
    faces: int

    def plain(self) -> dict[str, object]:
        """As plain data; sources in the order of the tree's leaves."""
        order = leaf_order(list(self.merges))
        return {
            "sources": [self.names[leaf] for leaf in order],
            "likeness": [[round(float(self.likeness[i, j]), 4) for j in order] for i in order],
            "faces": self.faces,
        }


def alike(maps: Mapping[str, Float[Tensor, "n _ _"]]) -> Alike | None:
    """How alike the maps of several sources are, on the same faces in the same order.

    Maps of different sizes meet at the finest. A map that is constant or not finite is none; a source without
    any is left out. None where fewer than two sources are left, or no face has a map of each of them.
    """
    if not maps:
        return None
    size = finest(list(maps.values()))
    large = {name: resize(one.float(), size).double() for name, one in maps.items()}
    defined = {name: centred_cosine(one, one).isfinite() for name, one in large.items()}
    names = tuple(name for name in maps if defined[name].any())
    if len(names) < 2:
        return None
    rows = torch.stack([defined[name] for name in names]).all(dim=0)
    if not rows.any():
        return None
    kept = [large[name][rows] for name in names]
    likeness = torch.eye(len(names), dtype=torch.float64)
    for i, j in combinations(range(len(names)), 2):
        likeness[i, j] = likeness[j, i] = centred_cosine(kept[i], kept[j]).mean()
    return Alike(names, likeness, tuple(average_linkage(1 - likeness)), int(rows.sum()))


def save_maps(path: Path, maps: Mapping[str, Float[Tensor, "n _ _"]]) -> None:
    """Write maps in half precision, each with its largest size scaled to one: likeness knows no scale."""
    scaled = {}
    for name, one in maps.items():
        peak = one.abs().amax(dim=(1, 2), keepdim=True)
        scaled[name] = (one / torch.where(peak > 0, peak, 1.0)).half().contiguous()
    with whole_file(path) as partial:
        save_file(scaled, partial)


def read_maps(path: Path, rows: Tensor) -> dict[str, Float[Tensor, "m _ _"]]:
    """The saved maps of these rows of the table."""
    return {name: one[rows].float() for name, one in load_file(path).items()}
