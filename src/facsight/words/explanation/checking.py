"""Does a clause say what was measured, and nothing else? Judged without anything of what wrote it.

A clause passes if a template reads its whole sentence, every number in it is the reading's but for rounding,
every word of strength, action unit, expression, side and caution is the reading's, and its cues are exactly
those that the sentence states. It is faithful to the reading then, which need not be true of the person.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from facsight.facs.action_units import ACTION_UNITS
from facsight.words.explanation.clause import Clause, ClauseCue, Explanation
from facsight.words.explanation.felt import says_felt
from facsight.words.explanation.measured import Measured
from facsight.words.explanation.template_reading import Told, read_sentence, strengths, wording

#: A cue's kind and name, and for each template which field states which cue; {field} is what the field means.
_Key = tuple[str, str]
_Known = Mapping[_Key, tuple[float | None, str | None]]
_STATED: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "time": (("time", "time", "time"),),
    "shown": (("probability", "unit", "{unit}"),),
    "attention": (("share", "attention", "{unit}"),),
    "contrast": (("probability", "probability", "{second}"), ("share", "contrast", "{unit}")),
    "elsewhere": (("elsewhere", "attention", "elsewhere"), ("floor", "attention", "floor")),
    "side": (("share", "side", "{side}"),),
    "pose": (("yaw", "pose", "yaw"), ("pitch", "pose", "pitch"), ("roll", "pose", "roll")),
    "found": (("present", "movements", "present"), ("tied", "movements", "tied")),
    "none_found": (("tied", "movements", "tied"),),
    "together": (("share", "attention", "together"),),
    "fits": (("agreement", "fit", "agreement"),),
    "misfit": (("agreement", "fit", "agreement"), ("rank", "fit", "rank")),
    "needed": (
        ("probability", "probability", "{label}"),
        ("hidden", "hidden", "{unit}"),
        ("elsewhere", "hidden_elsewhere", "{unit}"),
    ),
    "not_needed": (("hidden", "hidden", "least"),),
    "looks": (("probability", "probability", "{label}"),),
    "runner_up": (("probability", "probability", "{second}"),),
}
#: Cues that a template states without a number.
_SILENT: Mapping[str, tuple[_Key, ...]] = {
    "none_found": (("movements", "present"),),
    "fits": (("fit", "rank"),),
    "agree": (("fit", "rank"),),
}


@dataclass(frozen=True)
class Fault:
    """What is wrong with a clause, and which it is, counted from 0."""

    clause: int
    sentence: str
    reason: str


def check_explanation(explanation: Explanation, measured: Measured) -> list[Fault]:
    """What is wrong with an explanation of a reading; empty where every clause is faithful to it."""
    faults = check_clauses(explanation.clauses, measured, explanation.language)
    if explanation.note != wording(explanation.language)["note"]:
        faults.append(
            Fault(len(explanation.clauses), explanation.note, "the note is another than the language's")
        )
    return faults


def check_clauses(clauses: Iterable[Clause], measured: Measured, in_language: str = "en") -> list[Fault]:
    """What is wrong with clauses about a reading; empty where each is faithful to it.

    >>> known = Measured("happiness", {"happiness": 0.95, "neutral": 0.05})
    >>> said = "The face looks clearly like happiness: calibrated probability 59 %."
    >>> clause = Clause(said, (ClauseCue("probability", "happiness", 0.95),))
    >>> [fault.reason for fault in check_clauses([clause], known)]
    ['says 59 % where the reading has 0.95 (probability of happiness)']
    """
    return [
        Fault(number, clause.sentence, reason)
        for number, clause in enumerate(clauses)
        for reason in _faults(clause, measured, in_language)
    ]


def _faults(clause: Clause, m: Measured, in_language: str) -> list[str]:
    if felt := says_felt(clause.sentence, in_language):
        return [f"names what is felt: {felt!r}"]
    if not clause.cues:
        return ["states no cue"]
    readings = [
        list(_judged(kind, told, clause, m)) for kind, told in read_sentence(clause.sentence, in_language)
    ]
    if not readings:
        return ["is no sentence of the templates: what it says cannot be checked"]
    return min(readings, key=len)


def judge_sentence(sentence: str, measured: Measured, in_language: str) -> list[str] | None:
    """What is wrong with a sentence of the templates, whatever its cues; None for any other sentence."""
    readings = [
        list(_wrong(kind, told, measured, _known(measured)))
        for kind, told in read_sentence(sentence, in_language)
    ]
    return min(readings, key=len) if readings else None


def _judged(kind: str, told: Mapping[str, Told], clause: Clause, m: Measured) -> Iterator[str]:
    """What is wrong with a clause if this template wrote it."""
    known = _known(m)
    yield from _wrong(kind, told, m, known)
    keys = [key for _, key in _stated(kind, told)]
    keys += [(cue, _filled(name, told)) for cue, name in _SILENT.get(kind, ())]
    keys += [("caution", _meant(item, [*m.cautions, "none_found"])) for item in _items(told)]
    keys += [("tied", m.label)] * (kind in ("no_places", "unplaced"))
    yield from _cue_faults(clause.cues, keys, known, m)


def _wrong(kind: str, told: Mapping[str, Told], m: Measured, known: _Known) -> Iterator[str]:
    """What is wrong with a sentence: its numbers, its words, and what its template says by itself."""
    for field, key in _stated(kind, told):
        yield from _number_faults(told[field], key, known)
    yield from _word_faults(told, m)
    yield from _condition_faults(kind, told, m)


def _stated(kind: str, told: Mapping[str, Told]) -> list[tuple[str, _Key]]:
    return [(field, (cue, _filled(name, told))) for field, cue, name in _STATED.get(kind, ())]


def _number_faults(told: Told, key: _Key, known: _Known) -> Iterator[str]:
    what = f"{key[0]} of {key[1]}"
    if key not in known or known[key][0] is None:
        yield f"speaks of what the reading does not have: {what}"
        return
    value = float(known[key][0] or 0.0)
    hundred = told.text.endswith("%")
    shown = 100 * value if hundred else value
    if told.number is None or not _rounds_to(told.number, shown, told.decimals, hundred):
        yield f"says {told.text} where the reading has {value:.4g} ({what})"
    if told.strength is not None and told.strength != _strength(told.strength, value):
        yield f"calls {value:.4g} {told.strength!r}, which is {_strength(told.strength, value)!r} ({what})"


def _rounds_to(told: float, value: float, decimals: int, hundred: bool) -> bool:
    """Whether a number is another, rounded; certainty is never rounded to."""
    if hundred and 99.0 <= value < 100.0:
        return told == 99.0
    return abs(told - value) <= 0.5 * 10.0**-decimals + 1e-9


def _strength(said: str, value: float) -> str:
    """The word that a value has on the scale that a word is of."""
    (scale,) = (steps for steps in strengths().values() if said in [word for word, _ in steps])
    return [word for word, least in scale if value >= least][-1]


def _word_faults(told: Mapping[str, Told], m: Measured) -> Iterator[str]:
    """Expressions, and the side, that are not the reading's."""
    if "label" in told and not told["label"].means(m.label):
        yield f"names {told['label'].text!r} where the reading says {m.label!r}"
    if "second" in told and not told["second"].means(_runner_up(m)):
        yield f"names {told['second'].text!r} as second where the reading has {_runner_up(m)!r}"
    if "side" in told and (m.left is None or not told["side"].means("left" if m.left >= 0.5 else "right")):
        yield f"names the side {told['side'].text!r} where {m.left} of the attention lies on the left half"


