"""What is planted in recordings of several tasks: who shares causes, how good labels are, what is slow."""

import pytest
import torch

from facsight.core.errors import BadLabels
from facsight.data.simulated import TASKS, load_tasks, simulate_tasks

EXPRESSION, AFFECT, UNITS = (TASKS[task].name for task in ("expression", "affect", "units"))


def made(recordings=12, seed=0, **options):
    return simulate_tasks(recordings, generator=torch.Generator().manual_seed(seed), **options)


def steps_of(recordings, space):
    return torch.cat([one.truth[space] for one in recordings.recordings])


def explained(x, y):
    """The share of y that a straight line of x explains."""
    x = torch.cat([x, torch.ones(len(x), 1)], dim=1).double()
    left = y.double() - x @ torch.linalg.lstsq(x, y.double()).solution
    return 1 - float(left.var() / y.double().var())


def test_shared_causes_tell_all_tasks():
    found = made(overlap="shared")
    valence, arousal = steps_of(found, AFFECT).unbind(dim=1)
    quadrant = {"calm": (1, -1), "tense": (-1, 1), "sad": (-1, -1), "glad": (1, 1)}
    for shares, v, a in zip(steps_of(found, EXPRESSION), valence, arousal, strict=True):
        name = TASKS["expression"].classes[int(shares.argmax())]
        assert (v.sign(), a.sign()) == quadrant[name]
    units = steps_of(found, UNITS)
    edge = torch.tensor(0.5).tanh()
    assert torch.equal(units[:, 1], (valence > edge).float())  # AU12
    assert torch.equal(units[:, 3], (arousal < -edge).float())  # AU43


def test_causes_apart_tell_their_own_task_only():
    # 80 recordings of slow waves are about 80 * 16 s / 10 s independent looks: an R2 of 2 / 130 by chance
    found = made(80, overlap="apart")
    affect = steps_of(found, AFFECT).atanh()
    for space in (EXPRESSION, UNITS):
        assert explained(affect, steps_of(found, space)[:, :1]) < 0.1
    shared = made(80, overlap="shared")
    affect = steps_of(shared, AFFECT).atanh()
    assert explained(affect, steps_of(shared, UNITS)[:, 1:2]) > 0.3


def test_the_face_shows_the_same_whatever_the_overlap():
    one, other = (made(2, overlap=overlap) for overlap in ("shared", "apart"))
    assert torch.equal(one.recordings[1].streams["face"], other.recordings[1].streams["face"])


def test_the_face_tells_affect_through_a_bend():
    """A straight line tells some of it and a richer one more: there is something to learn."""
    found = made(60, noise=0.0)
    face = torch.cat([one.streams["face"] - one.streams["face"].mean(dim=0) for one in found.recordings])
    affect = steps_of(found, AFFECT).atanh()[:, :1]
    one, other = torch.triu_indices(24, 24)
    bent = torch.cat([face, face[:, one] * face[:, other]], dim=1)
    straight = explained(face, affect)
    assert 0.1 < straight < explained(bent, affect)


def test_exactly_the_share_of_recordings_has_labels_each_task_by_itself():
    found = made(20, labelled={"affect": 0.25, "units": 0.5})
    known = {
        space: [bool(one.truth[space].isfinite().all()) for one in found.recordings]
        for space in (EXPRESSION, AFFECT, UNITS)
    }
    assert [sum(known[space]) for space in (EXPRESSION, AFFECT, UNITS)] == [20, 5, 10]
    assert [bool(one.truth[AFFECT].isnan().all()) for one in found.recordings] == [
        not there for there in known[AFFECT]
    ]
    assert known[UNITS][:10] != known[AFFECT][:10]


def test_doubtful_labels_are_those_of_other_steps():
    clear, doubted = made(20), made(20, doubt={"affect": 0.3})
    one, other = steps_of(clear, AFFECT), steps_of(doubted, AFFECT)
    moved = (one != other).any(dim=1).double().mean()
    assert 0.28 < moved <= 0.3  # a few stay where they are
    assert torch.equal(one.sort(dim=0).values, other.sort(dim=0).values)
    assert torch.equal(steps_of(clear, UNITS), steps_of(doubted, UNITS))


def along(values):
    """The correlation of neighbouring steps."""
    one, other = values[:-1].flatten(), values[1:].flatten()
    return float(torch.corrcoef(torch.stack([one, other]))[0, 1])


def test_slow_causes_hold_and_fast_ones_do_not():
    found = made(1, steps=2000, overlap="apart", fast=["units"])
    truth = found.recordings[0].truth
    assert along(truth[AFFECT][:, 0]) > 0.8
    # independent steps: a standard error of 1 / sqrt(2000)
    assert abs(along(truth[UNITS][:, 1])) < 4 / 2000**0.5
    assert float(truth[UNITS].mean()) == pytest.approx(0.3085, abs=0.02)  # P(u > 1/2)


def test_labels_for_scoring_are_whole_and_true():
    options = {"recordings": 9, "labelled": {"units": 0.0}, "doubt": {"affect": 0.5}}
    train, val = (load_tasks(split=split, **options) for split in ("train", "val"))
    assert not steps_of(train, UNITS).isfinite().any()
    assert all(steps_of(val, space.name).isfinite().all() for space in TASKS.values())
    whole = load_tasks(split="val", recordings=9)
    assert torch.equal(steps_of(val, AFFECT), steps_of(whole, AFFECT))
    assert not {one.subject for one in train.recordings} & {one.subject for one in val.recordings}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"labelled": {"unit": 0.5}}, "no planted task 'unit': did you mean 'units'"),
        ({"doubt": {"affekt": 0.5}}, "did you mean 'affect'"),
        ({"fast": ["units"]}, "shared causes are all as slow"),
    ],
)
def test_bad_options(options, told):
    with pytest.raises(BadLabels, match=told):
        made(2, **options)


def test_an_unknown_split_is_told():
    with pytest.raises(BadLabels, match="no split 'vall'"):
        load_tasks(split="vall")
