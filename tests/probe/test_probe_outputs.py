from collections import namedtuple
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from facsight.core.errors import BadLabels
from facsight.probe.outputs import class_scores

SCORES, OTHER, MAPS = torch.randn(2, 4), torch.randn(2, 7), torch.randn(2, 5, 4, 4)
Heads = namedtuple("Heads", ["features", "expression"])


@dataclass
class Output:
    maps: Tensor
    logits: Tensor
    other: Tensor


@pytest.mark.parametrize(
    "output",
    [
        SCORES,
        (MAPS, SCORES),
        [SCORES],
        {"maps": MAPS, "anything": SCORES},
        {"other": OTHER, "logits": SCORES},
        {"other": OTHER, "scores": SCORES},
        Output(MAPS, SCORES, OTHER),
        Heads(OTHER, SCORES),
    ],
)
def test_scores_are_found(output):
    assert class_scores(output) is SCORES


def test_a_head_is_chosen_by_name_or_number():
    assert class_scores((SCORES, OTHER), head=1) is OTHER
    assert class_scores({"valence": OTHER, "logits": SCORES}, head="valence") is OTHER


def test_one_score_a_face_is_one_class():
    assert class_scores(torch.tensor([1.0, 2.0])).tolist() == [[1.0], [2.0]]


def test_several_heads_are_told_apart_by_the_user():
    with pytest.raises(BadLabels, match=r"several outputs \('0' \(2, 4\), '1' \(2, 7\)\); say which"):
        class_scores((SCORES, OTHER))
    with pytest.raises(BadLabels, match="no output 'valense': did you mean 'valence'"):
        class_scores({"valence": OTHER}, head="valense")


def test_what_has_no_scores_is_refused():
    with pytest.raises(
        BadLabels, match=r"expected class scores \(batch, class\) in the output, found \(2, 5, 4, 4\)"
    ):
        class_scores(MAPS)
    with pytest.raises(BadLabels, match="the network returns NoneType"):
        class_scores(None)
    with pytest.raises(BadLabels, match="in 'maps'"):
        class_scores({"maps": MAPS, "logits": SCORES}, head="maps")
