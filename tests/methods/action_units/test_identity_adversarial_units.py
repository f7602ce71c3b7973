import pytest
import torch

from facsight.core.batch import LabelledUnits
from facsight.core.errors import BadPeople, BadRecipe
from facsight.methods.action_units.identity_adversarial_units import IdentityAdversarialUnits
from facsight.nn.unit_weights import build_unit_network
from planted_batch import batch

UNITS = (1, 12)
SMALL = {"widths": (8, 12, 16), "blocks": (1, 1, 1), "stem": 4, "dropout": 0.0}


def method(persons=2, **options):
    torch.manual_seed(0)
    return IdentityAdversarialUnits(build_unit_network(UNITS, **SMALL), persons, hidden=8, **options)


def given(person=(0, 1, 0, 1)):
    presence = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.0, torch.nan]])
    return LabelledUnits(batch().faces, presence, torch.tensor(person))


def gradients(adversarial, term, progress=1.0, person=(0, 1, 0, 1)):
    adversarial.zero_grad()
    adversarial.objective(given(person), progress)[term].backward()
    return {
        name: weight.grad.clone()
        for name, weight in adversarial.named_parameters()
        if weight.grad is not None
    }


def test_the_backbone_gets_the_gradient_turned_around_and_the_adversary_its_own():
    """The oracle is the same cost without a turn: minus strength times it, and the adversary's as it is."""
    turned = method(strength=3.0)
    found = gradients(turned, "identity")
    turned.zero_grad()
    features = turned.network.features(given().faces.pixels)[-1].mean(dim=(2, 3))
    turned.recognised(features, given().person).backward()
    factor = -3.0 * (2 / (1 + torch.tensor(-10.0).exp()) - 1)
    for name, weight in turned.named_parameters():
        if weight.grad is None:
            assert name not in found or not found[name].any()
            continue
        expected = weight.grad * (1 if name.startswith("adversary") else factor)
        torch.testing.assert_close(found[name], expected, rtol=1e-3, atol=1e-6)


def test_at_first_nothing_is_turned_and_without_strength_never():
    for adversarial, progress in ((method(), 0.0), (method(strength=0.0), 1.0)):
        found = gradients(adversarial, "identity", progress)
        assert not any(grad.any() for name, grad in found.items() if name.startswith("network"))
        assert any(grad.any() for name, grad in found.items() if name.startswith("adversary"))


def test_faces_of_nobody_known_teach_no_adversary():
    still = method().eval()
    some = still.objective(given((0, 1, -1, -1)), 1.0)["identity"]
    features = still.network.features(given().faces.pixels)[-1].mean(dim=(2, 3))
    expected = torch.nn.functional.cross_entropy(still.adversary(features[:2]), torch.tensor([0, 1]))
    torch.testing.assert_close(some, expected)
    assert method().objective(given((-1, -1, -1, 0)), 1.0)["identity"] == 0


def test_rounds_teach_the_adversary_alone():
    once, often = method(rounds=1), method(rounds=5)
    for adversarial in (once, often):
        adversarial.update(given(), torch.optim.SGD(adversarial.parameters(), 0.01), 0.0)
    # with nothing turned at progress 0, the network has taken the same step
    torch.testing.assert_close(once.network.head.weight, often.network.head.weight)
    assert not torch.equal(once.adversary[1].weight, often.adversary[1].weight)


def test_alignment_is_a_term():
    assert method(alignment=1.0).objective(given(), 0.5).keys() == {"units", "identity", "alignment"}


def test_bad_input():
    with pytest.raises(BadPeople, match="two people or more, whom an adversary tells apart, found 1"):
        method(persons=1)
    with pytest.raises(BadPeople, match="from 0 to 1, found 2"):
        method().objective(given((0, 2, 0, 0)), 0.0)
    with pytest.raises(BadRecipe, match="rounds of 1 or more, found 0"):
        method(rounds=0)
