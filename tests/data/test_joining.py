import polars as pl
import pytest
import torch

from facsight.core.errors import BadLabels, BadRecipe, BadTable
from facsight.core.labels import LabelSpace
from facsight.data.joining import join, load_several
from facsight.data.sequence_set import Recording, SequenceSet

MOOD = LabelSpace("mood", ("low", "high"))
AFFECT = LabelSpace("affect", ("valence",), kind="values", low=-1.0, high=1.0)


def one(name, truth, who="anna", **options):
    known = {"face": torch.ones(3, dtype=torch.bool)}
    return Recording(name, who, {"face": torch.zeros(3, 2)}, known, truth, **options)


def moods(step=1.0, space=MOOD, **options):
    return SequenceSet("m", step, (space,), (one("a", {"mood": torch.eye(2)[[0, 1, 0]]}, **options),))


def affects(step=1.0):
    return SequenceSet("v", step, (AFFECT,), (one("a", {"affect": torch.ones(3, 1)}),))


def test_every_recording_has_all_label_spaces_and_only_its_own_labels():
    both = join("both", {"first": moods(), "second": affects()})
    assert both.spaces == (MOOD, AFFECT)
    assert both.datasets == ("first", "second")
    first, second = both.recordings
    assert torch.equal(first.truth["mood"], torch.eye(2)[[0, 1, 0]])
    assert first.truth["affect"].shape == (3, 1)
    assert first.truth["affect"].isnan().all()
    assert second.truth["mood"].shape == (3, 2)
    assert second.truth["mood"].isnan().all()
    assert torch.equal(second.truth["affect"], torch.ones(3, 1))


def test_nobody_is_taken_for_somebody_of_another_dataset():
    both = join("both", {"first": moods(), "second": affects()})
    assert [(each.name, each.subject) for each in both.recordings] == [
        ("first/a", "first/anna"),
        ("second/a", "second/anna"),
    ]
    assert join("both", {"x": moods(who=None), "y": affects()}).recordings[0].subject is None


def test_frames_stay_called_as_their_dataset_calls_them():
    frames = pl.DataFrame({"sample": ["a/1"], "time": [0.0]})
    both = join("both", {"first": moods(frames=frames), "second": affects()})
    assert both.recordings[0].frames["sample"].to_list() == ["a/1"]


def test_one_label_space_in_two_datasets_is_one_task():
    both = join("both", {"first": moods(), "second": moods(who="ben")})
    assert both.spaces == (MOOD,)
    assert all(each.truth["mood"].isfinite().all() for each in both.recordings)


def test_whole_recordings_and_steps_can_stand_beside_each_other():
    whole = SequenceSet("w", 1.0, (AFFECT,), (one("b", {"affect": torch.ones(1)}),))
    both = join("both", {"first": moods(), "second": whole})
    assert both.recordings[0].truth["affect"].shape == (1,)
    assert both.of_steps == {"mood": True, "affect": False}


def test_what_cannot_be_joined():
    with pytest.raises(BadTable, match=r"first 1 s, second 0\.5 s"):
        join("both", {"first": moods(), "second": affects(step=0.5)})
    other = LabelSpace("mood", ("high", "low"))
    with pytest.raises(BadLabels, match="first and second mean different labels by 'mood'"):
        join("both", {"first": moods(), "second": moods(space=other)})
    with pytest.raises(BadRecipe, match="two datasets or more"):
        load_several(split="train", datasets={"first": {}}, read=lambda own: moods())
