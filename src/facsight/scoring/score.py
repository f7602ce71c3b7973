"""The score of any tool's predictions under a protocol, as plain data, with everything that it rests on."""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import torch

from facsight.data.predictions import Predictions
from facsight.data.protocol import Protocol
from facsight.data.submission_formats import submission_format
from facsight.data.submissions import read_any
from facsight.metrics.clusters import ClusterTally, cluster_bootstrap
from facsight.metrics.order import column_likeness, suspected_exchange, unit_likeness
from facsight.scoring.claims import explain_claim
from facsight.scoring.label_order import suspected_order
from facsight.scoring.matching import Matched, match, of_space
from facsight.scoring.tallies import SHOWN, SpaceTally, official_tally, tally_space
from facsight.scoring.truth import Truth

RESAMPLES = 1000


@dataclass(frozen=True)
class Scored:
    """Predictions, matched with labels and added up."""

    protocol: Protocol
    truth: Truth
    predictions: Predictions
    matched: Matched
    spaces: Mapping[str, SpaceTally]

    @property
    def clusters(self) -> int:
        return self.matched.clusters

    @property
    def official(self) -> ClusterTally:
        return official_tally(self.protocol.official, self.spaces)


def score(protocol: Protocol, truth: Truth, path: str | Path, *, codes: str | None = None) -> Scored:
    """Match a file of predictions with the labels and add up what every score needs; see `scored`."""
    return scored(protocol, truth, predictions_of(protocol, truth, path, codes=codes))


def predictions_of(
    protocol: Protocol, truth: Truth, path: str | Path, *, codes: str | None = None
) -> Predictions:
    """A file of predictions, or a submission, of the samples that the labels are of.

    `codes` is the label space whose numbers predicted classes are, where they are numbers.
    """
    form = submission_format(protocol.submission) if protocol.submission else None
    return read_any(Path(path), truth.table["sample"], protocol.spaces, form, codes)


def scored(protocol: Protocol, truth: Truth, found: Predictions) -> Scored:
    """Predictions matched with the labels and added up.

    `BadTable` tells every row that cannot be used, is missing or is of something else.
    """
    matched = match(found, truth, protocol.spaces)
    spaces = {s.name: tally_space(of_space(matched, s), s, matched.clusters) for s in protocol.spaces}
    return Scored(protocol, truth, found, matched, spaces)


def as_data(scored: Scored, *, claimed: str | None = None) -> dict[str, Any]:
    """A score as it is kept: the official number first, then its parts and what they rest on."""
    protocol, truth = scored.protocol, scored.truth
    official = entry(scored.official)
    data = {
        "protocol": protocol.name,
        "title": protocol.title,
        "official": official | {"is": protocol.sum, "convention": protocol.convention},
        "split": truth.split,
        "official_split": protocol.score or "folds",
        "scores": {name: _scores(protocol, tally) for name, tally in scored.spaces.items()},
        "each": {name: _each(tally) for name, tally in scored.spaces.items()},
        "rows": scored.matched.rows | {name: tally.rows for name, tally in scored.spaces.items()},
        "intervals": f"95 %, bootstrap of {RESAMPLES} resamples over {scored.clusters} {truth.over}s",
        "label_spaces": list(protocol.labels),
        "labels": truth.origin,
        "predictions": {"file": str(scored.predictions.path), "sha256": _digest(scored.predictions.path)},
        "about": {key: str(value) for key, value in scored.predictions.about.items()},
        "crop": _crop(scored),
        "suspicions": suspicions(scored),
        "notes": [*truth.notes, *(note for tally in scored.spaces.values() for note in tally.notes)],
        "certainty": protocol.certainty,
    }
    if claimed is not None:
        right, words = explain_claim(claimed, official["value"], scored.spaces)
        data["claim"] = {"claimed": claimed, "official": right, "words": words}
    return plain(data)


def suspicions(scored: Scored) -> list[str]:
    """What looks like a mistake rather than like a bad reader."""
    told = []
    for tally in scored.spaces.values():
        if tally.space.kind == "classes":
            found = suspected_order(tally)
            told += [str(found)] if found else []
        else:
            told += _exchanged(of_space(scored.matched, tally.space), tally)
    return told


def _exchanged(rows: pl.DataFrame, tally: SpaceTally) -> list[str]:
    """Columns that fit far better when they change names, in both halves of the rows alike."""
    names = tally.space.columns
    if len(names) < 2 or len(rows) < 4:
        return []
    said = torch.from_numpy(rows.select(names).to_numpy().copy())
    true = torch.from_numpy(rows.select(f"true_{name}" for name in names).to_numpy().copy())
    halves = [slice(0, len(rows) // 2), slice(len(rows) // 2, None)]
    if tally.space.kind == "units":
        likeness = [unit_likeness(said[half].ge(SHOWN).long(), true[half].long()) for half in halves]
    else:
        likeness = [column_likeness(said[half], true[half].float()) for half in halves]
    found = [suspected_exchange(table, names) for table in likeness]
    moved = [text.partition("named ")[2] if text else None for text in found]
    return [found[0]] if found[0] and moved[0] == moved[1] else []


def _scores(protocol: Protocol, tally: SpaceTally) -> dict[str, Any]:
    """The official scores of a space, then those beside them that it has."""
    wanted = [part.score for part in protocol.official if part.space == tally.space.name] + list(
        protocol.also
    )
    known = {name: entry(tally.tally(name)) for name in wanted if name in tally.scores}
    alone = {name: {"value": tally.alone[name], "interval": None} for name in wanted if name in tally.alone}
    return known | alone


def _each(tally: SpaceTally) -> dict[str, dict[str, Any]]:
    """Named scores of every class, unit or value; of a unit the interval of its F1, too."""
    return {
        name: dict(scores)
        | ({"f1_interval": entry(tally.unit_tally(name))["interval"]} if name in tally.each_f1 else {})
        for name, scores in tally.each.items()
    }


def entry(tally: ClusterTally) -> dict[str, Any]:
    """A score and its interval, which needs two clusters."""
    if len(tally.sums) < 2:
        return {"value": tally.estimate, "interval": None}
    found = cluster_bootstrap(tally, generator=torch.Generator().manual_seed(0), resamples=RESAMPLES)
    return {"value": found.estimate, "interval": [found.low, found.high]}


def _crop(scored: Scored) -> str:
    told = scored.predictions.about.get("crop")
    return str(told) if told else f"not told; {scored.protocol.crop}"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def plain(value: Any) -> Any:
    """JSON has no NaN: what does not exist is None."""
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return None if isinstance(value, float) and math.isnan(value) else value
