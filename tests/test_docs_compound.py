"""The page on compound expressions describes the table as it is written, and quotes what was measured."""

import json
from pathlib import Path

from facsight.analysis.columns import as_markdown
from facsight.analysis.compound import compound_columns

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "compound.md").read_text(encoding="utf-8")


def test_the_columns_in_the_docs_are_those_of_the_table():
    table = as_markdown(compound_columns("rules", photos=False))
    assert table in PAGE, f"put this table at the end of compound.md:\n{table}"


def test_figures_are_those_of_the_record():
    results = json.loads((ROOT / "benchmarks" / "results" / "compound.json").read_text("utf-8"))["results"]
    for space in ("cexpr7", "rafce14"):
        for decision in ("top2_all", "top2_basic", "sum", "masked_sum", "weighted_sum", "attention_fit"):
            told = results[space][decision]
            assert f"{told['mean']:.3f}".lstrip("0") in PAGE, (space, decision)


def test_figures_of_learnt_compounds_are_those_of_the_record():
    file = ROOT / "benchmarks" / "results" / "compound_labels.json"
    results, part = json.loads(file.read_text("utf-8"))["results"], PAGE.split("**Learnt compounds.**", 1)[1]
    for name in ("classes", "sum"):
        told = results[f"{name}, shown"]
        assert f"{told['mean']:.3f} ± {told['sd']:.3f}".replace("0.", ".") in part
        assert results[f"{name}, kept back"]["mean"] == 0
