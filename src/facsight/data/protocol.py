"""Protocols: on which rows of which dataset, by which number, under which convention a figure is comparable.

They are data: the files in `data/protocols`. A protocol names its dataset and label spaces, what each split
is for, which rows count, the official number and those beside it, what is resampled for an interval, what it
forbids, and how certain all this is.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cache
from importlib import resources
from typing import Any, Literal, TypeAlias

from facsight.core.errors import BadProtocol, UnknownName, did_you_mean
from facsight.core.labels import LabelSpace, label_space

Kind: TypeAlias = Literal["groups", "leave-one-out", "targets", "lists"]
Unit: TypeAlias = Literal["sample", "video", "subject"]

#: The scores that a protocol can name, and the kinds of label space that each is of.
SCORES: Mapping[str, tuple[str, ...]] = {
    "accuracy": ("classes",),
    "balanced_accuracy": ("classes",),
    "macro_f1": ("classes",),
    "weighted_f1": ("classes",),
    "positive_f1": ("classes",),
    "average_precision": ("classes",),
    "threshold_average_precision": ("classes",),
    "calibration_error": ("classes",),
    "unit_f1": ("units",),
    "unit_accuracy": ("units",),
    "ccc": ("values", "levels"),
    "pearson": ("values", "levels"),
    "icc": ("values", "levels"),
    "mae": ("values", "levels"),
    "rmse": ("values", "levels"),
}


@dataclass(frozen=True)
class Part:
    """One summand of the official number: `weight` times a score of the labels of a space."""

    space: str
    score: str
    weight: float = 1.0

    def __str__(self) -> str:
        factor = "" if self.weight == 1 else f"{self.weight:g} x "
        return f"{factor}{self.score} of {self.space}"


@dataclass(frozen=True)
class FoldScheme:
    """How the dataset is divided where it has no official split.

    `kind`: "groups" (`count` folds of whole groups), "leave-one-out" (a fold a group), "targets" (a fold for
    every person of the published list `targets`) or "lists" (`count` official folds, which the dataset's
    reader knows by number). `by` are columns of which no two folds share a value, "sample" where nothing is
    kept together. A scheme with a `warning` is never used unless it is named.
    """

    name: str
    kind: Kind
    by: tuple[str, ...]
    count: int = 0
    targets: str = ""
    warning: str = ""


@dataclass(frozen=True)
class Protocol:
    """One way of scoring that others use, too; `Protocol` holds words for people and names for the code.

    `train`, `select` and `score` say which official split each is for, empty where there is none; `withheld`:
    the labels of the scored split are with the organisers of a challenge. `drop` are classes of the dataset
    that do not count; any other loss is refused. `resample` is what intervals are drawn over. `folds` are
    ways to divide, the first one being the protocol's own.
    """

    name: str
    title: str
    dataset: str
    labels: tuple[str, ...]
    unit: str
    rows: str
    official: tuple[Part, ...]
    convention: str
    resample: Unit
    crop: str
    sources: tuple[str, ...]
    forbids: tuple[str, ...]
    certainty: str
    also: tuple[str, ...] = ()
    train: str = ""
    select: str = ""
    score: str = ""
    withheld: bool = False
    drop: tuple[str, ...] = ()
    task: str = ""
    edition: int = 0
    submission: str = ""
    folds: tuple[FoldScheme, ...] = ()

    @property
    def spaces(self) -> tuple[LabelSpace, ...]:
        return tuple(label_space(name) for name in self.labels)

    def scheme(self, name: str | None = None) -> FoldScheme:
        """A way to divide the dataset, by default the protocol's own; `UnknownName` where it has none."""
        if not self.folds:
            raise UnknownName(f"{self.name} has an official split and no folds: {self.uses}")
        known = {scheme.name: scheme for scheme in self.folds}
        if name is not None and name not in known:
            raise UnknownName(f"{self.name} has no folds {name!r}: {did_you_mean(name, known)}")
        return self.folds[0] if name is None else known[name]

    @property
    def sum(self) -> str:
        """The official number as a sum of scores, in words."""
        return " + ".join(str(part) for part in self.official)

    @property
    def uses(self) -> str:
        """What each split is for, in words."""
        parts = [
            f"{use} on {getattr(self, use)}" for use in ("train", "select", "score") if getattr(self, use)
        ]
        return ", ".join(parts) or "no official split"


