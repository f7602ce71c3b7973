"""What the page tells of pretraining on faces is what was recorded."""

import json
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "pretraining.md").read_text(encoding="utf-8")
FOUND = json.loads((ROOT / "benchmarks" / "results" / "pretraining.json").read_text())["results"]["by_share"]


def told(scores, key):
    return f"{scores[key]['mean']:.3f} ± {scores[key]['sd']:.3f}".replace("0.", ".")


def test_figures_are_the_recorded_ones():
    for share, label in (("0.05", "5 %"), ("1.0", "100 %")):
        scratch, started = FOUND[share]["from scratch"], FOUND[share]["pretrained"]
        cells = [told(one, key) for key in ("accuracy", "macro_f1") for one in (scratch, started)]
        assert f"| {label} | {scratch['epochs']} | {' | '.join(cells)} |" in PAGE
        assert scratch["epochs"] == started["epochs"]
        for key in ("accuracy", "macro_f1"):
            assert started[key]["mean"] > scratch[key]["mean"]
