"""What is told of the translator that ships is what was recorded."""

import json
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "personal_readers.md").read_text(encoding="utf-8")
FOUND = json.loads((ROOT / "benchmarks" / "results" / "translation.json").read_text())["results"]
WAYS = {
    "unadapted": "unadapted",
    "`neutral_shift`": "neutral_shift",
    "PFT": "personalized_feature_translation",
    "PFT's translator, no clip": "translator without a clip",
    "`neutral_shift` and a constant": "neutral_shift and a constant",
}
COST = {"unadapted": "unadapted", "PFT's translator, no clip": "translator without a clip"}
COST["`neutral_shift` and a constant"] = "a constant"
SCORES = ("happiness_read", "happiness_log_probability", "neutral_read", "neutral_log_probability")


def test_figures_of_translation_are_the_recorded_ones():
    table = PAGE.split("| | smiles read as happiness |", 1)[1].split("\n\n", 1)[0]
    lines = [line.strip("|").split("|") for line in table.splitlines()]
    told = {cells[0].strip(): [cell.strip().replace("−", "-") for cell in cells[1:]] for cells in lines}
    for name, recorded in WAYS.items():
        *cells, cost = told[name]
        for score, cell in zip(SCORES, cells, strict=True):
            digits = len(cell.split(".")[1])
            assert float(cell) == round(FOUND["people"][recorded][score]["mean"], digits)
        assert cost == (f"{FOUND['ferplus'][COST[name]]['accuracy']:.3f}"[1:] if name in COST else "")


def test_claims_of_translation_hold_in_the_record():
    smiles, rest = (
        FOUND["people"]["personalized_feature_translation"][key] for key in ("happiness_read", "neutral_read")
    )
    assert smiles["difference_interval"][0] > 0 == smiles["people_made_worse"] == rest["people_made_worse"]
    assert FOUND["against_neutral_shift"]["happiness_read"]["difference_interval"][0] > 0
    before, after = FOUND["ferplus"]["unadapted"], FOUND["ferplus"]["translator without a clip"]
    assert after["accuracy"] < before["accuracy"]
    loss = {name: before[name] - after[name] for name in before}
    assert sorted(loss, key=lambda name: -loss[name])[:2] == ["sadness", "anger"]
    assert FOUND["cost"]["file_bytes"] < 2_000_000
