import pytest
import torch

from facsight.core.errors import BadLabels
from facsight.core.prediction import Prediction
from facsight.explain.cam import class_activation


def prediction(maps: torch.Tensor, bias: torch.Tensor | float = 0.0) -> Prediction:
    return Prediction(logits=maps.mean(dim=(2, 3)) + bias, attention=maps.mean(dim=1), class_maps=maps)


def test_by_hand():
    maps = torch.tensor([[[[1.0, -2.0], [3.0, 0.0]], [[-1.0, 5.0], [-4.0, 2.0]]]])
    # logits: (1-2+3+0)/4 = 0.5 and (-1+5-4+2)/4 = 0.5; with bias, class 1 wins
    told = prediction(maps, torch.tensor([0.0, 1.0]))
    assert class_activation(told).tolist() == [[[0.0, 5.0], [0.0, 2.0]]]
    assert class_activation(told, torch.tensor([0])).tolist() == [[[1.0, 0.0], [3.0, 0.0]]]


def test_each_face_is_asked_about_its_own_class():
    maps = torch.rand(4, 3, 2, 2, generator=torch.Generator().manual_seed(0))
    asked = torch.tensor([2, 0, 1, 1])
    told = class_activation(prediction(maps), asked)
    for face, label in enumerate(asked.tolist()):
        torch.testing.assert_close(told[face], maps[face, label])


def test_is_never_negative_and_keeps_what_spoke_for_the_class():
    maps = torch.randn(8, 5, 6, 6, generator=torch.Generator().manual_seed(1))
    told = class_activation(prediction(maps))
    assert (told >= 0).all()
    best = maps[torch.arange(8), prediction(maps).label]
    torch.testing.assert_close(told[best > 0], best[best > 0])


def test_no_face_gives_no_map():
    empty = Prediction(torch.zeros(0, 3), torch.zeros(0, 2, 2), torch.zeros(0, 3, 2, 2))
    assert class_activation(empty).shape == (0, 2, 2)


def test_a_class_that_does_not_exist_is_refused():
    with pytest.raises(BadLabels, match="from 0 to 2"):
        class_activation(prediction(torch.zeros(1, 3, 2, 2)), torch.tensor([3]))
