import math

import pytest
import torch

from facsight.core.errors import BadRecipe
from facsight.methods.clips.temporal_stochastic_softmax import ClipBank

SPAN = 4


def bank(*lengths, **options):
    return ClipBank(torch.tensor(lengths), span=SPAN, **options)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def seen(made, video, start, score, *, known=True):
    made.observe(torch.tensor([video]), torch.tensor([start]), torch.tensor([score]), torch.tensor([known]))


def visited(made, times):
    """The bank after so many visits of every video."""
    made.visits += times
    return made


def test_warm_up_draws_every_place_alike_and_keeps_no_score():
    made = bank(7, warmup=3)
    drawn = torch.stack([made.draw(torch.tensor([0]), generator(seed)) for seed in range(2000)])
    assert torch.bincount(drawn[:, 0]).tolist() == pytest.approx([500] * 4, rel=0.2)
    for start in range(3):
        seen(made, 0, start, 9.0)
    assert made.scores.eq(0).all()
    assert made.visits.tolist() == [3]


def test_exploration_goes_from_the_first_place_to_the_last():
    made = bank(24, warmup=0, exploration=5)  # places 0 to 20
    starts = []
    for _ in range(5):
        starts.append(int(made.draw(torch.tensor([0]), generator())))
        seen(made, 0, starts[-1], float(starts[-1]))
    assert starts == [0, 5, 10, 15, 20]
    # a visit holds for the ceil((21 - 5) / 4 / 2) = 2 places on either side: every place has its nearest
    assert made.scores[0].tolist() == [0] * 3 + [5] * 5 + [10] * 5 + [15] * 5 + [20] * 3


@pytest.mark.parametrize("exploration", [2, 3, 5, 8])
@pytest.mark.parametrize("steps", [1, 4, 5, 6, 9, 23, 50])
def test_exploration_leaves_no_place_out(steps, exploration):
    made = bank(steps, warmup=0, exploration=exploration)
    for _ in range(exploration):
        seen(made, 0, int(made.draw(torch.tensor([0]), generator())), 1.0)
    assert made.scores[0, : made.places[0]].eq(1).all()


def test_later_scores_move_places_the_less_the_farther_they_are():
    made = visited(bank(12, warmup=0, exploration=2), 2)  # places 0 to 8
    made.scores[0] = 1.0
    seen(made, 0, 3, 5.0)
    share = [0.25, 0.5, 0.75, 1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
    assert made.scores[0].tolist() == [1 + 4 * part for part in share]


def test_draws_follow_the_softmax_of_the_scores():
    made = visited(bank(6, sharpness=2.0), 100)  # places 0 to 2
    made.scores[0] = torch.tensor([0.0, 0.5, 1.0])
    total = 1 + math.e + math.e**2
    expected = [1 / total, math.e / total, math.e**2 / total]
    assert made.chances[0].tolist() == pytest.approx(expected)
    drawn = made.draw(torch.zeros(6000, dtype=torch.long), generator())
    assert (torch.bincount(drawn) / 6000).tolist() == pytest.approx(expected, abs=0.02)


def test_places_beyond_a_short_video_are_never_drawn():
    made = visited(bank(20, 5, 2), 100)
    made.scores[1:] = torch.arange(17.0)  # high where these videos have no place
    assert made.chances[1, 2:].eq(0).all()
    assert made.chances.sum(dim=1).tolist() == pytest.approx([1.0] * 3)
    assert made.draw(torch.tensor([2] * 50), generator()).eq(0).all()
    assert made.draw(torch.tensor([1] * 50), generator()).max() <= 1


def test_a_video_without_a_label_is_drawn_from_evenly():
    made = bank(8, warmup=0, exploration=2)
    for start in (0, 4, 1):
        seen(made, 0, start, 7.0, known=False)
    assert made.visits.tolist() == [3]
    assert made.chances[0].tolist() == pytest.approx([0.2] * 5)


def test_a_video_that_comes_twice_in_a_batch_is_seen_twice():
    made, twice = bank(12, warmup=0, exploration=2), bank(12, warmup=0, exploration=2)
    made.observe(
        torch.tensor([0, 0]), torch.tensor([0, 8]), torch.tensor([1.0, 2.0]), torch.tensor([True] * 2)
    )
    seen(twice, 0, 0, 1.0)
    seen(twice, 0, 8, 2.0)
    assert torch.equal(made.scores, twice.scores)
    assert made.visits.tolist() == [2]


def test_phase_and_scores_are_in_the_state():
    made, other = bank(12, 9, warmup=1, exploration=2), bank(12, 9, warmup=1, exploration=2)
    for start in (4, 0, 8, 3):
        seen(made, 0, start, float(start))
    other.load_state_dict(made.state_dict())
    assert torch.equal(other.chances, made.chances)
    for seed in range(5):
        videos = torch.tensor([0, 1, 0])
        assert torch.equal(other.draw(videos, generator(seed)), made.draw(videos, generator(seed)))


@pytest.mark.parametrize("wrong", [{"exploration": 1}, {"exploration": -1}, {"warmup": -1}])
def test_phases_that_cannot_be(wrong):
    with pytest.raises(BadRecipe, match="found"):
        bank(9, **wrong)
