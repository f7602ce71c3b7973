"""What the page tells of words beside numbers is what was recorded."""

import json
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "words_or_numbers.md").read_text(encoding="utf-8")


def recorded(name):
    return json.loads((ROOT / "benchmarks" / "results" / f"{name}.json").read_text())["results"]


def test_accuracies_on_planted_discord_are_the_recorded_ones():
    sizes = recorded("discord")["sizes"]
    for name in next(iter(sizes.values()))["accuracy"]:
        cells = [f"{size['accuracy'][name]['mean']:.3f}".lstrip("0") for size in sizes.values()]
        assert f"| {name} | {' | '.join(cells)} |" in PAGE


def test_claims_on_planted_discord_hold_in_the_record():
    sizes = recorded("discord")["sizes"]
    less = {size: row["text less numbers"]["recipe, frozen MiniLM"] for size, row in sizes.items()}
    assert all(row["mean"] < 0 for row in less.values())
    assert {size for size, row in less.items() if row["high"] < 0} == {"100", "200", "400", "800"}


def test_scores_of_acted_voices_are_the_recorded_ones():
    scores = recorded("voice_words")["scores"]
    for score in scores["numbers"]:
        told = ["{:.2f} ({:.2f} to {:.2f})".format(*view[score]) for view in scores.values()]
        assert f"| {score} | {' | '.join(told)} |" in PAGE
