"""Clauses, each with the cues that it states, and explanations made of them, as plain data."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from facsight.core.errors import BadRecipe, BadTable, did_you_mean

Style = Literal["observations", "chain", "short"]
STYLES: tuple[Style, ...] = ("observations", "chain", "short")

#: The parts of a chain, in order.
PARTS = ("observations", "interpretation", "conclusion")


@dataclass(frozen=True)
class ClauseCue:
    """One measured thing: what kind, of what (`AU12`, `happiness`, `yaw`), how much, where and when.

    Shares and probabilities are parts of 1, angles degrees, `time` seconds. `value` is None
    for what is there or not, such as a caution; `region` is a part of the face (`facs.action_units`), a half
    of it, or None for all of it; `time` is None for photos.
    """

    kind: str
    name: str
    value: float | None = None
    region: str | None = None
    time: float | None = None


@dataclass(frozen=True)
class Clause:
    """A sentence and the cues that it states."""

    sentence: str
    cues: tuple[ClauseCue, ...]


@dataclass(frozen=True)
class Explanation:
    """Clauses by part, in the order of `PARTS`; `note` says what the text does not say."""

    style: Style
    language: str
    parts: Mapping[str, tuple[Clause, ...]]
    note: str

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """All clauses, in order."""
        return tuple(clause for part in self.parts.values() for clause in part)

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def check_style(style: str) -> Style:
    """The style as asked for; `BadRecipe` names the nearest where there is none."""
    if style not in STYLES:
        raise BadRecipe(f"there is no style {style!r}: {did_you_mean(style, STYLES)}")
    return style


def explanation_from_plain(told: Any) -> Explanation:
    """An explanation from what `plain` gave; `BadTable` for anything else."""
    try:
        parts = {name: tuple(map(_clause, part)) for name, part in told["parts"].items()}
        return Explanation(check_style(told["style"]), str(told["language"]), parts, str(told["note"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadTable(f"expected an explanation of `facsight explain`: {error!r}") from error


def _clause(told: Mapping[str, Any]) -> Clause:
    cues: Sequence[Mapping[str, Any]] = told["cues"]
    return Clause(str(told["sentence"]), tuple(map(_cue, cues)))


def _cue(told: Mapping[str, Any]) -> ClauseCue:
    value, time = (None if told[name] is None else float(told[name]) for name in ("value", "time"))
    return ClauseCue(str(told["kind"]), str(told["name"]), value, told["region"], time)