def protocol_names() -> tuple[str, ...]:
    """The protocols that ship with facsight.

    >>> "abaw10-va" in protocol_names()
    True
    """
    return tuple(_shipped())


def load_protocol(name: str) -> Protocol:
    """A protocol by name; `UnknownName` tells the nearest where there is none.

    >>> load_protocol("abaw7-mtl").convention.split(",")[0]
    'sum of mean CCC (population variances'
    """
    if name not in _shipped():
        raise UnknownName(f"no protocol is called {name!r}: {did_you_mean(name, _shipped())}")
    return _shipped()[name]


@cache
def _shipped() -> dict[str, Protocol]:
    """All protocols, by file and in the order of the files."""
    folder = resources.files("facsight.data").joinpath("protocols")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda f: f.name)
    return parse_protocols({file.name: file.read_text(encoding="utf-8") for file in files})


def parse_protocols(texts: Mapping[str, str]) -> dict[str, Protocol]:
    """The protocols of files, by the files' names and texts; `BadProtocol` says what is wrong with one."""
    written: dict[str, tuple[str, dict[str, Any]]] = {}
    for origin, text in texts.items():
        try:
            entries = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise BadProtocol(f"{origin} is not valid TOML: {error}") from error
        for name, entry in entries.items():
            if name in written:
                raise BadProtocol(f"protocol {name!r} stands in {origin} and in {written[name][0]}")
            written[name] = origin, entry
    whole = {name: _inherited(name, written) for name in written}
    return {name: _protocol(name, entry, f"protocol {name!r}") for name, entry in whole.items()}


def _inherited(
    name: str, written: Mapping[str, tuple[str, dict[str, Any]]], seen: tuple[str, ...] = ()
) -> dict:
    """An entry with everything that it takes over from the protocol that it is `like`."""
    if name in seen:
        raise BadProtocol(f"protocols are like each other in a circle: {', '.join(seen)}")
    entry = dict(written[name][1])
    like = entry.pop("like", None)
    if like is None:
        return entry
    if like not in written:
        raise BadProtocol(f"protocol {name!r} is like {like!r}: {did_you_mean(like, written)}")
    return _inherited(like, written, (*seen, name)) | entry


def _protocol(name: str, entry: dict[str, Any], where: str) -> Protocol:
    known = {field.name: field for field in fields(Protocol) if field.name != "name"}
    for key in entry:
        if key not in known:
            raise BadProtocol(f"{where}: key {key!r}: {did_you_mean(key, known)}")
    missing = [key for key, field in known.items() if field.default is MISSING and key not in entry]
    if missing:
        raise BadProtocol(f"{where} lacks {', '.join(missing)}")
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()
    }
    values["official"] = tuple(_made(Part, part, where) for part in entry["official"])
    values["folds"] = tuple(
        _made(FoldScheme, {"name": label} | scheme, where) for label, scheme in entry.get("folds", {}).items()
    )
    made = Protocol(name=name, **values)
    _check_scores(made, where)
    return made


def _made(kind: type, values: dict[str, Any], where: str) -> Any:
    try:
        return kind(
            **{key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
        )
    except TypeError as error:
        raise BadProtocol(f"{where}: {values}: {error}") from error


def _check_scores(protocol: Protocol, where: str) -> None:
    """Spaces exist, scores are known, and each part of the official number fits the kind of its space."""
    kinds = {space.name: space.kind for space in protocol.spaces}
    for part in protocol.official:
        if part.space not in kinds:
            raise BadProtocol(f"{where} scores {part.space!r}: {did_you_mean(part.space, kinds)}")
    for score in (*(part.score for part in protocol.official), *protocol.also):
        if score not in SCORES:
            raise BadProtocol(f"{where}: score {score!r}: {did_you_mean(score, SCORES)}")
    for part in protocol.official:
        if kinds[part.space] not in SCORES[part.score]:
            raise BadProtocol(
                f"{where}: {part.score} is of {' or '.join(SCORES[part.score])}, {part.space} holds "
                f"{kinds[part.space]}"
            )
