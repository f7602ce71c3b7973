import inspect

import pytest
import torch

from facsight.core.errors import BadCheckpoint, BadRecipe
from facsight.nn.classifier import fold_normalisation, read_both_ways
from facsight.nn.heads.gap import AveragePooling
from facsight.nn.heads.peak_response import PeakStimulation, peaks
from facsight.nn.heads.per_unit import SHARE, UnitMaps
from facsight.nn.heads.ts_cam import TokenSemantics
from facsight.nn.heads.two_branches import Branches, TwoBranches, erase
from facsight.nn.heads.wildcat import Wildcat, pool_extremes
from facsight.nn.small_deit import SmallDeiT
from facsight.nn.small_resnet import SmallResNet
from facsight.nn.weights import BACKBONES, HEADS, build_network, load_network, save_network

RESNET = {"name": "small_resnet", "widths": [8, 12, 16], "blocks": [1, 1, 1], "stem": 4}
DEIT = {"name": "small_deit", "width": 16, "depth": 2, "heads": 2}
ARCHITECTURES = {
    "gap": RESNET | {"head": "gap"},
    "gap on tokens": DEIT | {"head": "gap"},
    "wildcat": RESNET | {"head": "wildcat", "maps_per_class": 2, "strongest": 0.1},
    "peak_response": RESNET | {"head": "peak_response", "window": 5},
    "ts_cam": DEIT | {"head": "ts_cam"},
    "two_branches": RESNET | {"head": "two_branches", "hidden": 6, "threshold": 0.5},
    "per_unit": RESNET | {"head": "per_unit", "units": [6, 12, 4]},
}


class Narrow:
    """A backbone of three channels."""

    channels = (3,)

    def __call__(self, pixels):
        return [pixels]


@pytest.fixture(params=ARCHITECTURES)
def network(request):
    torch.manual_seed(0)
    return build_network(5, **ARCHITECTURES[request.param]).eval()


def test_wildcat_pooling_by_hand():
    # of 9 places a third is 3: the highest 9, 8, 7, the lowest -3, -1, 1
    maps = torch.tensor([[9.0, 2.0, -1.0], [3.0, 8.0, 1.0], [-3.0, 4.0, 7.0]])
    assert pool_extremes(maps, 1 / 3, 1 / 3, 0.5).item() == pytest.approx(8 + 0.5 * -1)
    # a share of less than one place is one place
    assert pool_extremes(maps, 0.01, 0.01, 1.0).item() == pytest.approx(9 - 3)


def test_wildcat_of_all_places_is_average_pooling(generator):
    maps = torch.randn(2, 4, 3, 3, generator=generator)
    torch.testing.assert_close(pool_extremes(maps, 1.0, 0.5, 0.0), maps.mean(dim=(2, 3)))


def test_wildcat_pooling_gradient(generator):
    maps = torch.randn(1, 2, 3, 3, dtype=torch.double, generator=generator).requires_grad_()
    assert torch.autograd.gradcheck(lambda m: pool_extremes(m, 0.3, 0.2, 0.7), maps)


def test_peaks_by_hand():
    maps = torch.tensor([[5.0, 1.0, 0.0, 0.5], [1.0, 2.0, 1.0, 0.0], [0.0, 1.0, 0.0, 3.0]]).view(1, 1, 3, 4)
    found = peaks(maps)[0, 0].nonzero().tolist()
    assert found == [[0, 0], [2, 3]]  # 2.0 lies beside 5.0; 0.5 beside the 1.0 below it on the left
    assert peaks(maps, 7)[0, 0].nonzero().tolist() == [[0, 0]]


def test_peaks_agree_with_looking_at_every_window(generator):
    maps = torch.randn(1, 1, 6, 7, generator=generator)
    for y in range(6):
        for x in range(7):
            window = maps[0, 0, max(0, y - 1) : y + 2, max(0, x - 1) : x + 2]
            assert peaks(maps)[0, 0, y, x] == (maps[0, 0, y, x] == window.max())


def test_peak_logits_are_the_mean_of_the_peaks_and_move_nothing_else(generator):
    head = PeakStimulation(Narrow(), classes=2, dropout=0.0)
    features = torch.randn(1, 3, 6, 6, generator=generator).requires_grad_()
    said = head.read([features])
    where = peaks(said.class_maps)
    for k in range(2):
        assert said.logits[0, k].item() == pytest.approx(said.class_maps[0, k][where[0, k]].mean().item())
    said.logits[0, 1].backward()
    moved = features.grad.abs().sum(dim=1)[0] > 0
    assert torch.equal(moved, where[0, 1])


def test_erasing_by_hand():
    # scaled to [0, 1] the map is 0, 1/4, 1/2, 1: above 0.4 lie the last two
    features = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    class_map = torch.tensor([[[-2.0, -1.0], [0.0, 2.0]]])
    assert erase(features, class_map, 0.4).flatten().tolist() == [1, 2, 0, 0]
    assert erase(features, torch.zeros(1, 2, 2), 0.4).flatten().tolist() == [1, 2, 3, 4]


def test_branches_are_joined_by_the_larger_map_under_the_firsts_logits():
    first, second = torch.tensor([[[[1.0, -1.0]]]]), torch.tensor([[[[0.0, 3.0]]]])
    said = TwoBranches(Narrow(), classes=1).joined([torch.zeros(1, 3, 1, 2)], Branches(first, second))
    assert said.class_maps.flatten().tolist() == [1, 3]
    assert said.logits.item() == 0


