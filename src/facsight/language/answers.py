"""Replies beside labels: a table a text a row, and what the answers are worth."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
import torch

from facsight.core.labels import LabelSpace
from facsight.language.asking import Answered
from facsight.language.model import Reply
from facsight.metrics import classification
from facsight.metrics.clusters import cluster_bootstrap, confusion_tally


def answer_table(answered: Answered, space: LabelSpace) -> pl.DataFrame:
    """A row a text: the label, the reply in the model's words, and shares where it tells them.

    A reply outside the label space, and a text without words, have no label.
    """
    replies = list(answered.replies.values())
    columns: dict[str, Any] = {
        "sample": list(answered.replies),
        space.column: pl.Series([_label(one) for one in replies], dtype=pl.String),
        "reply": pl.Series([None if one is None else one.said for one in replies], dtype=pl.String),
    }
    if any(one is not None and one.shares for one in replies):
        for k, name in enumerate(space.shares):
            told = [None if one is None or one.shares is None else one.shares[k] for one in replies]
            columns[name] = pl.Series(told, dtype=pl.Float64)
    return pl.DataFrame(columns)


def answer_scores(
    answered: Answered, truth: Mapping[str, str], space: LabelSpace, people: Mapping[str, str | None]
) -> dict[str, Any]:
    """Accuracy, macro and weighted F1 over the labelled texts with intervals over people or texts.

    What has no label of the space is wrong: it counts as an answer of a class that nobody has.
    """
    samples = [sample for sample in truth if sample in answered.replies]
    said = [_label(answered.replies[sample]) for sample in samples]
    nothing = len(space)
    predicted = torch.tensor([nothing if one is None else space.classes.index(one) for one in said])
    true = torch.tensor([space.classes.index(truth[sample]) for sample in samples])
    who = [people.get(sample) or sample for sample in samples]
    scores = {
        "accuracy": classification.accuracy_of,
        "macro_f1": lambda confusion: classification.macro_f1(confusion) * (nothing + 1) / nothing,
        "weighted_f1": classification.weighted_f1,
    }
    draw = torch.Generator()
    told: dict[str, Any] = {"texts": len(samples), "most_frequent": _share_of_most_frequent(true)}
    for name, score in scores.items():
        tally = confusion_tally(score, predicted, true, who, classes=nothing + 1)
        found = cluster_bootstrap(tally, generator=draw.manual_seed(0)) if len(tally.sums) > 1 else None
        told[name] = {"value": tally.estimate, "interval": [found.low, found.high] if found else None}
    return told


def _label(reply: Reply | None) -> str | None:
    return None if reply is None else reply.label


def _share_of_most_frequent(true: torch.Tensor) -> float:
    return float(true.bincount().max() / len(true))


def labels_of(table: pl.DataFrame, space: LabelSpace) -> dict[str, str]:
    """The label of each sample that has one, where the table has labels of the space."""
    if space.column not in table.columns:
        return {}
    rows: Sequence[tuple[str, str]] = list(
        table.select("sample", pl.col(space.column).cast(pl.String)).drop_nulls().iter_rows()
    )
    return dict(rows)
