"""The example on the page of text is what facsight says: each of its sentences reads."""

from pathlib import Path

from facsight.words.cues import DETAILS
from facsight.words.sentences import language, languages
from facsight.words.text import from_text, to_text

PAGE = (Path(__file__).parents[1] / "docs" / "text.md").read_text(encoding="utf-8")


def test_the_example_reads_and_is_said_again():
    text = PAGE.split("```text\n")[1].split("```")[0]
    (account,) = from_text(text, language("en"))
    assert to_text(account, language("en")) == text


def test_details_and_languages_are_named():
    assert all(f"`--detail {detail}`" in PAGE for detail in DETAILS)
    assert all(f"`{name}`" in PAGE for name in languages())