def _condition_faults(kind: str, told: Mapping[str, Told], m: Measured) -> Iterator[str]:
    """What a template says by its words alone."""
    decided = [m.present[unit] for unit in m.tied if unit in m.present]
    reasons = {name for name in m.cautions if name in ("misfit", "elsewhere")}
    reasons |= {"none_found"} if decided and not any(decided) else set()
    runner_up, best = m.expression.get(_runner_up(m), 0.0), m.expression[m.label]
    placed = bool(m.attention) and m.elsewhere is not None
    holds = {
        "contrast": lambda: (
            m.contrast.get(int(told["unit"].number or 0)) == max(m.contrast.values(), default=0.0)
        ),
        "shown": lambda: m.present.get(int(told["unit"].number or 0)) is True,
        "found": lambda: any(decided),
        "none_found": lambda: bool(decided) and not any(decided),
        "fits": lambda: m.rank == 1,
        "misfit": lambda: m.rank is not None and m.rank > 1,
        "needed": lambda: _beyond(m, int(told["unit"].number or 0)) >= _limit("needed"),
        "not_needed": lambda: bool(m.hidden) and all(_beyond(m, u) < _limit("needed") for u in m.hidden),
        "no_places": lambda: not m.tied,
        "unplaced": lambda: bool(m.tied) and not placed,
        "runner_up": lambda: best < _limit("unsure") or best - runner_up < _limit("close"),
        "agree": lambda: placed and not reasons,
        "disagree": lambda: bool(told["items"].items) and _listed(told, reasons),
        "caution": lambda: bool(told["items"].items) and _listed(told, set(m.cautions)),
    }
    if kind in holds and not holds[kind]():
        yield f"the reading does not bear this out ({kind.replace('_', ' ')})"


