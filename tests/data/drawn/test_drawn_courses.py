import pytest
import torch

from facsight.core.errors import BadLabels
from facsight.data.drawn import COURSES, draw_courses, load_drawn_courses
from facsight.data.drawn.courses import FIRST, MODALITY, SHOWN


def drawn(n=24, seed=0, **options):
    return draw_courses(n, generator=torch.Generator().manual_seed(seed), **options)


def label_of(one):
    return COURSES.classes[int(one.truth[COURSES.name].argmax())]


def moved(one):
    """How far the points of each step are from those of the face at rest, the median of all steps."""
    points = one.streams[MODALITY].unflatten(1, (68, 2))
    return (points - points.median(dim=0).values).norm(dim=2)


def test_two_courses_are_each_other_backwards_and_two_hold_the_same_steps():
    assert SHOWN["gradual"] == SHOWN["sudden"][::-1]
    blinks, closure = (sorted(value for value in SHOWN[name] if value) for name in ("blinks", "closure"))
    assert blinks == closure


def test_eyes_close_as_often_as_the_label_says():
    """The gap between the lids where nothing trembles: below a quarter of the widest is closed."""
    for one in drawn(40, tremble=0.0).recordings:
        points = one.streams[MODALITY].unflatten(1, (68, 2))
        gap = (points[:, [40, 41]] - points[:, [38, 37]]).norm(dim=2).mean(dim=1)
        closed = (gap < 0.25 * gap.max()).int()
        times = int((closed.diff(prepend=closed.new_zeros(1)) == 1).sum())
        if label_of(one) in ("blinks", "closure"):
            assert times == {"blinks": 3, "closure": 1}[label_of(one)]
            assert int(closed.sum()) == 3


def test_an_expression_rises_and_falls_as_the_label_says():
    for one in drawn(40, tremble=0.0).recordings:
        if label_of(one) in ("sudden", "gradual"):
            course = moved(one)[:, list(range(17, 27)) + list(range(48, 68))].mean(dim=1)
            steepest_up, steepest_down = course.diff().max(), -course.diff().min()
            assert (steepest_up > steepest_down) == (label_of(one) == "sudden")


def test_nobody_is_in_two_splits_and_the_same_numbers_are_the_same_recordings():
    parts = {split: load_drawn_courses(split=split, recordings=6) for split in FIRST}
    people = [{one.subject for one in part.recordings} for part in parts.values()]
    assert set.intersection(*people) == set()
    assert [len(part) for part in parts.values()] == [6, 3, 3]
    again, other = (load_drawn_courses(split="val", recordings=6, series=k) for k in (0, 1))
    stream = parts["val"].recordings[0].streams[MODALITY]
    assert torch.equal(again.recordings[0].streams[MODALITY], stream)
    assert not torch.equal(other.recordings[0].streams[MODALITY], stream)


def test_unknown_split():
    with pytest.raises(BadLabels, match="did you mean 'train'"):
        load_drawn_courses(split="trian")


def test_a_recording_without_room():
    with pytest.raises(BadLabels, match="found 12 steps"):
        drawn(steps=12)
