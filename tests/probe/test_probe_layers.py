from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import nn

from facsight.core.errors import UnknownName
from facsight.probe.layers import as_maps, covers, exchanged, find_layer, spatial_tensor, token_grid
from small_networks import SmallCNN

Pair = namedtuple("Pair", ["first", "second"])


@dataclass
class Output:
    features: Any
    note: str = "kept"


def test_a_layer_is_found_by_name_and_by_itself():
    network = SmallCNN()
    assert find_layer(network, "second") == ("second", network.second)
    assert find_layer(network, network.second) == ("second", network.second)


def test_a_layer_under_two_names_has_both():
    network = nn.Sequential()
    network.add_module("one", nn.ReLU())
    network.add_module("other", network.one)
    assert find_layer(network, "other") == ("other", network.one)
    assert find_layer(network, network.one)[0] == "one"


def test_an_unknown_layer_is_answered_with_the_nearest():
    with pytest.raises(UnknownName, match="has no layer 'secnd': did you mean 'second'"):
        find_layer(SmallCNN(), "secnd")
    with pytest.raises(UnknownName, match="is not a layer of SmallCNN"):
        find_layer(SmallCNN(), nn.ReLU())


@pytest.mark.parametrize(
    ("size", "picture", "expected"),
    [
        ((7, 7), (224, 224), True),
        ((7, 8), (224, 224), False),  # on a square picture both sides shrink alike
        ((1, 1), (32, 32), False),
        ((33, 33), (32, 32), False),  # finer than the picture
        ((2, 4), (40, 100), True),  # 40/25 -> 2 and 100/25 -> 4, rounded up
        ((1, 3), (30, 90), True),
        ((10, 18), (16, 24), True),  # three 3x3 convolutions without padding
        ((18, 10), (16, 24), False),
        ((4, 32), (16, 24), False),
    ],
)
def test_which_grids_cover_a_picture(size, picture, expected):
    assert covers(size, picture) is expected


@pytest.mark.parametrize(
    ("tokens", "picture", "expected"),
    [
        (49, (224, 224), (7, 7)),
        (197, (224, 224), (14, 14)),  # a class token
        (198, (224, 224), (14, 14)),  # and one for distillation
        (261, (224, 224), (16, 16)),  # and four registers
        (8, (16, 32), (2, 4)),
        (15, (30, 45), (3, 5)),  # patches of 9, or of 8 with the rest dropped
        (16, (30, 45), (3, 5)),
        (1, (32, 32), None),
        (3, (32, 32), None),
        (60, (32, 32), (7, 7)),  # 49 and 11 others; 64 are too many
        (512, (112, 112), None),  # 22 x 22 and 28 others: too many
    ],
)
def test_patches_among_tokens(tokens, picture, expected):
    assert token_grid(tokens, picture) == expected


def test_channels_first_channels_last_and_tokens_are_seen_as_the_same_maps():
    maps = torch.randn(2, 5, 4, 4)
    tokens = torch.cat([torch.full((2, 1, 5), 99.0), maps.flatten(2).transpose(1, 2)], dim=1)
    for seen in (maps, maps.permute(0, 2, 3, 1), tokens):
        torch.testing.assert_close(as_maps(seen, (32, 32)), maps)


@pytest.mark.parametrize(
    "tensor",
    [
        torch.zeros(2, 5),
        torch.zeros(2, 5, 1, 1),
        torch.zeros(2, 5, 4, 4, dtype=torch.long),
        torch.zeros(2, 16, 1),  # channels after pooling, not tokens
        torch.zeros(2, 3, 5, 16, 16),
    ],
)
def test_what_has_no_places_is_no_map(tensor):
    assert as_maps(tensor, (32, 32)) is None


def test_the_features_are_found_in_any_output():
    maps = torch.randn(2, 5, 4, 4)
    holders = [maps, (maps,), [maps], {"features": maps}, Output(maps), Pair(maps, None), (None, (3, maps))]
    assert all(spatial_tensor(holder, (32, 32)) is maps for holder in holders)
    assert spatial_tensor((torch.zeros(2, 5), "none"), (32, 32)) is None
    assert spatial_tensor((), (32, 32)) is None


def test_of_a_list_of_maps_the_deepest_is_taken():
    fine, deep = torch.randn(2, 3, 8, 8), torch.randn(2, 5, 4, 4)
    assert spatial_tensor([fine, deep], (32, 32)) is deep
    assert spatial_tensor(Output((fine, deep)), (32, 32)) is deep
    assert spatial_tensor({"last": deep, "all": (fine, deep)}, (32, 32)) is deep


def test_attention_probabilities_are_no_maps():
    probabilities = torch.randn(2, 3, 17, 17, generator=torch.Generator().manual_seed(0)).softmax(dim=3)
    tokens = torch.randn(2, 17, 6)
    assert spatial_tensor(probabilities, (32, 32)) is None
    assert spatial_tensor((tokens, probabilities), (32, 32)) is tokens
    assert spatial_tensor(probabilities.bfloat16(), (32, 32)) is None
    spoilt = probabilities.clone()
    spoilt[0] = torch.nan
    assert spatial_tensor(spoilt, (32, 32)) is None
    features = 2 * probabilities
    assert spatial_tensor(features, (32, 32)) is features


@pytest.mark.parametrize(
    "wrap",
    [
        lambda x: x,
        lambda x: (x, 1),
        lambda x: [None, x],
        lambda x: {"a": x, "b": "b"},
        lambda x: OrderedDict(a=x),
        lambda x: Output(x),
        lambda x: Pair((x, 2), [x]),
        lambda x: ({"deep": (Output([x]),)},),
    ],
)
def test_a_tensor_is_exchanged_wherever_it_stands(wrap):
    old, new = torch.zeros(1), torch.ones(1)
    before, expected = wrap(old), wrap(new)
    after = exchanged(before, old, new)
    assert type(after) is type(expected)
    assert after == expected  # the same object `new` inside: compared by identity first


def test_outputs_of_transformers_keep_their_kind():
    from transformers.modeling_outputs import BaseModelOutput

    old, new = torch.zeros(1, 4, 2), torch.ones(1, 4, 2)
    output: Any = BaseModelOutput(last_hidden_state=old, hidden_states=(new, old))  # pyright: ignore
    after = exchanged(output, old, new)
    assert isinstance(after, BaseModelOutput)
    assert after.last_hidden_state is new
    assert after.hidden_states is not None
    assert after.hidden_states[1] is new
    assert after.attentions is None
