import pytest
import torch

from facsight.metrics.classification import positive_f1, unit_confusions
from facsight.scoring.adjusting import THRESHOLDS
from facsight.unit_experiment.thresholds import choose, persons_of

NAN = float("nan")


def tensor(*numbers):
    return torch.tensor(numbers, dtype=torch.float64)


def test_hand_value_of_a_clean_cut():
    # from .3 on the unit shows, below not: of all thresholds that cut there (.2 < t <= .3), .3 is nearest .5
    chance, shown = tensor(0.3, 0.4, 0.2, 0.1), tensor(1, 1, 0, 0)
    person = torch.tensor([0, 1, 0, 1])
    found = choose(chance, shown, person)
    assert found.threshold == 0.3
    # the first person's faces are decided at the threshold of the second: .4, at which .3 is missed
    assert found.decided.tolist() == [False, True, False, False]
    assert found.judged.all()
    assert found.at_own.tolist() == [True, True, False, False]


def test_a_unit_that_nobody_else_shows_is_not_judged_on_these_faces():
    person = torch.tensor([0, 0, 1, 1])
    found = choose(tensor(0.9, 0.1, 0.2, 0.1), tensor(1, 0, 0, 0), person)
    assert found.judged.tolist() == [False, False, True, True]
    assert found.threshold is not None


def test_a_unit_that_never_shows_has_no_threshold():
    found = choose(tensor(0.9, 0.1), tensor(0, NAN), torch.tensor([0, 1]))
    assert found.threshold is None
    assert not found.judged.any()


def test_one_person_alone_leaves_one_half():
    found = choose(tensor(0.6, 0.2), tensor(1, 1), torch.tensor([0, 0]))
    assert found.threshold == 0.5
    assert found.decided.tolist() == [True, False]
    assert choose(tensor(0.6), tensor(0), torch.tensor([0])).threshold is None


def test_faces_that_were_not_coded_say_nothing(generator):
    chance, person = torch.rand(60, generator=generator).double(), torch.arange(60) % 7
    shown = (chance + 0.3 * torch.randn(60, generator=generator) > 0.4).double()
    some = torch.where(torch.arange(60) % 3 == 0, NAN, shown)
    kept = some.isfinite()
    whole, alone = choose(chance, some, person), choose(chance[kept], some[kept], person[kept])
    assert whole.threshold == alone.threshold
    assert torch.equal(whole.decided[kept], alone.decided)
    assert not whole.judged[~kept].any()


def test_the_kept_threshold_is_the_best_of_all_that_are_tried(generator):
    chance = torch.rand(80, generator=generator).double()
    shown = (chance + 0.4 * torch.randn(80, generator=generator) > 0.7).double()
    found = choose(chance, shown, torch.arange(80) % 9)

    def f1(threshold):
        return positive_f1(
            unit_confusions((chance >= threshold).long()[:, None], shown.long()[:, None])
        ).item()

    assert f1(found.threshold) == pytest.approx(max(f1(one) for one in THRESHOLDS))


def test_a_face_is_never_decided_by_its_own_person(generator):
    # whatever the labels of one person become, their decisions stay
    chance, person = torch.rand(50, generator=generator).double(), torch.arange(50) % 5
    shown = (torch.rand(50, generator=generator) < 0.5).double()
    own = person == 2
    changed = torch.where(own, 1 - shown, shown)
    assert torch.equal(
        choose(chance, shown, person).decided[own], choose(chance, changed, person).decided[own]
    )


def test_unknown_people_are_people_by_themselves():
    codes = persons_of(torch.tensor([4, -1, 4, -1, 9])).tolist()
    assert codes[0] == codes[2]
    assert len(set(codes)) == 4
    assert sorted(set(codes)) == [0, 1, 2, 3]
