import math

import pytest
import torch
from sklearn.metrics import f1_score

from facsight.unit_experiment.answers import UnitAnswers, quick_unit_scores
from facsight.unit_experiment.scoring import unit_scores
from facsight.unit_experiment.thresholds import ONE_PERSON, choose, persons_of

NAN = float("nan")
UNITS = (1, 4, 12)


def said(shown, logits=None, person=None, presence=None) -> UnitAnswers:
    shown = torch.as_tensor(shown, dtype=torch.float32)
    logits = 4 * shown.nan_to_num() - 2 if logits is None else logits
    person = torch.arange(len(shown)) if person is None else person
    return UnitAnswers(
        logits, shown, shown if presence is None else presence, torch.ones(shown.shape), person
    )


def scored(answers, cross_fitted=True):
    person = persons_of(answers.person)
    columns = zip(answers.probabilities.T, answers.shown.T, strict=True)
    return unit_scores(answers, UNITS, [choose(c, s, person) for c, s in columns], cross_fitted=cross_fitted)


def test_a_perfect_reader_has_one_everywhere():
    shown = torch.tensor([[1.0, 0, 1], [0, 1, 1], [1, 1, 0], [0, 0, 0]])
    found = scored(said(shown))
    assert [entry["f1"]["value"] for entry in found["units"].values()] == [1.0, 1.0, 1.0]
    assert found["mean"]["f1"]["value"] == found["mean"]["auc"]["value"] == 1.0
    assert found["units"]["AU04"]["optimism"] == 0
    assert found["told"] == []
    assert (found["faces"], found["persons"]) == (4, 4)


def test_f1_is_that_of_sklearn_on_judged_faces(generator):
    shown = (torch.rand(60, 3, generator=generator) < 0.4).float()
    logits = torch.randn(60, 3, generator=generator) + shown
    answers = said(shown, logits, torch.arange(60) % 6)
    found = scored(answers)
    for place, entry in enumerate(found["units"].values()):
        choice = choose(answers.probabilities[:, place], answers.shown[:, place], answers.person)
        oracle = f1_score(shown[choice.judged, place], choice.decided[choice.judged])
        assert entry["f1"]["value"] == pytest.approx(oracle)
        assert entry["f1"]["interval"][0] <= oracle <= entry["f1"]["interval"][1]
        half = f1_score(shown[:, place], logits[:, place] >= 0)
        assert entry["f1_at_half"] == pytest.approx(half)
        assert entry["optimism"] == pytest.approx(entry["f1_in_sample"] - oracle)
    mean = sum(entry["f1"]["value"] for entry in found["units"].values()) / 3
    assert found["mean"]["f1"]["value"] == pytest.approx(mean)


def test_a_unit_never_present_is_told_and_left_out():
    shown = torch.tensor([[1.0, 0, NAN], [0, 0, NAN], [1, 0, NAN]])
    found = scored(said(shown))
    assert found["units"]["AU04"]["threshold"] is None
    assert found["units"]["AU04"]["f1"]["value"] is None
    assert found["units"]["AU04"]["auc"] is None
    assert found["mean"]["f1"]["value"] == 1.0
    assert "AU04 is never present on these faces: it is left out of the means" in found["told"]
    assert "AU12 was coded on no face: it has no score" in found["told"]


def test_one_person_is_told_and_has_no_interval():
    found = scored(said(torch.tensor([[1.0, 1, 0], [0, 1, 1]]), person=torch.tensor([3, 3])))
    assert found["told"] == [ONE_PERSON]
    assert found["units"]["AU01"]["threshold"] == 0.5
    assert "interval" not in found["units"]["AU01"]["f1"]


def test_unknown_people_are_told():
    shown = torch.tensor([[1.0, 1, 1], [1, 1, 1], [0, 0, 0]])
    found = scored(said(shown, person=torch.tensor([-1, -1, 2])))
    assert found["persons"] == 3
    assert found["told"][0].startswith("2 faces are of unknown people")


def test_degrees_have_an_icc():
    presence = torch.tensor([[0.0, 0.2, 0.5, 1.0]]).T.repeat(1, 3)
    answers = said((presence >= 0.5).float(), torch.logit(presence.clamp(0.01, 0.99)), presence=presence)
    assert scored(answers)["units"]["AU01"]["icc"] == pytest.approx(1, abs=0.01)
    assert "icc" not in scored(said((presence >= 0.5).float()))["units"]["AU01"]


def test_quick_scores_by_hand():
    # one unit coded on two faces: one hit, one false alarm: F1 = 2 / (2 + 1)
    shown = torch.tensor([[1.0, NAN, NAN], [0.0, NAN, NAN]])
    found = quick_unit_scores(said(shown, torch.zeros(2, 3) + 1e-9))
    assert found["f1"] == pytest.approx(2 / 3)
    assert found["cross_entropy"] == pytest.approx(math.log(2), abs=1e-6)
