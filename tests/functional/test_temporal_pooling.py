import math
from itertools import pairwise

import pytest
import torch

from facsight.functional.temporal_pooling import clip_places, clip_scores, softmax_pooled

SCORES = torch.tensor([[[1.0, 0.0], [3.0, -1.0], [2.0, -2.0], [0.0, 5.0]]])
ALL = torch.ones(1, 4, dtype=torch.bool)


def test_a_clip_has_the_score_of_its_highest_step():
    clips, there = clip_scores(SCORES, ALL, ALL, span=2)
    assert clips.tolist() == [[[3.0, 0.0], [3.0, -1.0], [2.0, 5.0]]]
    assert there.all()


def test_every_place_of_a_clip_is_counted():
    assert [clip_places(steps, 4) for steps in (1, 3, 4, 5, 9)] == [1, 1, 1, 2, 6]
    assert clip_scores(SCORES, ALL, ALL, span=3)[0].shape[1] == clip_places(4, 3)


def test_a_recording_that_is_shorter_than_a_clip_is_one():
    clips, there = clip_scores(SCORES, ALL, ALL, span=9)
    assert clips.tolist() == [[[3.0, 5.0]]]
    assert there.tolist() == [[True]]


def test_padding_adds_no_clip_and_changes_none():
    long = torch.cat([SCORES, torch.full((1, 3, 2), 99.0)], dim=1)
    inside = torch.arange(7)[None] < 4
    clips, there = clip_scores(long, inside, torch.ones_like(inside), span=2)
    assert there.tolist() == [[True, True, True, False, False, False]]
    assert torch.equal(clips[:, :3], clip_scores(SCORES, ALL, ALL, span=2)[0])
    one = softmax_pooled(clips, there, sharpness=1.0)
    assert torch.equal(one, softmax_pooled(clips[:, :3], there[:, :3], sharpness=1.0))


def test_a_short_recording_in_a_long_batch_is_one_clip():
    long = torch.cat([SCORES, torch.full((1, 3, 2), 99.0)], dim=1)
    inside = torch.arange(7)[None] < 4
    clips, there = clip_scores(long, inside, inside, span=6)
    assert there.tolist() == [[True, False]]
    assert clips[0, 0].tolist() == [3.0, 5.0]


def test_steps_without_a_face_have_no_say():
    seen = torch.tensor([[True, False, False, False]])
    clips, there = clip_scores(SCORES, ALL, seen, span=2)
    assert there.tolist() == [[True, False, False]]
    assert clips[0, 0].tolist() == [1.0, 0.0]


def test_without_any_face_all_steps_count():
    clips, there = clip_scores(SCORES, ALL, torch.zeros_like(ALL), span=4)
    assert there.all()
    assert clips.tolist() == [[[3.0, 5.0]]]


def test_pooling_by_hand():
    scores, there = torch.tensor([[[0.0], [1.0], [7.0]]]), torch.tensor([[True, True, False]])
    weight = 1 / (1 + math.exp(-2.0))  # of the second, at a sharpness of 2; the third is no clip
    assert softmax_pooled(scores, there, sharpness=2.0).item() == pytest.approx(weight)


def test_pooling_lies_between_the_mean_and_the_highest():
    scores = torch.randn(5, 9, 3, generator=torch.Generator().manual_seed(0))
    there = torch.ones(5, 9, dtype=torch.bool)
    pooled = [softmax_pooled(scores, there, sharpness=beta) for beta in (0.0, 0.5, 2.0, 1e4)]
    torch.testing.assert_close(pooled[0], scores.mean(dim=1))
    torch.testing.assert_close(pooled[-1], scores.amax(dim=1))
    assert all((after > before).all() for before, after in pairwise(pooled))


def test_each_column_has_weights_of_its_own():
    there = torch.ones(1, 4, dtype=torch.bool)
    whole = softmax_pooled(SCORES, there, sharpness=1.0)
    alone = [softmax_pooled(SCORES[..., k : k + 1], there, sharpness=1.0) for k in range(2)]
    torch.testing.assert_close(whole, torch.cat(alone, dim=1))


def test_gradients():
    scores = torch.randn(2, 6, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    inside = torch.arange(6)[None] < torch.tensor([[6], [4]])

    def pooled(values):
        clips, there = clip_scores(values, inside, inside, span=2)
        return softmax_pooled(clips, there, sharpness=1.3)

    assert torch.autograd.gradcheck(pooled, scores.requires_grad_())
