import pytest
import torch
import torch.nn.functional as F

from facsight.core.errors import BadRecipe
from facsight.core.labels import FERPLUS
from facsight.facs.guide import Guide
from facsight.methods.localising.adl import AttentionDropout, drop_mask
from facsight.nn.weights import build_network
from planted_batch import batch


def adl(guidance=0.0, network=None, **options):
    torch.manual_seed(0)
    network = network or build_network(8, widths=(8, 12, 16), blocks=(1, 1, 1), stem=4, dropout=0.0)
    return AttentionDropout(network, Guide(FERPLUS.classes, weight=guidance), **options)


def test_the_most_attended_places_are_dropped():
    # the highest is 10: above 8 lie 9 and 10
    attention = torch.tensor([[[[9.0, 2.0], [10.0, 8.0]]]])
    assert drop_mask(attention, 0.8).flatten().tolist() == [0, 1, 0, 1]
    assert drop_mask(torch.zeros(1, 1, 2, 2), 0.8).eq(1).all()


@pytest.mark.parametrize("drop_rate", [0.0, 1.0])
def test_the_last_stage_is_dropped_or_stressed(drop_rate):
    method, faces = adl(stages=[2], drop_rate=drop_rate, threshold=0.5).eval(), batch()
    features = method.network.features(faces.faces.pixels)
    attention = features[-1].mean(dim=1, keepdim=True)
    factor = (
        (attention <= 0.5 * attention.amax(dim=(2, 3), keepdim=True)) if drop_rate else attention.sigmoid()
    )
    said = method.network.read([*features[:-1], features[-1] * factor])
    expected = F.cross_entropy(said.logits, faces.expression)
    torch.testing.assert_close(method.objective(faces, 0.0)["expression"], expected)


def test_an_inner_stage_is_treated_where_it_ends():
    method, faces = adl(stages=[0], drop_rate=1.0, threshold=0.5).eval(), batch()
    backbone = method.network.backbone
    first = backbone.stages[0](backbone.stem(faces.faces.pixels))
    first = first * drop_mask(first.mean(dim=1, keepdim=True), 0.5)
    last = backbone.stages[2](backbone.stages[1](first))
    expected = F.cross_entropy(method.network.read([last]).logits, faces.expression)
    torch.testing.assert_close(method.objective(faces, 0.0)["expression"], expected)


def test_nothing_is_dropped_at_prediction_and_no_hook_is_left():
    method, faces = adl(drop_rate=1.0).eval(), batch()
    method.objective(faces, 0.0)
    assert not any(module._forward_hooks for module in method.modules())
    torch.testing.assert_close(method.predict(faces.faces).logits, method.network(faces.faces.pixels).logits)


def test_hooks_are_undone_when_the_forward_pass_breaks():
    method = adl()
    method.network.backbone.stages[2].register_forward_pre_hook(lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        method.objective(batch(), 0.0)
    assert not method.network.backbone.stages[1]._forward_hooks


def test_without_stages_it_is_guidance_alone():
    method, faces = adl(guidance=2.0, stages=[]), batch()
    features = method.network.features(faces.faces.pixels)
    said = method.network.read(features)
    expected = method.guide(said.attention, said.class_maps, faces)["guidance"]
    torch.testing.assert_close(method.objective(faces, 0.0)["guidance"], expected)


def test_guidance_sees_attention_before_it_is_dropped():
    faces = batch()
    terms = [adl(guidance=2.0, stages=stages, drop_rate=1.0).objective(faces, 0.0) for stages in ([], [2])]
    torch.testing.assert_close(terms[0]["guidance"], terms[1]["guidance"])
    assert terms[0]["expression"] != terms[1]["expression"]


def test_each_step_draws_anew_from_the_state_that_training_seeds():
    method, faces = adl(stages=[1, 2], drop_rate=0.5).eval(), batch()
    losses = []
    for seed in (*range(12), *range(12)):
        torch.manual_seed(seed)
        losses.append(method.objective(faces, 0.0)["expression"].item())
    assert losses[:12] == losses[12:]
    assert len(set(losses)) == 4  # two stages, two choices each


@pytest.mark.parametrize("options", [{"stages": [3]}, {"drop_rate": 1.5}, {"threshold": 0.0}])
def test_options_out_of_range(options):
    with pytest.raises(BadRecipe, match="adl"):
        adl(**options)


def test_a_backbone_without_stages_is_refused():
    with pytest.raises(BadRecipe, match="SmallDeiT has no stages"):
        adl(network=build_network(8, name="small_deit", head="ts_cam", width=16, depth=1, heads=1))
