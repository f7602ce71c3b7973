"""The page on action units tells what was recorded, and claims nothing that the record does not hold."""

import json
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "action_units.md").read_text(encoding="utf-8")
FOUND = json.loads((ROOT / "benchmarks" / "results" / "planted_units.json").read_text())["results"]
ROWS = {
    "a head a unit": "unit_attention",
    "a head a unit, aligned": "unit_attention, aligned",
    "graph": "relation_graph",
    "graph, aligned": "relation_graph, aligned",
}
COLUMNS = ("f1", "f1_seen", "f1_hidden_paired", "f1_hidden_alone", "pointing", "edges_auc")


def test_figures_of_hidden_units_are_the_recorded_ones():
    table = PAGE.split("| | all | seen |", 1)[1].split("\n\n", 1)[0]
    lines = [line.strip("|").split("|") for line in table.splitlines()]
    told = {cells[0].strip(): cells[1:] for cells in lines}
    for name, recorded in ROWS.items():
        row = FOUND["relations"][recorded]
        for column, cell in zip(COLUMNS, told[name], strict=True):
            assert cell.strip(" *") == (f"{row[column]['mean']:.3f}"[1:] if column in row else "")


def test_claims_hold_in_the_record():
    aligned, free = (FOUND["graph_less_own_heads"][which] for which in ("aligned", "without alignment"))
    assert min(aligned[which]["low"] for which in ("f1", "f1_hidden_paired")) > 0
    assert aligned["f1_hidden_alone"]["low"] < 0 < aligned["f1_hidden_alone"]["high"]
    assert free["f1_hidden_paired"]["low"] < 0 < free["f1_hidden_paired"]["high"]
    relations = FOUND["relations"]
    assert relations["relation_graph, aligned"]["edges_auc"]["low"] > 0.98
    assert min(relations[name]["pointing"]["low"] for name in relations if name.endswith("aligned")) > 0.9
    assert FOUND["with_less_without_adversary"]["f1"]["high"] < 0


def test_figures_of_weak_labels_and_of_identity_are_the_recorded_ones():
    weak, identity = FOUND["weak"], FOUND["identity"]
    for row in weak.values():
        assert (
            f"{row['f1']['mean']:.3f}"[1:] in PAGE.split("**Weak labels.**", 1)[1].split("**Identity.**")[0]
        )
    for name in ("without adversary", "with adversary"):
        for key in ("f1", "person_read_of_training_people"):
            assert f"{identity[name][key]['mean']:.3f}"[1:] in PAGE.split("**Identity.** Forty", 1)[1]
