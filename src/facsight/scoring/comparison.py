"""Two systems on the same rows: how much better one is, and how sure that is."""

from typing import Any

import torch

from facsight.core.errors import BadTable
from facsight.metrics.clusters import ASSUMES, ClusterTally, compare
from facsight.scoring.score import Scored


def compare_scored(one: Scored, other: Scored) -> dict[str, Any]:
    """The official number of both, and of every score that is a function of sums, the paired difference.

    Intervals draw the same videos (or persons) for both; p is that of a test that exchanges the two systems
    within videos. `BadTable` where there is only one video to draw from.
    """
    if one.clusters < 2:
        raise BadTable(
            f"all rows are of one {one.truth.over}: a difference needs at least two, better twenty; give a "
            "column `video` or `subject` with the labels"
        )
    pairs: dict[str, tuple[ClusterTally, ClusterTally]] = {"official": (one.official, other.official)}
    for name, tally in one.spaces.items():
        for score in tally.scores:
            prefix = f"{name}: " if len(one.spaces) > 1 else ""
            pairs[f"{prefix}{score}"] = (tally.tally(score), other.spaces[name].tally(score))
    found = {name: _difference(*pair) for name, pair in pairs.items()}
    return {
        "protocol": one.protocol.name,
        "split": one.truth.split,
        "files": [str(scored.predictions.path) for scored in (one, other)],
        "over": f"{one.clusters} {one.truth.over}s",
        "rows": one.matched.rows["that count"],
        "scores": found,
        "assumes": ASSUMES,
    }


def _difference(one: ClusterTally, other: ClusterTally) -> dict[str, Any]:
    """Of the second less the first."""
    found = compare(other, one, generator=torch.Generator().manual_seed(0))
    return {
        "values": [one.estimate, other.estimate],
        "difference": found.difference.estimate,
        "interval": [found.difference.low, found.difference.high],
        "p": found.p_value,
    }
