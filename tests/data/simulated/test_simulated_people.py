import torch

from facsight.data.simulated.people import (
    CHANNELS,
    NOBODY,
    Style,
    neutral_clips,
    simulate_people,
    styled,
)


def made(people=3, seed=0, **options):
    return simulate_people(people, generator=torch.Generator().manual_seed(seed), **options)


def test_each_has_clips_of_every_expression():
    people = made(3, clips=8, frames=5)
    assert len(people) == 3 * 8 * 5
    assert people.names == ("person 0", "person 1", "person 2")
    for _, one in people.each():
        shown = {clip: set(one.label[one.clip == clip].tolist()) for clip in one.clip.unique().tolist()}
        assert all(len(labels) == 1 for labels in shown.values())
        assert torch.bincount(one.label).tolist() == [10, 10, 10, 10]
    assert people.clip.unique().numel() == 24


def test_the_last_people_show_one_expression_of_their_own_most_of_the_time():
    even, uneven = made(4, first=5, clips=16), made(4, first=5, clips=16, one_sided=2, mostly=0.625)
    counts = [torch.bincount(one.label, minlength=4).tolist() for _, one in uneven.each()]
    # people 7 and 8 show expressions 3 and 0 in ten clips of 16, of eight rows each
    assert counts == [[32, 32, 32, 32], [32, 32, 32, 32], [16, 16, 16, 80], [80, 16, 16, 16]]
    for one in (0, 1):
        assert torch.equal(even.of(one).inputs, uneven.of(one).inputs)
    (always,) = made(1, first=2, clips=16, one_sided=1, mostly=1.0).label.unique().tolist()
    assert always == 2


def test_a_person_is_the_same_whatever_the_generator():
    shown = torch.randn(5, CHANNELS)
    torch.testing.assert_close(styled(shown, 31, Style()), styled(shown, 31, Style()))
    assert not torch.allclose(styled(shown, 31, Style()), styled(shown, 32, Style()))


def test_people_who_do_not_differ_are_not_changed():
    shown = torch.randn(5, CHANNELS)
    torch.testing.assert_close(styled(shown, 4, NOBODY), shown)
    assert torch.equal(made(first=0, style=NOBODY).inputs, made(first=20, style=NOBODY).inputs)


def test_gain_offset_and_rotation_are_what_they_say():
    # many people, one knob at a time, of a face of ones
    one = torch.ones(1, CHANNELS)
    offsets = torch.cat([styled(one, p, Style(0.0, 0.7, 0.0)) for p in range(200)]) - 1
    gains = torch.cat([styled(one, p, Style(0.4, 0.0, 0.0)) for p in range(200)]).log()
    turned = torch.cat([styled(one, p, Style(0.0, 0.0, 0.5)) for p in range(200)])
    torch.testing.assert_close(offsets.std(), torch.tensor(0.7), rtol=0.05, atol=0)
    torch.testing.assert_close(gains.std(), torch.tensor(0.4), rtol=0.05, atol=0)
    torch.testing.assert_close(turned.norm(dim=1), torch.full((200,), CHANNELS**0.5))
    cosine = (turned @ one[0]) / CHANNELS
    # to the first order in the angle, what is turned is at right angles to the face and 0.5 times as long
    torch.testing.assert_close(cosine.mean(), torch.tensor(0.5).cos(), rtol=0.03, atol=0)


def test_neutral_clips_have_no_labels_and_nothing_else():
    people = made(1)
    neutral = neutral_clips(people)
    assert torch.equal(neutral.inputs, people.inputs[people.label == 0])
    assert not hasattr(neutral, "label")


def test_without_noise_neutral_is_the_face_at_rest(monkeypatch):
    monkeypatch.setattr("facsight.data.simulated.people.CLIP_NOISE", 0.0)
    monkeypatch.setattr("facsight.data.simulated.people.FRAME_NOISE", 0.0)
    people = made(2, style=NOBODY)
    neutral = people.inputs[people.label == 0]
    torch.testing.assert_close(neutral, neutral[:1].expand_as(neutral))
    moved = people.inputs[people.label != 0] - neutral[0]
    assert moved.norm(dim=1).min() > 0.5
