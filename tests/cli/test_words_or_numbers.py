"""From a prepared folder to both ways to two runs to their paired difference, as it is run."""

import json
from pathlib import Path

import pytest
import torch

from facsight.data.simulated.discord import write_discord
from tiny_language import save_llama, save_tokenizer

RECIPES = Path(__file__).parents[2] / "recipes" / "text"
QUICK = ("data.step=2.0", "training.epochs=1", "training.batch_size=8")


@pytest.fixture
def both(facsight, tmp_path):
    write_discord(tmp_path / "features", {"train": 3}, generator=torch.Generator().manual_seed(0))
    save_llama(tmp_path / "model", len(save_tokenizer(tmp_path / "model", ["The", "voice", "is"])))
    arguments = ("--out", "both", "--seconds", 2, "--encoder", tmp_path / "model")
    code, told, _ = facsight("textualize", "features", *arguments)
    assert code == 0
    assert "both   both: 24 recordings" in told
    return tmp_path / "both"


def test_both_recipes_are_trained_and_compared(facsight, both, tmp_path):
    for name in ("feature_based", "textualized"):
        recipe = RECIPES / f"{name}.toml"
        code, _, problem = facsight(
            "train", recipe, f"data.folder={both}", *QUICK, "--folds", 3, "--out", tmp_path / name
        )
        assert code == 0, problem
    code, told, _ = facsight("compare", "feature_based", "textualized", "--out", "compared.json")
    assert code == 0
    assert "discord2: macro F1" in told
    compared = json.loads((tmp_path / "compared.json").read_text())
    assert {row["score"] for row in compared["scores"]} >= {"accuracy", "macro F1", "F1 of discord"}
    assert all(row["clusters"] == 3 for row in compared["scores"])
    for arguments, expected in (
        (("feature_based", "both"), "is a run of recordings, both is none"),
        (("feature_based", "textualized", "--by", "person"), "compared over people"),
        (("feature_based", "textualized", "--on", "test"), "has no predictions-test.parquet"),
    ):
        code, _, problem = facsight("compare", *arguments)
        assert code == 2, arguments
        assert expected in problem, problem


def test_a_folder_that_is_there_is_not_written_over(facsight, both):
    code, _, problem = facsight("textualize", "features", "--out", "both")
    assert code == 1
    assert "is there already, and not empty" in problem


def test_wrong_use_is_told(facsight, both):
    for arguments, expected in (
        (("features",), "of a prepared folder --out is a folder for texts and numbers"),
        (("features", "--out", "texts.jsonl"), "of a prepared folder --out is a folder"),
        (("features", "--out", "other", "--transcript", "a.srt"), "its list has what was said"),
        (("features", "--out", "other", "--detail", "fulll"), "fulll"),
        (("both", "--out", "other"), "no features that can be said"),
        ((both / "manifest.parquet", "--encoder", "x"), "--encoder is for folders of `facsight prepare`"),
    ):
        code, _, problem = facsight("textualize", *arguments)
        assert code == 2, arguments
        assert expected in problem, problem
