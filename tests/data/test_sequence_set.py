from dataclasses import replace

import polars as pl
import pytest
import torch

from facsight.core.errors import BadLabels, BadTable
from facsight.core.labels import LabelSpace, label_space
from facsight.data.sequence_set import Recording, SequenceSet, label_rows

AFFECT = LabelSpace("affect", ("valence", "arousal"), kind="values", low=-1.0, high=1.0)


def recording(name="a", steps=4, **truth):
    streams = {"face": torch.ones(steps, 3), "voice": torch.ones(steps, 2)}
    known = {modality: torch.ones(steps, dtype=torch.bool) for modality in streams}
    return Recording(name, None, streams, known, {"affect": truth.get("affect", torch.zeros(steps, 2))})


def test_sizes_and_what_labels_are_of():
    of_steps = SequenceSet("s", 0.25, (AFFECT,), (recording(), recording("b", 9)))
    assert of_steps.sizes == {"face": (3,), "voice": (2,)}
    assert of_steps.of_steps == {"affect": True}
    of_wholes = SequenceSet("s", 0.25, (AFFECT,), (recording(affect=torch.zeros(2)),))
    assert of_wholes.of_steps == {"affect": False}
    assert [one.name for one in of_steps.subset(lambda one: one.steps > 4).recordings] == ["b"]


def test_no_recordings_are_refused():
    with pytest.raises(BadTable, match="no recordings"):
        SequenceSet("s", 0.25, (AFFECT,), ())


def test_recordings_share_their_modalities():
    lacking = recording("b")
    lacking = replace(
        lacking, streams={"face": lacking.streams["face"]}, known={"face": lacking.known["face"]}
    )
    with pytest.raises(BadTable, match=r"b has face \(3,\), a has face \(3,\), voice \(2,\)"):
        SequenceSet("s", 0.25, (AFFECT,), (recording(), lacking))


def test_modalities_have_the_same_steps():
    odd = recording()
    odd = replace(odd, known={"face": odd.known["face"], "voice": torch.ones(3, dtype=torch.bool)})
    with pytest.raises(BadTable, match=r"\[3, 4\] steps"):
        SequenceSet("s", 0.25, (AFFECT,), (odd,))


@pytest.mark.parametrize("shape", [(3, 2), (4, 3), (5,)])
def test_labels_of_another_shape_are_refused(shape):
    with pytest.raises(BadLabels, match="expected labels of affect for b"):
        SequenceSet("s", 0.25, (AFFECT,), (recording(), recording("b", affect=torch.zeros(shape))))


def test_labels_of_steps_and_of_wholes_do_not_mix():
    with pytest.raises(BadLabels, match="as those of a"):
        SequenceSet("s", 0.25, (AFFECT,), (recording(), recording("b", affect=torch.zeros(2))))


def test_rows_of_labels():
    space = label_space("fer2013")
    table = pl.DataFrame(
        {"expression": [space.classes[1], None], "valence": [0.5, None], "arousal": [0.1, 0.2]}
    )
    classes = label_rows(table, space)
    assert classes[0].tolist() == [0, 1, 0, 0, 0, 0, 0]
    assert classes[1].isnan().all()
    values = label_rows(table, AFFECT)
    torch.testing.assert_close(values, torch.tensor([[0.5, 0.1], [torch.nan, 0.2]]), equal_nan=True)


def test_shares_of_annotators_are_the_label():
    space = LabelSpace("two", ("a", "b"))
    table = pl.DataFrame({"expression": ["a", "b"], "share_of_a": [3.0, 1.0], "share_of_b": [1.0, 1.0]})
    assert label_rows(table, space).tolist() == [[0.75, 0.25], [0.5, 0.5]]
