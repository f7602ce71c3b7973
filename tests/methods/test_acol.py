import pytest
import torch
import torch.nn.functional as F

from facsight.core.errors import BadRecipe
from facsight.core.labels import FERPLUS
from facsight.facs.guide import Guide
from facsight.methods.localising.acol import ComplementaryLearning
from facsight.nn.weights import build_network
from planted_batch import batch


def acol(guidance=0.0, head="two_branches"):
    torch.manual_seed(0)
    network = build_network(8, head=head, widths=(8, 12, 16), blocks=(1, 1, 1), stem=4, dropout=0.0)
    return ComplementaryLearning(network, Guide(FERPLUS.classes, weight=guidance))


def moved(method, term):
    method.zero_grad()
    method.objective(batch(), 0.0)[term].backward()
    return {n for n, p in method.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0}


def test_both_branches_are_charged_with_the_label():
    method, faces = acol(), batch()
    features = method.network.features(faces.faces.pixels)
    maps = method.network.head.branches(features, faces.label)
    terms = method.objective(faces, 0.0)
    assert terms.keys() == {"expression", "complement"}
    for term, branch in (("expression", maps.first), ("complement", maps.second)):
        expected = F.cross_entropy(branch.mean(dim=(2, 3)), faces.expression)
        torch.testing.assert_close(terms[term], expected)


def test_each_term_moves_its_branch_and_the_backbone():
    method = acol(guidance=1.0)
    first, second = moved(method, "expression"), moved(method, "complement")
    assert any("head.first" in name for name in first)
    assert not any("head.second" in name for name in first)
    assert any("head.second" in name for name in second)
    assert not any("head.first" in name for name in second)  # erasing has no gradient
    for names in (first, second, moved(method, "guidance")):
        assert any("backbone.stem" in name for name in names)
    assert not any("head" in name for name in moved(method, "guidance"))


def test_another_head_is_refused():
    with pytest.raises(BadRecipe, match=r'network\.head = "two_branches"'):
        acol(head="gap")