def test_the_second_branch_does_not_see_what_spoke_for_the_label(generator):
    head = TwoBranches(Narrow(), classes=2, dropout=0.0, hidden=4).eval()
    features = torch.randn(1, 3, 5, 5, generator=generator).requires_grad_()
    maps = head.branches([features], torch.tensor([1]))
    maps.second.sum().backward()
    about = maps.first[0, 1]
    gone = (about - about.min()) / (about.max() - about.min()) > head.threshold
    assert gone.any()
    assert features.grad[0][:, gone].eq(0).all()
    assert features.grad[0][:, ~gone].ne(0).any()


def test_reading_erases_for_the_own_choice(generator):
    head = TwoBranches(Narrow(), classes=4).eval()
    features = [torch.randn(3, 3, 5, 5, generator=generator)]
    said = head.read(features)
    told = head.branches(features, said.logits.argmax(dim=1))
    torch.testing.assert_close(said.class_maps, torch.maximum(told.first, told.second))


def test_units_stay_apart_up_to_the_decision(generator):
    head = UnitMaps(Narrow(), classes=2, units=[12, 6]).eval()
    features = [torch.randn(2, 3, 4, 4, generator=generator)]
    units, said = head.unit_maps(features), head.read(features)
    assert units.shape == (2, 2, 4, 4)
    assert 0 < units.min() < units.max() < 1
    torch.testing.assert_close(said.attention, units.mean(dim=1))
    torch.testing.assert_close(said.class_maps.mean(dim=(2, 3)) + head.decide.bias, said.logits)
    by_hand = sum(head.decide.weight[1, u] * units[0, u].mean() / SHARE for u in range(2))
    by_hand = by_hand + head.decide.bias[1]
    torch.testing.assert_close(said.logits[0, 1], by_hand)


def test_token_maps_are_semantics_times_class_attention(generator):
    backbone = SmallDeiT(width=16, depth=2, heads=2)
    head = TokenSemantics(backbone, classes=3).eval()
    attention = torch.rand(1, 2, 12, 12, generator=generator)
    tokens = torch.randn(1, 16, 12, 12, generator=generator)
    said = head.read([attention, tokens])
    semantics = said.class_maps / (attention[:, :1] + attention[:, 1:])
    torch.testing.assert_close(semantics.mean(dim=(2, 3)), said.logits)
    # at an inner place a 3 x 3 convolution sees its neighbours
    patch = tokens[0, :, 4:7, 6:9]
    expected = (head.semantics.weight[2] * patch).sum() + head.semantics.bias[2]
    torch.testing.assert_close(semantics[0, 2, 5, 7], expected)


def test_saved_weights_rebuild_every_head(network, request, tmp_path, generator):
    architecture = ARCHITECTURES[request.node.callspec.params["network"]]
    card = {"architecture": architecture, "classes": list("abcde"), "crop_size": 48, "temperature": 1.0}
    save_network(network, tmp_path / "reader.safetensors", card)
    loaded, _ = load_network(tmp_path / "reader.safetensors")
    pixels = torch.randn(2, 1, 48, 48, generator=generator)
    assert type(loaded.head) is type(network.head)
    torch.testing.assert_close(loaded(pixels).class_maps, network(pixels).class_maps)


def test_reading_works_under_every_head(network, generator):
    pixels = torch.randn(2, 1, 48, 48, generator=generator)
    with torch.inference_mode():
        before = read_both_ways(network, pixels)
        after = read_both_ways(fold_normalisation(network), pixels)
        other = read_both_ways(network, pixels.flip(3))
    assert before.attention.shape == (2, 12, 12)
    assert before.class_maps.shape == (2, 5, 12, 12)
    torch.testing.assert_close(after.logits, before.logits, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(other.logits, before.logits, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(other.class_maps, before.class_maps.flip(3), atol=1e-4, rtol=1e-4)


def test_scores_are_single_precision_under_autocast(network, generator):
    with torch.autocast("cpu", torch.bfloat16):
        said = network(torch.randn(1, 1, 48, 48, generator=generator))
    assert {said.logits.dtype, said.attention.dtype, said.class_maps.dtype} == {torch.float32}


def test_average_pooling_has_the_names_that_shipped_weights_have():
    assert set(AveragePooling(Narrow(), classes=2).state_dict()) == {"weight", "bias"}


def test_backbones_and_heads_share_no_option():
    supplied = {"backbone", "classes", "dropout", "head", "name"}
    for backbone in BACKBONES.values():
        for head in HEADS.values():
            shared = inspect.signature(backbone).parameters.keys() & inspect.signature(head).parameters.keys()
            assert not shared - supplied


def test_token_head_needs_a_class_token():
    with pytest.raises(BadRecipe, match="small_deit"):
        TokenSemantics(SmallResNet(widths=(4, 4, 4), blocks=(1, 1, 1), stem=4), classes=2)


def test_unknown_head():
    with pytest.raises(BadCheckpoint, match="unknown head 'wildcats'"):
        build_network(2, head="wildcats")


@pytest.mark.parametrize(
    ("head", "options"),
    [
        (Wildcat, {"maps_per_class": 0}),
        (Wildcat, {"strongest": 0.0}),
        (Wildcat, {"weakest": 1.5}),
        (PeakStimulation, {"window": 4}),
        (PeakStimulation, {"window": 1}),
        (TwoBranches, {"threshold": 1.0}),
    ],
)
def test_options_out_of_range(head, options):
    with pytest.raises(BadRecipe, match="found"):
        head(Narrow(), classes=2, **options)
