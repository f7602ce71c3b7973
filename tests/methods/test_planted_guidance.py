"""Guidance must find the places that make the label, and be fooled less by a sticker that tells it."""

import pytest

from planted_guidance import scenario, teach


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_guided_attention_finds_the_units_and_survives_the_loss_of_the_sticker(tmp_path, seed):
    drawn = scenario(seed)
    unguided = teach(drawn, tmp_path / "unguided", guidance=0.0, seed=seed, epochs=14)
    guided = teach(drawn, tmp_path / "guided", guidance=4.0, seed=seed, epochs=14)
    assert unguided.same_mark > 0.9, (
        "the baseline must have learnt its lesson for the comparison to mean anything"
    )
    assert guided.same_mark >= unguided.same_mark - 0.02
    assert guided.agreement > 0.75
    assert guided.agreement > unguided.agreement + 0.3
    lost_guided, lost_unguided = (said.same_mark - said.random_mark for said in (guided, unguided))
    assert lost_guided < 0.6 * lost_unguided
    assert guided.no_mark > unguided.no_mark


def test_a_short_lesson_already_turns_attention(tmp_path):
    drawn = scenario(0, faces=600)
    unguided = teach(drawn, tmp_path / "unguided", guidance=0.0, seed=0, epochs=4)
    guided = teach(drawn, tmp_path / "guided", guidance=4.0, seed=0, epochs=4)
    assert guided.agreement > unguided.agreement + 0.2
    assert guided.no_mark > unguided.no_mark
