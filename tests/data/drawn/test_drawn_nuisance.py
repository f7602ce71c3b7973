import pytest
import torch

from facsight.core.errors import BadLabels
from facsight.core.labels import LabelSpace
from facsight.data.drawn import LEFT_FOREHEAD, RIGHT_JAW, NuisanceMark

THREE = LabelSpace("three", ("happiness", "sadness", "neutral"))
PLACES = {"happiness": LEFT_FOREHEAD, "sadness": RIGHT_JAW}


@pytest.mark.parametrize("agreement", [0.0, 1 / 3, 0.95, 1.0])
def test_a_sticker_says_the_label_as_often_as_asked_and_else_another_by_lot(agreement, generator):
    label = torch.arange(30_000) % 3
    says = NuisanceMark(PLACES, agreement).draw_classes(label, THREE, generator)
    # four standard errors of a share of 30,000 are below 0.012
    assert (says == label).float().mean().item() == pytest.approx(agreement, abs=0.012)
    for step in (1, 2):
        assert ((label + step) % 3 == says).float().mean().item() == pytest.approx(
            (1 - agreement) / 2, abs=0.012
        )


def test_chance_agreement_makes_sticker_and_label_independent(generator):
    label = torch.arange(30_000) % 3
    says = NuisanceMark(PLACES, 1 / 3).draw_classes(label, THREE, generator)
    joint = torch.zeros(3, 3).index_put((label, says), torch.tensor(1 / 30_000), accumulate=True)
    torch.testing.assert_close(joint, torch.full((3, 3), 1 / 9), atol=0.008, rtol=0)


def test_columns_hold_place_radius_and_tone_and_nothing_for_a_class_without_place():
    columns = NuisanceMark(PLACES, 1.0, radius=0.2, tone=0.9).columns(torch.tensor([1, 2, 0]), THREE)
    expected = [[*RIGHT_JAW, 0.2, 0.9], [0, 0, 0, 0], [*LEFT_FOREHEAD, 0.2, 0.9]]
    torch.testing.assert_close(columns, torch.tensor(expected))


def test_nonsense_is_refused(generator):
    with pytest.raises(BadLabels, match="mark=None"):
        NuisanceMark({}, 0.9)
    with pytest.raises(BadLabels, match=r"found 1\.2"):
        NuisanceMark(PLACES, 1.2)
    with pytest.raises(BadLabels, match="'fear' is not a class of three"):
        NuisanceMark({"fear": LEFT_FOREHEAD}, 0.9).draw_classes(torch.tensor([0]), THREE, generator)
