"""The F1 of each unit of recordings, with its interval over people."""

import pytest
import torch

from facsight.core.labels import LabelSpace
from facsight.data.sequence_set import Recording, SequenceSet
from facsight.training.sequence_scoring import Said, sequence_scores

UNITS = LabelSpace("units", ("AU01", "AU02", "AU04"), kind="units")


def recordings(truth):
    known = {"face": torch.ones(3, dtype=torch.bool)}
    made = [
        Recording(f"r{k}", f"p{k}", {"face": torch.zeros(3, 1)}, known, {"units": torch.tensor(own).T})
        for k, own in enumerate(truth)
    ]
    return SequenceSet("s", 1.0, (UNITS,), tuple(made))


def scored(said, truth):
    found = recordings(truth)
    answers = [Said({"units": 4 * torch.tensor(own).T - 2}, None) for own in said]
    return sequence_scores(answers, found, found)["units"]["f1"]


def test_intervals_by_hand():
    """AU1 alike in both people: 2/3 in any resample. AU2 right in one, missed in the other: 0 to 1."""
    nan = float("nan")
    truth = [[[1.0, 1, 0], [1.0, 0, 0], [0.0, 0, nan]]] * 2
    said = [[[1.0, 0, 0], [1.0, 0, 0], [0.0, 0, 1]], [[1.0, 0, 0], [0.0, 0, 0], [0.0, 0, 1]]]
    found = scored(said, truth)
    assert found["AU01"]["value"] == pytest.approx(2 / 3)
    assert found["AU01"]["interval"] == pytest.approx([2 / 3, 2 / 3])
    assert found["AU02"]["value"] == pytest.approx(2 / 3)
    assert found["AU02"]["interval"] == [0.0, 1.0]
    assert found["AU04"] == {"value": None, "interval": None}  # neither there nor shown where it is known


def test_one_person_has_no_interval():
    found = scored([[[1.0, 1, 0], [1.0, 0, 0], [0.0, 0, 0]]], [[[1.0, 0, 0], [1.0, 0, 0], [0.0, 0, 0]]])
    assert found["AU01"] == {"value": pytest.approx(2 / 3), "interval": None}
