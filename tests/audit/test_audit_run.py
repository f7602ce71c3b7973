import json
import shutil
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
import torch

from facsight.audit.run import audit, decision, sample_evenly
from facsight.core.errors import BadOutput, UnknownName
from facsight.experiment import load_faces, open_run, score
from facsight.metrics.interpretability import SCORES
from facsight.report.audit import write_audit_page


def test_everything_is_scored_beside_every_floor(audits):
    scores = audits["guided"].scores
    assert scores["maps"].keys() == {"attention", "class map"}
    for about in scores["maps"]["attention"].values():
        assert about["floors"].keys() == {
            "constant",
            "centred_blob",
            "face_hull",
            "all_units",
            "mean_class_map",
            "random_smooth",
        }
        for floor in about["floors"].values():
            assert set(floor) == set(SCORES)
    assert scores["faithfulness"]["floors"].keys() == about["floors"].keys()


def test_what_does_not_exist_is_none_not_zero(audits):
    floors = audits["guided"].scores["maps"]["attention"]["true"]["floors"]
    assert floors["constant"]["centred_cosine"]["over_faces"]["value"] is None


def test_files_are_written_beside_the_weights(audits, runs):
    home = runs / "guided"
    assert json.loads((home / "audit-val.json").read_text()) == json.loads(
        json.dumps(audits["guided"].scores)
    )
    table = pl.read_parquet(home / "audit-val.parquet")
    assert len(table) == 60
    assert table["right"].mean() == pytest.approx(
        audits["guided"].scores["classification"]["accuracy"]["value"]
    )
    # places were removed on the sample only
    assert table["attention: deletion"].is_not_nan().sum() <= 24


def test_the_table_agrees_with_the_scores(audits, runs):
    table = pl.read_parquet(runs / "guided" / "audit-val.parquet")
    column = table["attention: centred_cosine"]
    mean = column.filter(column.is_not_nan()).mean()
    found = audits["guided"].scores["maps"]["attention"]["true"]["scores"]["centred_cosine"]["over_faces"]
    assert mean == pytest.approx(found["value"])


def test_guidance_shows_in_the_attention(audits):
    guided, plain = (
        audits[name].scores["maps"]["attention"]["true"]["scores"]["centred_cosine"]["over_faces"]["interval"]
        for name in ("guided", "plain")
    )
    assert guided[0] > plain[1]


def test_every_claim_has_an_answer_and_a_reason(audits):
    for verdict in audits["plain"].scores["verdicts"]:
        assert verdict["answer"] in {"yes", "no", "undecided", "not examined"}
        assert verdict["claim"].endswith(".")
        assert verdict["because"].endswith(".")


def test_an_audit_is_the_same_twice(audits, runs):
    again = audit(runs / "guided", sample=24)
    first = {k: v for k, v in audits["guided"].scores.items() if k != "seconds"}
    assert {k: v for k, v in again.scores.items() if k != "seconds"} == first


def test_an_explainer_can_be_judged_too(runs, tmp_path):
    found = audit(runs / "guided", sample=8, methods=["layercam"])
    assert "layercam" in found.scores["maps"]
    assert any("layercam" in verdict["claim"] for verdict in found.scores["verdicts"])


def test_an_unknown_explainer_is_refused_before_any_work(runs):
    heard = []
    with pytest.raises(UnknownName, match="did you mean 'layercam'"):
        audit(runs / "guided", methods=["layercm"], on_part=heard.append)
    assert not heard


def test_a_sample_takes_rare_classes_first():
    label = torch.tensor([0] * 50 + [1] * 3 + [2] * 47)
    chosen = sample_evenly(label, 15, classes=3, seed=0)
    counts = torch.bincount(label[chosen], minlength=3).tolist()
    assert counts[1] == 3
    assert sorted(counts) == [3, 6, 6]
    assert chosen.tolist() == sorted(set(chosen.tolist()))


def test_a_sample_larger_than_the_set_is_the_set():
    assert len(sample_evenly(torch.tensor([0, 1, 1]), 10, classes=2, seed=0)) == 3


def without_landmarks(recipe, split, **options):
    """The recipe's faces, of which nobody knows the landmarks."""
    faces = load_faces(recipe, split, **options)
    return replace(faces, landmarks=torch.full_like(faces.landmarks, torch.nan))


def test_without_landmarks_nothing_about_action_units_is_available(runs, tmp_path, monkeypatch):
    """Never zero: every such score is None, every such claim not examined; the rest is still there."""
    monkeypatch.setattr("facsight.experiment.load_faces", without_landmarks)
    run = Path(shutil.copytree(runs / "guided", tmp_path / "blind"))
    found = audit(run, sample=8)
    one = found.scores["maps"]["attention"]["true"]
    assert (one["scored"], one["without_map"]) == (0, 60)
    assert {score["over_faces"]["value"] for score in one["scores"].values()} == {None}
    assert found.scores["causes"]["units_removed"]["value"] is None
    assert found.scores["causes"]["by_class"] == {}
    answers = {verdict["claim"]: verdict["answer"] for verdict in found.scores["verdicts"]}
    assert answers["Its decisions rest on the regions of the expression's action units."] == "not examined"
    assert sum(answer == "not examined" for answer in answers.values()) == 6
    assert "Not examined: no face has landmarks" in write_audit_page(found, tmp_path / "a.html").read_text()


def test_other_splits_are_scored_with_the_temperature_of_val(runs, tmp_path):
    """Nothing may be fitted on test faces: their scores are those of the card's temperature."""
    run = Path(shutil.copytree(runs / "guided", tmp_path / "again"))
    audited = audit(run, split="test", sample=4).scores["classification"]
    expected = score(run, split="test")["classification"]
    for name in ("accuracy", "calibration_error", "nll", "brier"):
        assert audited[name]["value"] == pytest.approx(expected[name]["value"], rel=1e-5)


def test_a_place_that_cannot_be_written_is_told(runs, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_text", full)
    with pytest.raises(BadOutput, match="make room"):
        audit(runs / "guided", sample=4)


def test_half_precision_changes_probabilities_by_thousandths(runs):
    trained = open_run(runs / "guided")
    pixels = trained.crops(torch.arange(60), torch.Generator()).faces.pixels
    with torch.inference_mode():
        full, half = (decision(trained, bfloat16=b)(pixels).softmax(dim=1) for b in (False, True))
        plain = trained.network.eval()(pixels).logits / trained.temperature
    torch.testing.assert_close(full, plain.softmax(dim=1), atol=1e-4, rtol=0)
    assert half.dtype == torch.float32
    assert 0 < (half - full).abs().max() < 0.03
    assert (half - full).abs().mean() < 0.005
