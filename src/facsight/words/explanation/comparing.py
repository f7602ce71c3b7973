"""What texts name, and how much of it their reference explanations name, too."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facsight.analysis.wording import printable
from facsight.core.errors import BadTable
from facsight.facs.action_units import ACTION_UNITS
from facsight.metrics.explanations import ExplanationOverlap, ExplanationScore, Mentions
from facsight.words.explanation.free_text import denied, sentences
from facsight.words.explanation.lexicon import lexicon


@dataclass(frozen=True)
class Compared:
    """The score of the texts that both files have, and what only one of them has, as (image, face)."""

    score: ExplanationScore
    only_said: tuple[tuple[str, int], ...]
    only_reference: tuple[tuple[str, int], ...]


def mentioned(text: str, in_language: str = "en") -> Mentions:
    """Action units, regions of the face, and expressions that a text names and does not deny.

    >>> found = mentioned("The lip corners are pulled up (AU 12), with no frown: happiness.")
    >>> sorted(found.units), sorted(found.clues), sorted(found.labels)
    ([12], ['mouth corners'], ['happiness'])
    """
    words = lexicon(in_language)
    units: set[int] = set()
    clues: set[str] = set()
    labels: set[str] = set()
    for sentence in sentences(text, in_language):
        units |= {
            int(one.key.rstrip("ABCDE"))
            for one in words.units(sentence)
            if not denied(sentence, one.place, words)
        }
        for listed, found in (("regions", clues), ("expressions", labels)):
            mentions = words.mentions(listed, sentence)
            found |= {one.key for one in mentions if not denied(sentence, one.place, words)}
    clues |= {ACTION_UNITS[unit].region for unit in units if unit in ACTION_UNITS}
    return Mentions(frozenset(units), frozenset(clues), frozenset(labels))


def score_texts(pairs: Iterable[tuple[str, str]], in_language: str = "en") -> ExplanationScore:
    """How much explanations and their references, given in pairs, name in common."""
    overlap = ExplanationOverlap()
    for said, reference in pairs:
        overlap.update(mentioned(said, in_language), mentioned(reference, in_language))
    return overlap.compute()


def compare_files(said: Path, reference: Path, in_language: str = "en") -> Compared:
    """The same for two files of JSON lines, matched by `image`, and by `face` where there is one.

    A line has its text as `text`, or as the last of its `messages`. `BadTable` names a line that has neither.
    """
    own, others = _texts(said), _texts(reference)
    both = [key for key in own if key in others]
    return Compared(
        score_texts(((own[key], others[key]) for key in both), in_language),
        tuple(key for key in own if key not in others),
        tuple(key for key in others if key not in own),
    )


def _texts(file: Path) -> dict[tuple[str, int], str]:
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadTable(f"{file} cannot be read as a text file: {error}") from error
    found: dict[tuple[str, int], str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row: dict[str, Any] = json.loads(line)
            key = str(row["image"]), int(row.get("face", 1))
            text = row["text"] if "text" in row else row["messages"][-1]["content"]
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
            raise BadTable(
                f"{file} line {number}: expected JSON with image, and text or messages: {error!r}"
            ) from error
        if key in found:
            raise BadTable(f"{file} line {number}: {printable(key[0])}, face {key[1]}, comes twice")
        found[key] = str(text)
    return found
