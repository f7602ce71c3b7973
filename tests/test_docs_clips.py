"""The page on clips tells what was recorded."""

import json
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "clips.md").read_text(encoding="utf-8")
WAYS = {
    "stochastic": "clips drawn by their scores",
    "uniform": "clips drawn evenly",
    "dense": "dense: every step of every clip",
}


def results(name):
    return json.loads((ROOT / "benchmarks" / "results" / f"{name}.json").read_text(encoding="utf-8"))[
        "results"
    ]


def row(first):
    (line,) = (line for line in PAGE.splitlines() if line.startswith(f"| {first} |"))
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def test_the_table_of_ways_to_draw_clips():
    for name, told in WAYS.items():
        one = results("stochastic_softmax")["ways"][name]
        accuracies, read, enough, part = row(told)
        assert [float(value) for value in accuracies.split(",")] == one["accuracies"]
        assert int(read.replace(",", "")) == one["steps_read"]
        assert int(enough.replace(",", "")) == one["steps_to_95"]
        assert part == ("" if name == "dense" else f"{one['on_part']:.2f}".lstrip("0"))


def test_the_table_of_apexes():
    for name, one in results("apex")["frames"].items():
        mean, each, near = row(name)
        assert float(mean) == one["mean_error"]
        assert [float(value) for value in each.split(",")] == one["each_seed"]
        assert float(near) == one["near"]
