import pytest
import torch

from facsight.core.errors import BadFolds, BadLabels, BadRecipe
from facsight.core.labels import LabelSpace, label_space
from facsight.data.protocol import load_protocol
from facsight.data.sequence_parts import fold_part, people_of, recording_folds, under_protocol
from facsight.data.sequence_set import Recording, SequenceSet


def recordings(space, truths, people):
    """A recording of three steps for each label, called after its number."""
    known = {"face": torch.ones(3, dtype=torch.bool)}
    made = [
        Recording(f"r{k}", who, {"face": torch.zeros(3, 1)}, known, {space.name: torch.tensor(truth)})
        for k, (truth, who) in enumerate(zip(truths, people, strict=True))
    ]
    return SequenceSet("pain", 1.0, (space,), tuple(made))


def one_hot(place, size):
    return [float(k == place) for k in range(size)]


def pain(people=6):
    """Each person in each of BioVid's five levels."""
    levels = [one_hot(level, 5) for _ in range(people) for level in range(5)]
    return recordings(label_space("biovid5"), levels, [f"p{k}" for k in range(people) for _ in range(5)])


def names(part):
    return {one.name for one in part.recordings}


def test_folds_are_over_people_and_have_classes_alike():
    found = pain()
    folds = recording_folds(found, 3)
    tested = [fold_part(found, folds, number, "val") for number in (1, 2, 3)]
    trained = [fold_part(found, folds, number, "train") for number in (1, 2, 3)]
    assert sorted(name for part in tested for name in names(part)) == sorted(names(found))
    for val, train in zip(tested, trained, strict=True):
        assert names(val) | names(train) == names(found)
        assert not set(people_of(val)) & set(people_of(train))
        assert torch.stack([one.truth["biovid5"] for one in val.recordings]).sum(dim=0).tolist() == [2.0] * 5
    assert tested[1].name == "pain-fold2of3-val"


def test_as_many_folds_as_people_leave_each_out_once():
    found = pain(4)
    folds = recording_folds(found, 4)
    assert sorted(people_of(fold_part(found, folds, k, "val"))[0] for k in range(1, 5)) == people_of(found)


def test_folds_beyond_the_last_are_refused():
    with pytest.raises(BadFolds, match="from 1 to 3, found 4"):
        fold_part(pain(), recording_folds(pain(), 3), 4, "val")


def test_folds_without_people_are_refused():
    found = recordings(label_space("biovid5"), [one_hot(0, 5)] * 4, ["ann", "bob", None, None])
    with pytest.raises(BadFolds):
        recording_folds(found, 2)


def test_the_folds_of_a_protocol():
    folds = recording_folds(pain(), protocol=load_protocol("biovid"))
    assert folds.names == tuple(f"p{k}" for k in range(6))
    mixed = recording_folds(pain(), protocol=load_protocol("biovid"), scheme="mixed-five-fold")
    train, val = (fold_part(pain(), mixed, 1, part) for part in ("train", "val"))
    assert set(people_of(train)) & set(people_of(val))  # what its warning says
    assert not names(train) & names(val)


@pytest.mark.parametrize("protocol", [None, "abaw10-va", "dfew"])
def test_protocols_without_folds_of_people(protocol):
    with pytest.raises(BadRecipe, match="a number of folds"):
        recording_folds(pain(), protocol=protocol and load_protocol(protocol))


def test_a_protocol_leaves_out_the_classes_that_it_drops():
    found = under_protocol(pain(2), load_protocol("biovid"))
    assert [one.name for one in found.recordings] == ["r0", "r4", "r5", "r9"]
    assert found.spaces == (label_space("biovid2"),)
    truth = torch.stack([one.truth["biovid2"] for one in found.recordings])
    assert truth.tolist() == [[1, 0], [0, 1]] * 2


def test_classes_that_count_as_one_are_added_up():
    iemocap = label_space("iemocap")
    merged = label_space("iemocap4")
    (taken, meant), *_ = merged.takes
    shares = torch.zeros(len(iemocap))
    shares[iemocap.index(taken)] = shares[iemocap.index(meant)] = 0.25
    shares[iemocap.index("frustration")] = 0.5  # dropped: the rest is the whole
    found = under_protocol(recordings(iemocap, [shares.tolist()], ["ann"]), load_protocol("iemocap"))
    assert found.recordings[0].truth["iemocap4"].tolist() == one_hot(merged.index(meant), 4)


def test_values_of_steps_stay_as_they_are_and_gaps_stay_gaps():
    own = LabelSpace("own", ("valence", "arousal"), kind="values", low=-10.0, high=10.0)
    truth = [[5.0, -10.0], [float("nan"), 0.0], [0.0, 10.0]]
    found = under_protocol(recordings(own, [truth], ["ann"]), load_protocol("abaw10-va"))
    (space,) = found.spaces
    expected = torch.tensor([[0.5, -1.0], [torch.nan, 0.0], [0.0, 1.0]])
    torch.testing.assert_close(found.recordings[0].truth[space.name], expected, equal_nan=True)


def test_labels_of_something_else_are_refused():
    with pytest.raises(BadLabels, match="has no labels of biovid2, which biovid scores, only of mood"):
        under_protocol(
            recordings(LabelSpace("mood", ("low", "high")), [one_hot(0, 2)], ["a"]), load_protocol("biovid")
        )


def test_classes_that_a_protocol_does_not_know_are_refused():
    own = LabelSpace("own", ("no pain", "pain 4", "headache"), column="pain_level")
    with pytest.raises(BadLabels, match="what becomes of headache"):
        under_protocol(recordings(own, [one_hot(0, 3)], ["a"]), load_protocol("biovid"))
