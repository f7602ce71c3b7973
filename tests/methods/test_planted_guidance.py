"""Guidance must find the places that make the label, and be fooled less by a sticker that tells it."""

import pytest

from planted_guidance import SETTINGS, scenario, teach


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


@pytest.mark.slow
@pytest.mark.parametrize("name", SETTINGS)
def test_every_localiser_is_turned_to_the_units(tmp_path, name):
    drawn = scenario(0)
    unguided, guided = (
        teach(drawn, tmp_path / str(weight), guidance=weight, seed=0, epochs=10, setting=SETTINGS[name])
        for weight in (0.0, 4.0)
    )
    assert guided.agreement > 0.6
    assert guided.agreement > unguided.agreement + 0.3
    assert guided.map_agreement > unguided.map_agreement
    assert guided.no_mark > unguided.no_mark


@pytest.mark.slow
@pytest.mark.parametrize(
    "options", [{"on": "class_map"}, {"on": "both"}, {"centred": True}, {"contrast": 0.25}]
)
def test_options_beyond_the_paper_turn_the_class_map_more_than_no_guidance(tmp_path, options):
    drawn = scenario(0)
    unguided = teach(drawn, tmp_path / "unguided", guidance=0.0, seed=0, epochs=10)
    guided = teach(drawn, tmp_path / "guided", guidance=4.0, seed=0, epochs=10, guide=options)
    assert guided.map_agreement > unguided.map_agreement + 0.3
    assert guided.no_mark > unguided.no_mark
