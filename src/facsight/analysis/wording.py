"""Readings in plain words: one honest sentence for each."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from facsight.analysis.cautions import CAUTIONS, UNCERTAIN_BELOW
from facsight.facs.action_units import ACTION_UNITS

#: Shares below this are not worth a place in the sentence.
LEAST_NAMED = 0.05


def percent(share: float) -> str:
    """A share in whole per cent, never rounded to a certainty.

    >>> percent(0.414), percent(0.004), percent(0.9999), percent(1.0)
    ('41 %', 'under 1 %', 'over 99 %', '100 %')
    """
    if 0 < share < 0.005:
        return "under 1 %"
    if 0.995 <= share < 1:
        return "over 99 %"
    return f"{share * 100:.0f} %"


def printable(name: str | Path) -> str:
    """A file name as text that any table can hold and any terminal can show on one line.

    >>> print(printable("a" + chr(10) + "b.jpg"))
    a\\nb.jpg
    """
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in storable(name))


def storable(name: str | Path) -> str:
    """A file name as it is; bytes that are not UTF-8, which no table can hold, are written out."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def unit_name(number: int) -> str:
    """An action unit's number and FACS name.

    >>> unit_name(12)
    'AU12 lip corner puller'
    """
    return f"AU{number} {ACTION_UNITS[number].name.lower()}"


def sentence(
    label: str,
    probabilities: Mapping[str, float],
    action_units: Mapping[int, float],
    elsewhere: tuple[float, float],
    cautions: Sequence[str],
    *,
    has_units: bool,
    kind: str = "attention",
) -> str:
    """What was read, how sure, where the reader looked, and what to be careful about.

    `elsewhere` are the share of the map outside the class's units, and what a perfect match would leave
    there; `kind` is that of the map that was divided; `has_units`: whether the class has action units.
    """
    words = [_claim(label, probabilities), _grounds(label, action_units, elsewhere, has_units, kind)]
    if cautions:
        words.append(f"Take care: {'; '.join(CAUTIONS[c] for c in cautions)}.")
    return " ".join(words)


def _claim(label: str, probabilities: Mapping[str, float]) -> str:
    best, *others = sorted(probabilities, key=lambda name: -probabilities[name])
    if label != best:
        told = f"{percent(probabilities[label])}; the reading is {best}, {percent(probabilities[best])}"
        return f"Asked about {label} ({told})."
    if probabilities[best] < UNCERTAIN_BELOW and others:
        second = others[0]
        return (
            f"Looks most like {best} ({percent(probabilities[best])}), then {second} "
            f"({percent(probabilities[second])})."
        )
    return f"Looks like {best} ({percent(probabilities[best])})."


def _grounds(
    label: str, units: Mapping[int, float], elsewhere: tuple[float, float], has_units: bool, kind: str
) -> str:
    if not has_units:
        return f"FACS ties no action unit to {label}, so there is no region to compare the attention with."
    if not units:
        return "The evidence could not be compared with action units on this face."
    what = "Of the reader's attention" if kind == "attention" else f"Of what spoke for {label}"
    acts = [(unit_name(unit), percent(share)) for unit, share in units.items() if share >= LEAST_NAMED]
    if not acts:
        return f"{what}, {percent(elsewhere[0])} lies outside the action units of {label}."
    told = [f"{share} where {name} acts" for name, share in acts[:3]]
    told[0] = told[0].replace(" where", " lies where", 1)
    rest = f"{percent(elsewhere[0])} elsewhere ({percent(elsewhere[1])} even at best)"
    return f"{what}, {_listed([*told, rest])}."


def _listed(parts: Sequence[str]) -> str:
    """
    >>> _listed(["a"]), _listed(["a", "b"]), _listed(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
