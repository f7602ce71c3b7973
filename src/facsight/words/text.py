"""Accounts as text and as lines of JSON, within a number of tokens, and back."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from facsight.core.errors import BadRecipe, BadTable
from facsight.words.cues import KINDS, SCHEMA, Account, Cue, Detail, Stretch, at_detail
from facsight.words.sentences import Language

#: What counts as a token: up to four letters or digits that belong together, or any other sign but blanks.
TOKEN = re.compile(r"\w{1,4}|[^\w\s]")
_BEGINNINGS = ("file", "photo")
_HEADINGS = (*_BEGINNINGS, "quoting", "no_transcript", "no_sound", "left_out")


@dataclass(frozen=True)
class _Place:
    """Where a sentence stands, and what it takes."""

    stretch: int
    cue: int
    tokens: int
    rank: tuple[int, float]


def count_tokens(text: str) -> int:
    """How many tokens a text has, by a rule that needs no model: mostly more than a model counts.

    >>> count_tokens("The head moves by 2.0 degrees.")
    11
    """
    return len(TOKEN.findall(text))


def to_text(account: Account, words: Language) -> str:
    """A line a sentence: the heading, then each stretch under a line with its times."""
    lines = [words.say(cue) for cue in account.heading]
    for one in account.stretches:
        lines += [] if one.start is None else [_head(one, words)]
        lines += [words.say(cue) for cue in one.cues]
    return "\n".join(lines) + "\n"


def from_text(text: str, words: Language) -> list[Account]:
    """What a text of one or several files says, its numbers as rounded there.

    `BadTable` names the first line that is no sentence.
    """
    accounts: list[tuple[list[Cue], list[Stretch]]] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line:
            continue
        try:
            cue = words.read(line)
        except BadTable as error:
            raise BadTable(f"line {number}: {error}") from error
        if cue.kind in _BEGINNINGS or not accounts:
            accounts.append(([], []))
        _add(cue, *accounts[-1])
    return [Account(*parts) for parts in accounts]


def _add(cue: Cue, heading: list[Cue], stretches: list[Stretch]) -> None:
    if cue.kind in _HEADINGS:
        heading.append(cue)
    elif cue.kind == "stretch":
        stretches.append(Stretch(cue.values["start"], cue.values["end"], []))
    else:
        last = stretches.pop() if stretches else Stretch(None, None, [])  # of a photo
        stretches.append(Stretch(last.start, last.end, [*last.cues, cue]))


def to_lines(account: Account, words: Language, detail: Detail) -> str:
    """JSON lines: the heading, then a line a stretch, each with the exact numbers and the text."""
    about: dict[str, Any] = {"schema": SCHEMA, "language": words.name, "detail": detail}
    rows: list[dict[str, Any]] = [about | _told(account.heading, words)]
    rows += [{"start": one.start, "end": one.end, **_told(one.cues, words)} for one in account.stretches]
    return "".join(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in rows)


def from_lines(text: str) -> list[Account]:
    """The accounts of JSON lines, with the exact numbers. `BadTable` for lines of something else."""
    accounts: list[Account] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            if "schema" in row:
                accounts.append(_heading(row))
            else:
                stretches = [*accounts[-1].stretches, _stretch(row)]
                accounts[-1] = Account(accounts[-1].heading, stretches)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
            raise BadTable(
                f"line {number}: expected JSON of `facsight textualize`, found {line[:40]!r}: {error}"
            ) from error
    if not accounts:
        raise BadTable("expected JSON of `facsight textualize --out NAME.jsonl`, found nothing")
    return accounts


def _heading(row: dict[str, Any]) -> Account:
    if row["schema"] != SCHEMA:
        raise BadTable(f"expected an account of {SCHEMA}, found {row['schema']!r}: textualize it again")
    return Account(_cues(row["cues"], _HEADINGS), [])


def _stretch(row: dict[str, Any]) -> Stretch:
    return Stretch(row["start"], row["end"], _cues(row["cues"], KINDS))


def shown(account: Account, words: Language, detail: Detail, tokens: int | None) -> Account:
    """What is said at a detail, within so many tokens (`count_tokens` of the text).

    Whole sentences are left out, least informative first: by kind (`cues.KINDS`), and of a kind those that
    say most nearly what was said before, or the shortest utterances. A sentence says how many. `BadRecipe`
    where not even the heading fits.
    """
    account = at_detail(account, detail)
    total = count_tokens(to_text(account, words))
    if tokens is None or total <= tokens:
        return account
    places, dropped = sorted(_places(account, words), key=lambda place: place.rank), set()
    kept = [len(one.cues) for one in account.stretches]
    heads = [count_tokens(_head(one, words)) if one.start is not None else 0 for one in account.stretches]
    note = Cue("left_out", {"sentences": len(places), "tokens": tokens})
    total += count_tokens(words.say(note))
    for place in places:
        if total <= tokens:
            break
        dropped.add((place.stretch, place.cue))
        kept[place.stretch] -= 1
        total -= place.tokens + (heads[place.stretch] if not kept[place.stretch] else 0)
    if total > tokens:
        raise BadRecipe(f"the heading alone takes {total} tokens, which is more than {tokens}: give more")
    stretches = [
        Stretch(one.start, one.end, [cue for c, cue in enumerate(one.cues) if (s, c) not in dropped])
        for s, one in enumerate(account.stretches)
    ]
    note = Cue("left_out", {"sentences": len(dropped), "tokens": tokens})
    return Account([*account.heading, note], [one for one in stretches if one.cues])


def _head(one: Stretch, words: Language) -> str:
    return words.say(Cue("stretch", {"start": one.start, "end": one.end}))


def _told(cues: Sequence[Cue], words: Language) -> dict[str, Any]:
    return {
        "cues": [{"kind": cue.kind, **cue.values} for cue in cues],
        "text": " ".join(words.say(cue) for cue in cues),
    }


def _cues(told: list[dict[str, Any]], known: Sequence[str] | Any) -> list[Cue]:
    for one in told:
        if one["kind"] not in known:
            raise BadTable(f"there is no cue {one['kind']!r} in {SCHEMA}")
    return [Cue(one["kind"], {k: v for k, v in one.items() if k != "kind"}) for one in told]


def _places(account: Account, words: Language) -> Iterator[_Place]:
    before: dict[tuple[str, Any], dict[str, float]] = {}
    for s, one in enumerate(account.stretches):
        for c, cue in enumerate(one.cues):
            now, key = _numbers(cue), (cue.kind, cue.values.get("number"))
            news = _news(before.get(key, {}), now)
            if cue.kind == "said":
                news = float(len(cue.values["text"]))
            before[key] = now
            yield _Place(s, c, count_tokens(words.say(cue)), (KINDS[cue.kind][1], news))


def _news(before: Mapping[str, float], now: Mapping[str, float]) -> float:
    """How far numbers are from those of the same cue before; what was not said counts as 0."""
    both = ((before.get(name, 0.0), now.get(name, 0.0)) for name in sorted({*before, *now}))
    return sum(abs(a - b) / (1 + abs(b)) for a, b in both)


def _numbers(cue: Cue) -> dict[str, float]:
    """The numbers of a cue by name, those of lists by what they are of."""
    own = {k: v for k, v in cue.values.items() if k != "number" and isinstance(v, int | float)}
    for item in cue.values.get("items", ()):
        of, *values = item.values()
        own[str(of)] = values[0] if values else 1.0
    return {name: float(value) for name, value in own.items()}
