"""Post-processing in recipes: what it does to answers, and that scores before it stand beside those after."""

import json

import numpy as np
import polars as pl
import pytest
import torch

from facsight.cli.app import run as front_desk
from facsight.core.errors import BadRecipe
from facsight.core.labels import label_space
from facsight.data.sequence_set import Recording, SequenceSet
from facsight.recipe import check_recipe, read_recipe
from facsight.scoring.steps import Step, Steps
from facsight.sequence_experiment import score_sequences, train_sequences
from facsight.sequence_experiment.processed import processed
from facsight.training.sequence_scoring import Said

AFFECT, EMOTIONS, UNITS = (label_space(name) for name in ("affwild2_va", "ravdess8", "disfa12"))


def a_set(space, truth):
    known = torch.ones(len(truth) if truth.ndim == 2 else 3, dtype=torch.bool)
    one = Recording(
        "r1", "p1", {"face": torch.zeros(len(known), 2)}, {"face": known}, {space.name: truth.float()}
    )
    return SequenceSet("made", 0.5, (space,), (one,))


def said(space, output):
    return [Said({space.name: torch.as_tensor(output, dtype=torch.float32)}, None)]


def test_a_box_is_the_mean_of_the_steps_within_it():
    """Steps of .5 s, a box of 1.5 s: each step with its neighbours, as far as there are."""
    values = torch.tensor([[0.0, 0.9], [0.6, 0.9], [0.3, 0.9], [0.9, 0.9]])
    made = a_set(AFFECT, values)
    steps = Steps((Step("box", {"seconds": 1.5}, ("valence",)),))
    after = processed(said(AFFECT, values), made, steps)[0].outputs[AFFECT.name]
    assert after[:, 0].tolist() == pytest.approx([0.3, 0.3, 0.6, 0.6], abs=1e-6)
    assert after[:, 1].tolist() == pytest.approx([0.9] * 4)


def test_classes_are_filtered_as_probabilities():
    """A step of certainty between two of the other class loses in a median."""
    logits = torch.full((3, len(EMOTIONS)), -9.0)
    logits[[0, 2], 1] = 9.0
    logits[1, 4] = 9.0
    made = a_set(EMOTIONS, torch.nn.functional.one_hot(torch.tensor([1, 1, 1]), len(EMOTIONS)))
    after = processed(said(EMOTIONS, logits), made, Steps((Step("median", {"seconds": 1.1}),)))
    found = after[0].outputs[EMOTIONS.name].softmax(dim=1)
    assert found.argmax(dim=1).tolist()[1] == 1
    assert found.sum(dim=1).tolist() == pytest.approx([1] * 3)


def test_a_bias_makes_a_class_so_many_times_as_likely():
    names = list(EMOTIONS.classes)
    logits = torch.log(torch.tensor([[0.5, 0.3, *[0.2 / (len(names) - 2)] * (len(names) - 2)]]))
    made = a_set(EMOTIONS, torch.nn.functional.one_hot(torch.tensor([0]), len(names))[0])
    steps = Steps((Step("bias", {"of": {names[1]: float(np.log(4))}}),))
    found = processed(said(EMOTIONS, logits[0]), made, steps)[0].outputs[EMOTIONS.name].softmax(dim=0)
    assert found[1].item() == pytest.approx(1.2 / 1.9, abs=1e-5)
    assert found[0].item() == pytest.approx(0.5 / 1.9, abs=1e-5)


def test_a_threshold_decides_units():
    logits = torch.logit(torch.tensor([[0.4] * 12, [0.2] * 12]))
    made = a_set(UNITS, torch.ones(2, 12))
    steps = Steps((Step("threshold", {"of": {UNITS.columns[0]: 0.3}}),))
    found = processed(said(UNITS, logits), made, steps)[0].outputs[UNITS.name].sigmoid()
    assert found[0, 0].item() > 0.99 > 0.01 > found[1, 0].item()
    assert found[:, 1].tolist() == pytest.approx([0.4, 0.2], abs=1e-5)


def recipe(**postprocess):
    return {
        "data": {"name": "simulated", "recordings": 12, "steps": 24, "noise": 0.8},
        "fusion": {"name": "concatenation", "width": 16},
        "method": {"name": "supervised_sequences"},
        "training": {"epochs": 5, "batch_size": 8, "optimizer": "adamw", "rate": 1e-2, "average": 0.5},
        "postprocess": postprocess,
    }


def test_scores_before_and_after_stand_side_by_side(tmp_path, capsys):
    out = tmp_path / "run"
    train_sequences(check_recipe(recipe(box={"seconds": 1.3})), out)
    scores = score_sequences(out)
    after = scores["postprocessed"]
    assert after["steps"] == "box seconds=1.3"
    # what is planted wanders slowly and the noise does not: a mean over neighbours helps
    assert (
        after["simulated_affect"]["valence"]["ccc"]["value"]
        > scores["simulated_affect"]["valence"]["ccc"]["value"]
    )
    before, table = (pl.read_parquet(out / f"predictions{part}.parquet") for part in ("-untuned", ""))
    assert before["valence"].to_list() != table["valence"].to_list()
    one, other = (
        t.filter(pl.col("sample").str.starts_with(t["sample"][0].split("@")[0])) for t in (before, table)
    )
    assert other["valence"].diff().abs().sum() < one["valence"].diff().abs().sum()
    assert pl.read_parquet_metadata(out / "predictions.parquet")["postprocess"] == "box seconds=1.3"
    with pytest.raises(SystemExit):
        front_desk(["score", str(out)])
    printed = capsys.readouterr().out
    assert "simulated_affect, after box seconds=1.3" in printed
    assert json.loads((out / "metrics.json").read_text())["postprocessed"]["steps"] == "box seconds=1.3"


def test_a_run_keeps_its_post_processing(tmp_path):
    kept = check_recipe(
        recipe(median={"seconds": 1.0, "columns": ["valence"]}, scale={"valence": [1.2, 0.0]})
    )
    path = tmp_path / "again.toml"
    path.write_text(kept.to_toml())
    assert read_recipe(path) == kept
    assert "[postprocess]" not in check_recipe(recipe()).to_toml()


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ({"boks": {"seconds": 1.0}}, "has no option 'boks'"),
        ({"box": {"second": 1.0}}, "box has no option"),
        ({"box": {}}, "box needs seconds"),
        ({"box": {"seconds": "long"}}, "expected a number for seconds"),
        ({"box": {"seconds": 1.0, "columns": ["valance"]}}, "no column"),
        ({"bias": {"anger": 1.0}}, "expected bias with a table"),
        ({"box": 1.5}, "expects dict"),
    ],
)
def test_what_does_not_fit_is_told_before_training(tmp_path, steps, told):
    with pytest.raises(BadRecipe, match=told):
        train_sequences(check_recipe(recipe(**steps)), tmp_path / "run")
    assert not (tmp_path / "run" / "weights.safetensors").exists()
