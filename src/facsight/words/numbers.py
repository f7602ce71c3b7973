"""The numbers that sentences say, as rows: what a network of numbers sees of what a reader of texts is told.

Numbers are those of the sentences, rounded as there and left out as there, so that neither side knows more.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from facsight.data.recordings import Stream, StreamCard
from facsight.preparation.ledger import key_of
from facsight.words.cues import SCHEMA, Account, Cue, Stretch
from facsight.words.sentences import Language

#: Modality of numbers -> the kind of cue whose numbers it has; of expressions one column a class.
NUMBERS: Mapping[str, str] = {
    "cues:expression": "expression",
    "cues:pose": "pose",
    "cues:movement": "movement",
    "cues:voice": "own_voice",
}
#: Columns of the cues of one person whose numbers have names.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "pose": ("yaw", "pitch", "roll"),
    "movement": ("speed",),
    "own_voice": (
        "loudness",
        "pitch",
        "spoken",
        "usual_spoken",
        "voiced",
        "usual_voiced",
        "onsets",
        "usual_onsets",
        "pause",
        "usual_pause",
    ),
}


def classes_named(accounts: Sequence[Account]) -> tuple[str, ...]:
    """Every expression that any of the accounts names, in alphabetical order."""
    cues = (cue for one in accounts for stretch in one.stretches for cue in stretch.cues)
    return tuple(
        sorted({item["name"] for cue in cues if cue.kind == "expression" for item in cue.values["items"]})
    )


def streams_of(
    account: Account, words: Language, classes: Sequence[str], seconds: float
) -> dict[str, Stream]:
    """The numbers of each kind of cue, a row a stretch that has one, at the stretch's middle.

    A stretch without times lies in the first `seconds`. Expressions that a sentence leaves out are 0.
    """
    found: dict[str, list[tuple[float, list[float]]]] = {}
    for one in account.stretches:
        for cue in one.cues:
            for modality in (name for name, kind in NUMBERS.items() if kind == cue.kind):
                row = _row(words.rounded(cue), classes)
                found.setdefault(modality, []).append((middle(one, seconds), row))
    return {
        modality: Stream(np.array([time for time, _ in rows]), np.array([row for _, row in rows], np.float32))
        for modality, rows in found.items()
    }


def middle(one: Stretch, seconds: float) -> float:
    """The middle of a stretch on the clock; that of the first so many seconds where it has no times."""
    return seconds / 2 if one.start is None or one.end is None else (one.start + one.end) / 2


def number_cards(classes: Sequence[str], seconds: float) -> dict[str, StreamCard]:
    """What the modalities of numbers are."""
    columns = {name: COLUMNS.get(kind, tuple(classes)) for name, kind in NUMBERS.items()}
    return {
        name: StreamCard(
            name,
            "cues",
            key_of(SCHEMA, name, own, seconds),
            (len(own),),
            1 / seconds,
            f"{', '.join(own)}, as a sentence says them, a row in {seconds:g} s",
        )
        for name, own in columns.items()
        if own
    }


def _row(cue: Cue, classes: Sequence[str]) -> list[float]:
    if cue.kind == "expression":
        shares = {item["name"]: float(item["share"]) for item in cue.values["items"]}
        return [shares.get(name, 0.0) for name in classes]
    return [float(cue.values[name]) for name in COLUMNS[cue.kind]]
