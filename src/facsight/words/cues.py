"""What can be said of a stretch of time: cues, each with its numbers, and how much detail they belong to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from facsight.core.errors import BadRecipe, did_you_mean

Detail = Literal["short", "normal", "full"]
DETAILS: tuple[Detail, ...] = ("short", "normal", "full")

#: Of the layout of cues and files, so that a text can be told from one of another version.
SCHEMA = "facsight-text/1"

#: Every kind of cue: the least detail that has it, and how early it is dropped when room is short (first: 0).
KINDS: Mapping[str, tuple[Detail, int]] = {
    "movement": ("full", 0),
    "side": ("full", 1),
    "caution": ("full", 2),
    "pose": ("normal", 3),
    "above": ("normal", 4),
    "units": ("normal", 5),
    "affect": ("normal", 5),
    "no_face": ("normal", 6),
    "silence": ("normal", 7),
    "voice": ("short", 8),
    "own_voice": ("short", 8),
    "expression": ("short", 9),
    "said_nothing": ("normal", 10),
    "said": ("short", 11),
}

#: Expressions that are named: the likeliest few, by detail.
NAMED: Mapping[Detail, int] = {"short": 1, "normal": 3, "full": 99}


@dataclass(frozen=True)
class Cue:
    """One thing that is shown: its kind, a key of `KINDS` or of a heading, and its values by name."""

    kind: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Stretch:
    """What is shown from `start` to `end`, in seconds; both None for a photo."""

    start: float | None
    end: float | None
    cues: Sequence[Cue]


@dataclass(frozen=True)
class Account:
    """All that is to be said of a file: what is known of it as a whole, then stretch by stretch."""

    heading: Sequence[Cue]
    stretches: Sequence[Stretch]


def check_detail(detail: str) -> Detail:
    """The detail as asked for; `BadRecipe` names the nearest where there is none."""
    if detail not in DETAILS:
        raise BadRecipe(f"there is no detail {detail!r}: {did_you_mean(detail, DETAILS)}")
    return detail


def at_detail(account: Account, detail: Detail) -> Account:
    """Only what belongs to this detail, and so many of the likeliest expressions."""
    stretches = [
        Stretch(one.start, one.end, [_shortened(cue, detail) for cue in one.cues if _wanted(cue, detail)])
        for one in account.stretches
    ]
    return Account(account.heading, [one for one in stretches if one.cues])


def _wanted(cue: Cue, detail: Detail) -> bool:
    return DETAILS.index(KINDS[cue.kind][0]) <= DETAILS.index(detail)


def _shortened(cue: Cue, detail: Detail) -> Cue:
    if cue.kind != "expression":
        return cue
    return Cue(cue.kind, {**cue.values, "items": cue.values["items"][: NAMED[detail]]})
