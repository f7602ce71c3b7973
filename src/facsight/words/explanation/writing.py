"""From what was measured to clauses: observations, interpretation, conclusion."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from facsight.facs.action_units import ACTION_UNITS
from facsight.words.cues import Cue
from facsight.words.explanation.clause import PARTS, Clause, ClauseCue, Explanation, check_style
from facsight.words.explanation.measured import Measured
from facsight.words.sentences import Language, language

_Said = tuple[Cue, tuple[ClauseCue, ...]]


def explain_in_words(measured: Measured, style: str = "chain", in_language: str = "en") -> Explanation:
    """What the face shows and why the reading says so, each clause with the cues that it states.

    "observations" are what was measured, "chain" adds an interpretation and a conclusion, "short" is the
    conclusion and what weighed most. `BadRecipe` for another style, or a language without templates.

    >>> sure = Measured("happiness", {"happiness": 0.95, "neutral": 0.05}, {12: 0.31}, 0.5, 0.3, 0.9, 1)
    >>> explain_in_words(sure, "short").clauses[0].sentence
    'The face looks clearly like happiness: calibrated probability 95 %.'
    """
    chosen, words = check_style(style), templates(in_language)
    by_part = {
        "observations": _observations(measured),
        "interpretation": _interpretation(measured),
        "conclusion": _conclusion(measured),
    }
    if chosen == "observations":
        by_part = {"observations": by_part["observations"]}
    elif chosen == "short":
        by_part = {"conclusion": _short(measured)}
    parts = {
        name: tuple(Clause(words.say(cue), tuple(_timed(cues, measured))) for cue, cues in by_part[name])
        for name in PARTS
        if name in by_part
    }
    return Explanation(chosen, words.name, parts, words.table["note"])


def to_text(explanation: Explanation) -> str:
    """A line a part, under its heading where there are several, and the note last."""
    headings = templates(explanation.language).table["parts"]
    several = len(explanation.parts) > 1
    lines = [
        (f"{headings[name]}: " if several else "") + " ".join(clause.sentence for clause in part)
        for name, part in explanation.parts.items()
    ]
    return "\n".join([*lines, explanation.note])


def request(box: Sequence[float] | None, in_language: str) -> str:
    """The question that an explanation answers; `box` (x0, y0, x1, y1) says which of several faces."""
    words = templates(in_language)
    asked: Mapping[str, str] = words.table["request"]
    if box is None:
        return asked["one"]
    return asked["several"].format(
        **{name: _Whole(end) for name, end in zip(("x0", "y0", "x1", "y1"), box, strict=True)}
    )


@cache
def templates(in_language: str) -> Language:
    """The language of readings, with the templates of explanations in place of its own."""
    shared = language(in_language).table
    home = resources.files("facsight.words.explanation")
    own = tomllib.loads(home.joinpath("languages", f"{in_language}.toml").read_text(encoding="utf-8"))
    lists = {name: {**shared["words"].get(name, {}), **words} for name, words in own["words"].items()}
    together = {
        "words": {**shared["words"], **lists},
        "items": own["items"],
    }
    return Language({**shared, **own, **together})


@cache
def limits() -> dict[str, float]:
    """What is worth a clause: `limits.toml`."""
    home = resources.files("facsight.words.explanation")
    return tomllib.loads(home.joinpath("limits.toml").read_text(encoding="utf-8"))


class _Whole(float):
    """A number that a field such as `{x0:0}` writes without decimals."""

    def __format__(self, decimals: str) -> str:
        return format(float(self), f".{decimals or 0}f")


def _observations(m: Measured) -> Iterator[_Said]:
    if m.time is not None:
        yield Cue("time", {"time": m.time}), (ClauseCue("time", "time", m.time),)
    present = [unit for unit in m.units if m.present.get(unit)]
    for unit in sorted(present, key=lambda unit: -m.units[unit])[: int(limits()["most"])]:
        values = {"unit": unit, "probability": m.units[unit]}
        yield Cue("shown", values), (_of_unit("unit", unit, m.units[unit]),)
    yield from _attention(m)
    yield from _contrast(m)
    yield from _places(m)


def _attention(m: Measured) -> Iterator[_Said]:
    named = [unit for unit in _largest(m.attention) if m.attention[unit] >= limits()["named"]]
    for unit in named[: int(limits()["most"])]:
        values = {"unit": unit, "share": m.attention[unit]}
        yield Cue("attention", values), (_of_unit("attention", unit, m.attention[unit]),)
    if m.attention and m.elsewhere is not None and m.floor is not None:
        cues = ClauseCue("attention", "elsewhere", m.elsewhere), ClauseCue("attention", "floor", m.floor)
        yield Cue("elsewhere", {"elsewhere": m.elsewhere, "floor": m.floor}), cues


def _contrast(m: Measured) -> Iterator[_Said]:
    """Where what spoke for the second expression lies, if it is close, or the first has no places."""
    second = _second(m)
    if second is None or not m.contrast or not (_is_close(m) or not m.tied):
        return
    unit, chance = _largest(m.contrast)[0], m.expression[second]
    values = {"second": second, "probability": chance, "unit": unit, "share": m.contrast[unit]}
    cues = ClauseCue("probability", second, chance), _of_unit("contrast", unit, m.contrast[unit])
    yield Cue("contrast", values), cues


def _places(m: Measured) -> Iterator[_Said]:
    """On which half the attention lies, and how the head is held."""
    if m.left is not None and max(m.left, 1 - m.left) >= limits()["aside"]:
        side = "left" if m.left >= 0.5 else "right"
        share = max(m.left, 1 - m.left)
        yield Cue("side", {"side": side, "share": share}), (ClauseCue("side", side, share, f"{side} half"),)
    if m.pose:
        yield Cue("pose", m.pose), tuple(ClauseCue("pose", axis, a, "head") for axis, a in m.pose.items())


def _interpretation(m: Measured) -> Iterator[_Said]:
    yield from _movements(m)
    if not m.tied:
        yield Cue("no_places", {"label": m.label}), (ClauseCue("tied", m.label, 0.0),)
        return
    if not m.attention or m.elsewhere is None or m.agreement is None or m.rank is None:
        yield Cue("unplaced", {"label": m.label}), (ClauseCue("tied", m.label, float(len(m.tied))),)
        return
    together = 1 - m.elsewhere
    yield (
        Cue("together", {"label": m.label, "share": together}),
        (ClauseCue("attention", "together", together),),
    )
    fit = ClauseCue("fit", "agreement", m.agreement), ClauseCue("fit", "rank", float(m.rank))
    values = {"label": m.label, "agreement": m.agreement, "rank": m.rank}
    yield Cue("fits" if m.rank == 1 else "misfit", values), fit
    yield from _needs(m)


def _movements(m: Measured) -> Iterator[_Said]:
    """How many of the label's movements a network of action units finds."""
    decided = [unit for unit in m.tied if unit in m.present]
    if not decided:
        return
    found = sum(m.present[unit] for unit in decided)
    kind = "found" if found else "none_found"
    cues = (
        ClauseCue("movements", "present", float(found)),
        ClauseCue("movements", "tied", float(len(decided))),
    )
    yield Cue(kind, {"label": m.label, "present": found, "tied": len(decided)}), cues


