"""The page about protocols: its commands give the output that it shows, its tables are those of the code."""

import re
from pathlib import Path

import pytest

from facsight.cli.app import run
from facsight.data.protocol import load_protocol
from facsight.scoring.adjusting import BIASES, THRESHOLDS
from facsight.scoring.steps import read_steps
from facsight.scoring.tuning import FOLDS, TUNED, WIDTHS

PAGE = (Path(__file__).parents[1] / "docs" / "protocols.md").read_text(encoding="utf-8")
PART = PAGE.split("## Tune, honestly\n", 1)[1].split("\n## ", 1)[0]


def block(kind):
    return re.search(rf"```{kind}\n(.*?)```", PART, re.DOTALL)[1]


def command(words):
    with pytest.raises(SystemExit) as left:
        run(words)
    assert not left.value.code


def test_the_output_of_tuning_is_what_the_commands_print(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    mock, _, score = [line.split("#")[0].split() for line in block("").strip().splitlines()]
    command(mock[1:])
    exec(compile(block("python"), "make.py", "exec"), {})
    capsys.readouterr()
    command(score[1:])
    told = [line.strip() for line in capsys.readouterr().out.splitlines()]
    for line in block("text").splitlines():
        assert line.strip() in told, f"not printed: {line}"


def test_the_steps_of_the_page_are_steps(tmp_path):
    (tmp_path / "steps.toml").write_text(block("toml"))
    found = read_steps(tmp_path / "steps.toml", load_protocol("abaw7-mtl").spaces)
    assert [step.name for step in found.steps] == ["fill", "box", "threshold"]


def test_the_numbers_of_the_page_are_those_of_the_code():
    assert set(re.findall(r"^\| `(\w+)` \|", PART, re.MULTILINE)) == set(TUNED)
    assert (WIDTHS[0], WIDTHS[-1]) == (0.25, 12)
    assert f"{len(THRESHOLDS)} from .01 to .99" in PART
    assert (THRESHOLDS[0], THRESHOLDS[-1], BIASES[0], BIASES[-1], BIASES[1] - BIASES[0]) == (
        *(0.01, 0.99, -2, 2, 0.25),
    )
    assert FOLDS == 5
    assert "divided into five folds" in PART
