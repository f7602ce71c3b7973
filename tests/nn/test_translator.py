import pytest
import torch

from facsight.nn.translator import Translator


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def started(seed=0):
    """A translator that is no longer the identity."""
    translator = Translator(3, hidden=4)
    translator.outer.weight.data = random(3, 4, seed=seed)
    return translator


@pytest.mark.parametrize("shape", [(5, 3), (5, 3, 2, 4)], ids=["rows", "maps"])
def test_nothing_changes_at_the_start(shape):
    features = random(*shape)
    torch.testing.assert_close(Translator(3, hidden=4)(features), features)


def test_a_hidden_layer_by_hand():
    translator = Translator(1, hidden=2)
    translator.inner.weight.data, translator.inner.bias.data = torch.tensor([[1.0], [-1.0]]), torch.zeros(2)
    translator.outer.weight.data = torch.tensor([[3.0, 5.0]])
    torch.testing.assert_close(translator(torch.tensor([[2.0], [-2.0]])), torch.tensor([[8.0], [8.0]]))


def test_every_place_is_treated_by_itself():
    translator, maps = started(), random(2, 3, 4, 5)
    rows = translator(maps.movedim(1, -1).reshape(-1, 3))
    torch.testing.assert_close(translator(maps).movedim(1, -1).reshape(-1, 3), rows)
