import json

import pytest

from facsight.catalog import FUSION
from facsight.cli.app import run
from facsight.cli.train import run_name

RECIPE = """
about = "drawn"
[data]
name = "drawn"
faces = 96
difficulty = 0.0
[network]
widths = [8, 8, 8]
blocks = [1, 1, 1]
stem = 4
[method]
name = "action_units"
[training]
epochs = 1
batch_size = 24
"""


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(RECIPE)
    return path


def left_with(arguments):
    with pytest.raises(SystemExit) as left:
        run([str(word) for word in arguments])
    return left.value.code


def test_train_score_report_one_after_the_other(recipe, tmp_path, capsys):
    folder = tmp_path / "run"
    assert left_with(["train", recipe, "seed=3", "method.guidance=0", "--out", folder]) == 0
    assert json.loads((folder / "metrics.json").read_text())["faces"] == 24
    assert "guidance = 0.0" in (folder / "recipe.toml").read_text()
    assert str(folder) in capsys.readouterr().out
    assert left_with(["score", folder, "--split", "test"]) == 0
    assert (folder / "metrics-test.json").is_file()
    assert left_with(["report", folder]) == 0
    assert (folder / "report.html").read_text().startswith("<!doctype html>")


def test_an_unknown_key_is_wrong_use(recipe, tmp_path, capsys):
    assert left_with(["train", recipe, "method.guidanc=1", "--out", tmp_path / "run"]) == 2
    assert "did you mean 'guidance'" in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "run").exists()


def test_a_missing_dataset_says_what_is_expected(recipe, tmp_path, capsys):
    assert (
        left_with(["train", recipe, 'data={name="ferplus", folder="nowhere"}', "--out", tmp_path / "run"])
        == 2
    )
    assert "fer2013new.csv" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("shelf", ["methods", "datasets", "labels", "codebooks", "finders", "fusion"])
def test_list_names_what_there_is(shelf, capsys):
    assert left_with(["list", shelf]) == 0
    assert capsys.readouterr().out.startswith(f"{shelf}: ")


def test_list_of_an_unknown_shelf(capsys):
    assert left_with(["list", "method"]) == 2
    assert "did you mean 'methods'" in " ".join(capsys.readouterr().err.split())


def test_show_prints_the_card_and_the_options(capsys):
    assert left_with(["show", "action_units"]) == 0
    said = capsys.readouterr().out
    assert "https://arxiv.org/abs/2402.00281" in said
    assert "Differs" in said
    assert "guidance: float = 4.0" in said
    assert "network" not in said.split("Options")[1]


@pytest.mark.parametrize("name", FUSION)
def test_show_prints_the_card_of_every_fusion_block(name, capsys):
    assert left_with(["show", name]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{name} (fusion)\n")
    for line in ("Paper ", "Needs ", "Learns ", "Gives ", "Differs "):
        assert line in said, line
    assert "width: int" in said.split("Options")[1]
    assert "sizes: " not in said.split("Options")[1]  # given by what is prepared, not by a recipe


def test_a_run_is_named_after_its_recipe_and_changes(recipe):
    assert run_name(recipe, ["seed=1", "data.folder=/a/b"]) == "small-seed=1"
    assert "/" not in run_name(recipe, ["../../x=1"])
