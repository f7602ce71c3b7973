"""Are found pairs that a list of near copies lacks copies? Asked without anything that the search uses.

By pixels: the largest correlation of grey levels, less their local mean, over all shifts of up to 6 pixels,
seven sizes and the mirror image, beside what random pairs reach in the same way. By annotators: how often
they named the same expression in both. `copies_by_labels` is the share of copies that explains that
agreement, if copies agree as listed ones do and others as random pairs do.
"""

from itertools import product

import numpy as np
import polars as pl
import torch
import torch.nn.functional as F
from torch import Tensor


def detail(faces: Tensor) -> Tensor:
    """Grey levels less the mean of the 7 x 7 pixels around."""
    faces = faces.float().unsqueeze(1)
    return (faces - F.avg_pool2d(faces, 7, 1, 3, count_include_pad=False)).squeeze(1)


def unit(rows: Tensor) -> Tensor:
    return F.normalize(rows.flatten(1) - rows.flatten(1).mean(dim=1, keepdim=True), dim=1)


def best_correlation(one: Tensor, other: Tensor) -> Tensor:
    """Of the middle 32 x 32 pixels with any square near the middle of the other, resized and mirrored."""
    middle, best = unit(detail(one)[:, 8:-8, 8:-8]), torch.full((len(one),), -1.0)
    for seen, side in product((other, other.flip(2)), range(42, 56, 2)):
        resized = F.interpolate(seen.float().unsqueeze(1), size=(side, side), mode="bilinear", antialias=True)
        there, start = detail(resized.squeeze(1)), (side - 32) // 2
        places = range(max(0, start - 6), min(side - 32, start + 6) + 1)
        for top, left in product(places, places):
            square = unit(there[:, top : top + 32, left : left + 32])
            best = torch.maximum(best, (middle * square).sum(dim=1))
    return best


def unlisted_check(
    found: set[tuple[int, int]], listed: set[tuple[int, int]], faces: np.ndarray, labels: pl.DataFrame
) -> dict[str, object]:
    """Pairs that the list lacks beside those it has and beside random ones."""
    rng = np.random.default_rng(0)
    random_pairs = rng.integers(0, len(faces), (100_000, 2))
    kinds = {
        "listed": np.array(sorted(found & listed)),
        "unlisted": np.array(sorted(found - listed)),
        "random": random_pairs[random_pairs[:, 0] != random_pairs[:, 1]],
    }
    word, usable = (labels[name].to_numpy() for name in ("ferplus_label8", "ferplus_usable"))
    told: dict[str, object] = {}
    agree, correlation = {}, {}
    for kind, pairs in kinds.items():
        clear = pairs[(usable[pairs] == 1).all(axis=1)]
        agree[kind] = float((word[clear[:, 0]] == word[clear[:, 1]]).mean())
        some = rng.permutation(pairs)[:1000]
        correlation[kind] = best_correlation(*(torch.from_numpy(faces[some[:, end]]) for end in (0, 1)))
    chance = correlation["random"].max()
    for kind, pairs in kinds.items():
        told[kind] = {
            "pairs": len(pairs),
            "detail_median": round(float(correlation[kind].median()), 3),
            "above_every_random_pair": round(float((correlation[kind] > chance).float().mean()), 3),
            "same_label": round(agree[kind], 3),
        }
    share = (agree["unlisted"] - agree["random"]) / (agree["listed"] - agree["random"])
    return told | {"copies_by_labels": round(share, 3)}