def _needs(m: Measured) -> Iterator[_Said]:
    """Which places the decision needs: those whose hiding costs more than hiding as much elsewhere."""
    beyond = {unit: m.hidden_elsewhere[unit] - left for unit, left in m.hidden.items()}
    needed = [unit for unit in _largest(beyond) if beyond[unit] >= limits()["needed"]]
    chance = m.expression[m.label]
    for unit in needed[:2]:
        left, other = m.hidden[unit], m.hidden_elsewhere[unit]
        values = {"label": m.label, "unit": unit, "probability": chance, "hidden": left, "elsewhere": other}
        cues = _of_unit("hidden", unit, left), ClauseCue("hidden_elsewhere", f"AU{unit}", other)
        yield Cue("needed", values), (ClauseCue("probability", m.label, chance), *cues)
    if beyond and not needed:
        least = min(m.hidden.values())
        yield Cue("not_needed", {"label": m.label, "hidden": least}), (ClauseCue("hidden", "least", least),)


def _conclusion(m: Measured) -> Iterator[_Said]:
    yield from _decision(m)
    reasons = _reasons(m)
    if reasons:
        yield _list_of("disagree", reasons)
    elif m.attention:
        yield Cue("agree"), (ClauseCue("fit", "rank", float(m.rank or 0)),)
    rest = [caution for caution in m.cautions if caution not in ("elsewhere", "misfit")]
    if rest:
        yield _list_of("caution", rest)


def _decision(m: Measured) -> Iterator[_Said]:
    chance, second = m.expression[m.label], _second(m)
    values = {"label": m.label, "probability": chance}
    yield Cue("looks", values), (ClauseCue("probability", m.label, chance),)
    if second is not None and _is_close(m):
        values = {"second": second, "probability": m.expression[second]}
        yield Cue("runner_up", values), (ClauseCue("probability", second, m.expression[second]),)


def _short(m: Measured) -> Iterator[_Said]:
    yield from _decision(m)
    yield from [said for said in _observations(m) if said[0].kind in ("shown", "attention", "contrast")][:2]
    reasons = _reasons(m)
    if reasons:
        yield _list_of("disagree", reasons)


def _reasons(m: Measured) -> list[str]:
    """Why evidence and decision disagree, by names of cautions; empty where they do not."""
    decided = [m.present[unit] for unit in m.tied if unit in m.present]
    found = [caution for caution in m.cautions if caution in ("elsewhere", "misfit")]
    return found + (["none_found"] if decided and not any(decided) else [])


def _list_of(kind: str, names: Sequence[str]) -> _Said:
    return Cue(kind, {"items": [{"name": name} for name in names]}), tuple(
        ClauseCue("caution", name) for name in names
    )


def _of_unit(kind: str, unit: int, value: float) -> ClauseCue:
    return ClauseCue(kind, f"AU{unit}", value, ACTION_UNITS[unit].region)


def _timed(cues: Sequence[ClauseCue], m: Measured) -> Iterator[ClauseCue]:
    return (ClauseCue(one.kind, one.name, one.value, one.region, m.time) for one in cues)


def _largest(shares: Mapping[int, float]) -> list[int]:
    return sorted(shares, key=lambda unit: -shares[unit])


def _second(m: Measured) -> str | None:
    others: Any = [name for name in m.expression if name != m.label]
    return max(others, key=lambda name: m.expression[name], default=None)


def _is_close(m: Measured) -> bool:
    second, best = _second(m), m.expression[m.label]
    if second is None:
        return False
    return best < limits()["unsure"] or best - m.expression[second] < limits()["close"]
