import pytest
import torch

from facsight.core.labels import FERPLUS
from facsight.facs.guide import Guide
from facsight.methods.guided.action_units import ActionUnitGuidance
from facsight.methods.supervised import Supervised
from facsight.nn.weights import build_network
from planted_batch import batch


def network(seed=0):
    torch.manual_seed(seed)
    return build_network(8, widths=(8, 12, 16), blocks=(1, 1, 1), stem=4, dropout=0.0)


def guided(guidance=4.0, layer=-1, **options):
    return ActionUnitGuidance(network(), Guide(FERPLUS.classes, weight=guidance, **options), layer=layer)


def test_the_term_is_the_guides_for_the_attention_that_is_predicted():
    method, faces = guided(), batch()
    said = method.network(faces.faces.pixels)
    expected = method.guide(said.attention, said.class_maps, faces)["guidance"]
    torch.testing.assert_close(method.objective(faces, 0.0)["guidance"], expected)


def test_without_guidance_it_is_the_baseline():
    faces = batch()
    plain = Supervised(network()).objective(faces, 0.0)
    unguided = guided(guidance=0.0).objective(faces, 0.0)
    assert unguided.keys() == {"expression"}
    torch.testing.assert_close(unguided.total, plain.total)


def test_guidance_moves_the_whole_backbone_and_leaves_the_head():
    method = guided()
    method.objective(batch(), 0.0)["guidance"].backward()
    for name, parameter in method.named_parameters():
        moved = parameter.grad is not None and parameter.grad.abs().sum() > 0
        # the last scale of each block starts at 0, so nothing reaches behind it in the very first step
        if "body" in name and "body.4" not in name:
            continue
        assert moved == ("head" not in name), name


def test_guidance_on_class_maps_moves_the_head_too():
    method = guided(on="class_map")
    method.objective(batch(), 0.0)["guidance"].backward()
    assert method.network.head.weight.grad.abs().sum() > 0
    assert method.network.head.bias.grad is None  # a class map has no bias


@pytest.mark.parametrize("options", [{}, {"on": "class_map"}, {"contrast": 1.0}])
def test_minimising_the_terms_alone_aligns(options):
    method, faces = guided(guidance=1.0, **options), batch()
    optimizer = torch.optim.Adam(method.parameters(), 0.01)

    def guidance():
        terms = method.objective(faces, 0.0)
        return terms.total - terms["expression"]

    before = guidance().item()
    for _ in range(30):
        optimizer.zero_grad()
        guidance().backward()
        optimizer.step()
    assert guidance().item() < 0.8 * before


def test_another_layer_has_another_resolution():
    finest = guided(layer=0).objective(batch(), 0.0)["guidance"]
    assert finest.item() != guided(layer=-1).objective(batch(), 0.0)["guidance"].item()
