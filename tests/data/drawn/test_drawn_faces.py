import pytest
import torch

from facsight.core.errors import BadCodebook
from facsight.core.labels import FERPLUS
from facsight.data.drawn import (
    ACTION_UNITS,
    LEFT_FOREHEAD,
    Conditions,
    NuisanceMark,
    draw_faces,
    nuisance_scenario,
    people,
)
from facsight.data.face_set import FaceSet


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def drawn():
    return draw_faces(150, generator=seeded(), people=range(20), difficulty=1.0)


def test_a_face_set_with_its_truth(drawn):
    assert isinstance(drawn.faces, FaceSet)
    assert len(drawn) == len(drawn.faces) == 150
    assert drawn.faces.images.shape == (150, 1, 48, 48)
    assert drawn.faces.space == FERPLUS
    assert drawn.faces.label.unique().tolist() == list(range(8))
    assert drawn.action_units == ACTION_UNITS
    assert drawn.intensities.shape == (150, len(ACTION_UNITS))
    assert drawn.pose.shape == (150, 3)
    assert not drawn.marked.any()
    assert len(set(drawn.faces.ids)) == 150


def test_landmarks_are_whole_and_inside_the_picture(drawn):
    assert drawn.faces.landmarks.min() > 0
    assert drawn.faces.landmarks.max() < 48


def test_truth_stays_within_the_conditions(drawn):
    limits = torch.tensor(Conditions.at(1.0).pose)
    assert (drawn.pose.abs() <= limits).all()
    assert (drawn.pose.abs().amax(dim=0) > 0.8 * limits).all()
    assert drawn.intensities.min() >= 0
    assert drawn.intensities.max() <= 1
    happy = drawn.faces.label == FERPLUS.index("happiness")
    assert drawn.intensities[happy][:, ACTION_UNITS.index(12)].min() >= Conditions.at(1.0).weakest


def test_a_person_number_is_one_person_in_every_set(drawn):
    assert set(drawn.identity.tolist()) == set(range(20))
    for number in (0, 7):
        rows = drawn.identity == number
        expected = people([number])
        assert (drawn.scene.people.shape[rows] == expected.shape).all()
        assert (drawn.scene.people.looks[rows] == expected.looks).all()


def test_generators_in_the_same_state_draw_the_same_and_others_do_not():
    torch.manual_seed(5)
    one = draw_faces(6, generator=seeded(1))
    torch.manual_seed(6)
    twin, other = draw_faces(6, generator=seeded(1)), draw_faces(6, generator=seeded(2))
    assert (one.faces.images == twin.faces.images).all()
    assert (one.faces.landmarks == twin.faces.landmarks).all()
    assert (one.faces.images != other.faces.images).any()


def test_the_global_generator_is_left_alone():
    before = torch.get_rng_state()
    draw_faces(3, generator=seeded())
    assert (torch.get_rng_state() == before).all()


def test_with_and_without_mark_are_the_same_faces_but_for_the_sticker():
    calm = Conditions(pose=(0.0, 0.0, 0.0), wander=0.0, light=0.0, noise=3.0)
    plain = draw_faces(30, generator=seeded(), difficulty=calm)
    mark = NuisanceMark({"happiness": LEFT_FOREHEAD}, agreement=0.5)
    marked = draw_faces(30, generator=seeded(), difficulty=calm, mark=mark)
    assert (plain.faces.label == marked.faces.label).all()
    assert 0 < marked.marked.sum() < 30
    change = (plain.faces.images.int() - marked.faces.images.int()).abs()[:, 0]
    assert (change.flatten(1).amax(dim=1) > 20).equal(marked.marked)
    # the sticker's centre is at (0.5, 0.4) + 0.265 * place of the side; its radius is below 3 pixels
    x, y = (int(48 * (middle + 0.265 * part)) for middle, part in zip((0.5, 0.4), LEFT_FOREHEAD, strict=True))
    change[:, y - 3 : y + 4, x - 3 : x + 4] = 0
    assert change.max() == 0


def test_what_a_sticker_says_is_known_where_there_is_one():
    mark = NuisanceMark({"happiness": LEFT_FOREHEAD}, agreement=1.0)
    marked = draw_faces(60, generator=seeded(), mark=mark, size=16)
    happy = marked.faces.label == FERPLUS.index("happiness")
    assert marked.marked.equal(happy)
    assert marked.mark_says.unique().tolist() == [-1, FERPLUS.index("happiness")]


def test_subset_keeps_truth_and_faces_together(drawn):
    part = drawn.subset(torch.tensor([5, 3]))
    assert part.faces.ids == (drawn.faces.ids[5], drawn.faces.ids[3])
    assert part.identity.tolist() == [drawn.identity[5], drawn.identity[3]]
    assert part.intensities[0].equal(drawn.intensities[5])
    assert len(drawn.subset(drawn.identity == 7)) == (drawn.identity == 7).sum()


def test_recipes_of_other_codebooks_are_drawn():
    recipe = {"happiness": {12: 1.0}}
    drawn = draw_faces(40, generator=seeded(), recipe=recipe, difficulty=0.0, size=16)
    happy = drawn.faces.label == FERPLUS.index("happiness")
    assert drawn.intensities[~happy].max() == 0
    assert (drawn.intensities[happy][:, ACTION_UNITS.index(12)] > 0).all()
    with pytest.raises(BadCodebook, match="AU 99"):
        draw_faces(2, generator=seeded(), recipe={"happiness": {99: 1.0}})


@pytest.mark.parametrize("difficulty", [-0.1, 1.5])
def test_difficulty_beyond_its_range_is_refused(difficulty):
    with pytest.raises(ValueError, match="between 0 and 1"):
        draw_faces(2, generator=seeded(), difficulty=difficulty)


def test_nothing_drawn_is_an_empty_set():
    assert len(draw_faces(0, generator=seeded())) == 0


def test_scenario_shows_the_same_unseen_people_with_three_kinds_of_stickers():
    scenario = nuisance_scenario(300, 300, generator=seeded(), agreement=0.9, size=8)
    agree = {
        name: (drawn.mark_says == drawn.faces.label).float().mean() for name, drawn in vars(scenario).items()
    }
    # four standard errors of a share of 300: 0.07 at 0.9, 0.10 at 0.25
    assert agree["train"].item() == pytest.approx(0.9, abs=0.07)
    assert agree["same_mark"].item() == pytest.approx(0.9, abs=0.07)
    assert agree["random_mark"].item() == pytest.approx(0.25, abs=0.10)
    assert not scenario.no_mark.marked.any()
    for other in (scenario.same_mark, scenario.random_mark):
        assert other.faces.label.equal(scenario.no_mark.faces.label)
        assert other.intensities.equal(scenario.no_mark.intensities)
        assert other.faces.landmarks.equal(scenario.no_mark.faces.landmarks)
    assert not set(scenario.train.identity.tolist()) & set(scenario.no_mark.identity.tolist())