def _cue_faults(
    cues: tuple[ClauseCue, ...],
    keys: list[_Key],
    known: _Known,
    m: Measured,
) -> Iterator[str]:
    """Cues that the sentence does not state, or the reading does not have so, and stated ones that lack."""
    for cue in cues:
        key = cue.kind, cue.name
        if key not in known:
            yield f"has a cue that the reading does not have: {cue.kind} of {cue.name}"
            continue
        value, region = known[key]
        if (cue.value is None) != (value is None) or abs((cue.value or 0.0) - (value or 0.0)) > 1e-9:
            yield f"its cue {cue.kind} of {cue.name} is {cue.value} where the reading has {value}"
        if cue.region != region:
            yield f"its cue {cue.kind} of {cue.name} lies at {cue.region!r}, not {region!r}"
        if cue.time != m.time:
            yield f"its cue {cue.kind} of {cue.name} is of {cue.time} s, the reading of {m.time} s"
    named = [(cue.kind, cue.name) for cue in cues]
    if sorted(named) != sorted(keys):
        yield f"its cues are {sorted(named)}, its sentence states {sorted(keys)}"


def _known(m: Measured) -> dict[_Key, tuple[float | None, str | None]]:
    """Everything that may be stated of a reading: its value and its region."""
    found: dict[_Key, tuple[float | None, str | None]] = {}
    by_unit = {"unit": m.units, "attention": m.attention, "contrast": m.contrast}
    by_unit |= {"hidden": m.hidden, "hidden_elsewhere": m.hidden_elsewhere}
    for kind, values in by_unit.items():
        for unit, value in values.items():
            region = None if kind == "hidden_elsewhere" else ACTION_UNITS[unit].region
            found[kind, f"AU{unit}"] = value, region
    found |= {("probability", name): (chance, None) for name, chance in m.expression.items()}
    found |= {("pose", axis): (angle, "head") for axis, angle in m.pose.items()}
    found |= {("caution", name): (None, None) for name in (*m.cautions, "none_found")}
    found["tied", m.label] = float(len(m.tied)), None
    decided = [m.present[unit] for unit in m.tied if unit in m.present]
    found["movements", "present"], found["movements", "tied"] = (
        (float(sum(decided)), None),
        (float(len(decided)), None),
    )
    loose = {
        ("time", "time"): m.time,
        ("attention", "elsewhere"): m.elsewhere,
        ("attention", "floor"): m.floor,
    }
    loose |= {("fit", "agreement"): m.agreement, ("fit", "rank"): None if m.rank is None else float(m.rank)}
    loose |= {("attention", "together"): None if m.elsewhere is None else 1 - m.elsewhere}
    loose |= {("hidden", "least"): min(m.hidden.values(), default=None)}
    found |= {key: (value, None) for key, value in loose.items() if value is not None}
    if m.left is not None:
        found |= {("side", "left"): (m.left, "left half"), ("side", "right"): (1 - m.left, "right half")}
    return found


def _beyond(m: Measured, unit: int) -> float:
    """By how much more hiding a place lowers the probability than hiding as much elsewhere."""
    return m.hidden_elsewhere[unit] - m.hidden[unit] if unit in m.hidden else float("-inf")


def _runner_up(m: Measured) -> str:
    return max((name for name in m.expression if name != m.label), key=lambda n: m.expression[n], default="")


def _filled(name: str, told: Mapping[str, Told]) -> str:
    """A cue's name with what its field means."""
    field = name.strip("{}")
    if field == name:
        return name
    if field == "unit":
        return f"AU{told['unit'].number:.0f}"
    return min(told[field].keys, default=told[field].text)


def _items(told: Mapping[str, Told]) -> tuple[Told, ...]:
    return told["items"].items if "items" in told else ()


def _meant(item: Told, names: list[str]) -> str:
    return next((name for name in names if item.means(name)), item.text)


def _listed(told: Mapping[str, Told], names: set[str]) -> bool:
    return all(any(item.means(name) for name in names) for item in _items(told))


@cache
def _limits() -> dict[str, float]:
    home = resources.files("facsight.words.explanation")
    return tomllib.loads(home.joinpath("limits.toml").read_text(encoding="utf-8"))


def _limit(name: str) -> float:
    return _limits()[name]
