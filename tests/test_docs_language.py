"""What the page tells of words alone is what was recorded."""

import json
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
FOUND = json.loads((ROOT / "benchmarks" / "results" / "texts.json").read_text())["results"]
SCORES = ("accuracy", "weighted_f1", "macro_f1")


def cells(start):
    """The numbers of the line that starts so, without marks."""
    (line,) = (line for line in PAGE.splitlines() if line.startswith(f"| {start}"))
    return [cell.strip().replace("*", "") for cell in line.strip("|").split("|")[1:]]


def told(value):
    return f"{value + 1e-9:.3f}".removeprefix("0")  # recorded numbers have four digits


def test_scores_on_meld_are_the_recorded_ones():
    meld = FOUND["meld"]
    for start, name in (
        ("most frequent class", "most frequent"),
        ("TF-IDF of words and pairs", "tf-idf"),
        ("MiniLM as published, mean of its last states", "frozen encoder"),
    ):
        assert cells(start) == [told(meld[name][score]) for score in SCORES]
    tuned = [meld["fine-tuned"][score] for score in SCORES]
    assert cells("MiniLM fine-tuned") == [f"{told(one['mean'])} ± {told(one['deviation'])}" for one in tuned]


def test_scores_on_emobank_are_the_recorded_ones():
    for start, name in (("TF-IDF, ridge", "tf-idf"), ("MiniLM as published, ridge", "frozen encoder")):
        row = FOUND["emobank"][name]
        wanted = [
            f"{told(row[f'{of}_ccc'])} ({told(row[f'{of}_pearson'])})"
            for of in ("valence", "arousal", "dominance")
        ]
        assert cells(start) == wanted
