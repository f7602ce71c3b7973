import pytest
import torch

from facsight.core.errors import BadLabels
from facsight.data.drawn import draw_clips, load_drawn_clips
from facsight.data.drawn.clips import LONGEST, POSES, SHORTEST
from planted_clips import mass_on_part, shows_half


def drawn(n=6, **options):
    return draw_clips(n, generator=torch.Generator().manual_seed(0), **{"steps": 40, "size": 16} | options)


def test_the_face_is_at_rest_outside_of_the_part_and_moves_inside():
    made = drawn(noise=0.0)
    for one, (first, end) in zip(made.recordings.recordings, made.part.tolist(), strict=True):
        faces = one.streams["face"]
        inside = (torch.arange(40) >= first) & (torch.arange(40) < end)
        rest = faces[~inside].unique(dim=0)
        assert len(rest) <= POSES
        nearest = (faces[:, None] - rest).abs().mean(dim=(2, 3)).amin(dim=1)
        assert nearest[~inside].eq(0).all()
        assert nearest[inside].gt(0.4).all()


def test_the_first_and_last_step_show_half():
    made = drawn(n=1, noise=0.0)
    faces, (first, end) = made.recordings.recordings[0].streams["face"], made.part[0].tolist()
    rest = faces[[k for k in range(40) if not first <= k < end]].unique(dim=0)
    off = (faces[:, None] - rest).abs().mean(dim=(2, 3)).amin(dim=1)
    assert off[first] < 0.7 * off[first + 2 : end - 2].min()
    assert off[end - 1] < 0.7 * off[first + 2 : end - 2].min()


def test_parts_have_the_lengths_that_are_told_and_lie_anywhere():
    made = drawn(n=80)
    length = made.part[:, 1] - made.part[:, 0]
    assert (int(length.min()), int(length.max())) == (SHORTEST, LONGEST)
    assert made.part[:, 0].min() < 5
    assert made.part[:, 1].max() > 35
    assert made.part[:, 1].max() <= 40


def test_a_clip_with_half_of_the_part_is_one_that_shows_it():
    made = drawn(n=1)
    first, end = made.part[0].tolist()
    by_hand = [
        2 * sum(first <= k < end for k in range(place, place + 16)) >= end - first for place in range(25)
    ]
    assert shows_half(made, 16)[0].tolist() == by_hand
    even = torch.full((1, 25), 1 / 25)
    assert mass_on_part(even, made, 16) == pytest.approx(sum(by_hand) / 25)


def test_the_same_numbers_give_the_same_clips_and_another_series_others():
    first, again, other = (
        load_drawn_clips(split="val", clips=4, steps=16, size=16, series=series) for series in (0, 0, 1)
    )
    streams = [clips.recordings[0].streams["face"] for clips in (first, again, other)]
    assert len(first) == 2
    assert torch.equal(streams[0], streams[1])
    assert not torch.equal(streams[0], streams[2])


def test_unknown_split():
    with pytest.raises(BadLabels, match="did you mean 'val'"):
        load_drawn_clips(split="vall")


def test_a_clip_without_room():
    with pytest.raises(BadLabels, match="found 11 steps"):
        drawn(steps=11)
