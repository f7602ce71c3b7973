"""The page about explanations: its example reads, its options exist, its figures were measured."""

import json
import re
from pathlib import Path

import pytest

from facsight.cli.explain import explain
from facsight.words.explanation.clause import STYLES
from facsight.words.explanation.free_text import sentences
from facsight.words.explanation.template_reading import read_sentence, wording
from facsight.words.sentences import languages

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "explanations.md").read_text(encoding="utf-8")
FOUND = json.loads((ROOT / "benchmarks" / "results" / "explanations.json").read_text("utf-8"))["results"]


def test_each_sentence_of_the_example_is_one_of_the_templates():
    example = sentences(PAGE.split("```text\n")[1].split("```")[0], "en")
    assert example.pop() == wording("en")["note"]
    assert len(example) == 10
    for sentence in example:
        assert list(read_sentence(sentence, "en")), sentence


def test_its_options_exist():
    named = set(re.findall(r"^facsight explain [^#\n]*?--(\w+)", PAGE, re.MULTILINE))
    assert {"style", "check", "instructions", "against"} <= named <= set(explain.__annotations__)
    assert set(re.findall(r"--style (\w+)", PAGE)) <= set(STYLES)
    assert set(re.findall(r"--language (\w+)", PAGE)) <= set(languages())


@pytest.mark.parametrize("place", ["ferplus", "london"])
def test_its_figures_are_those_that_were_measured(place):
    found = FOUND[place]
    row = next(
        line for line in PAGE.splitlines() if line.startswith("| FER+" if place == "ferplus" else "| London")
    )
    both = [found[language] for language in ("en", "de")]
    assert {one["verified"] for one in both} == {one["false_clauses"]["rejected"] for one in both} == {1.0}
    assert {one["name_a_feeling"] for one in both} == {0}
    if place == "ferplus":
        denials = [one["false_clauses"]["as_free_text"]["negation"] for one in both]
        english, german = (round(100 * one["not_found_false"] / one["tried"]) for one in denials)
        assert f"{english} % (English) and {german} % (German) are *not judged*" in PAGE.replace("\n  ", " ")
        assert [one["found_true"] for one in denials] == [0, 0]
        spent = found["milliseconds"]
        assert f"takes {spent['hide_places']:.0f} ms" in PAGE
        assert f"reading it {spent['read']:.0f} ms" in PAGE
    tried = sum(one["false_clauses"]["tried"] for one in both)
    clauses = sum(one["clauses"] for one in both)
    expected = [found["faces"], clauses, "100 %", 0, tried, "100 %"]
    assert [cell.strip() for cell in row.split("|")[2:-1]] == [
        f"{value:,}" if isinstance(value, int) else value for value in expected
    ]
