import math

import pytest
import torch
from torch import nn

from facsight.core.errors import BadRecipe
from facsight.core.sequences import Sequences
from facsight.nn.fused import Fused, Fusion
from facsight.nn.sequence_network import SequenceNetwork


class _Sum(Fusion):
    """Adds what modalities give."""

    size = 2

    def forward(self, sequences):
        return Fused(torch.stack(list(sequences.streams.values())).sum(dim=0))


@pytest.fixture
def windows():
    """Steps 1, 2, 3 in one modality; the second window ends after two."""
    inside = torch.tensor([[True, True, True], [True, True, False]])
    stream = torch.tensor([[1.0, 2.0, 3.0]]).expand(2, 3)[..., None].expand(2, 3, 2) * inside[..., None]
    return Sequences({"face": stream}, {"face": inside}, inside)


def _passed_on(network):
    """A network whose output is the features it reads."""
    layer = network.outputs["affect"]
    nn.init.eye_(layer.weight)
    nn.init.zeros_(layer.bias)
    return network


def test_labels_of_steps_are_not_pooled(windows):
    said = _passed_on(SequenceNetwork(_Sum(), {"affect": 2}))(windows)
    assert torch.equal(said.outputs["affect"], windows.streams["face"])


def test_the_mean_is_over_what_is_inside(windows):
    said = _passed_on(SequenceNetwork(_Sum(), {"affect": 2}, pooling="mean"))(windows)
    assert said.outputs["affect"].tolist() == [[2.0, 2.0], [1.5, 1.5]]


def test_attention_with_equal_weights_is_the_mean(windows):
    network = _passed_on(SequenceNetwork(_Sum(), {"affect": 2}, pooling="attention"))
    nn.init.zeros_(network.weigh.weight)
    torch.testing.assert_close(network(windows).outputs["affect"], torch.tensor([[2.0, 2.0], [1.5, 1.5]]))


def test_an_encoder_reads_its_own_modality_and_what_is_not_known_stays_zero(windows):
    class _One(nn.Module):
        def forward(self, stream, known):
            return torch.ones(*known.shape, 2)

    said = SequenceNetwork(_Sum(), {"affect": 2}, encoders={"face": _One()}).encode(windows)
    assert torch.equal(said.streams["face"], windows.inside[..., None].expand(2, 3, 2).float())


def test_what_lies_beyond_the_end_changes_nothing(windows):
    torch.manual_seed(0)
    network = SequenceNetwork(_Sum(), {"affect": 2}, pooling="attention")
    other = Sequences({"face": windows.streams["face"].clone()}, windows.known, windows.inside)
    other.streams["face"][1, 2] = 99.0
    torch.testing.assert_close(network(other).outputs["affect"], network(windows).outputs["affect"])


def test_softmax_pooling_weighs_each_clip_by_its_own_score(windows):
    network = _passed_on(SequenceNetwork(_Sum(), {"affect": 2}, pooling="softmax", span=2, sharpness=1.0))
    weight = 1 / (1 + math.exp(-1.0))  # clips of steps 1-2 and 2-3 have the scores 2 and 3; the other one 2
    expected = torch.tensor([[2.0 + weight] * 2, [2.0] * 2])
    torch.testing.assert_close(network(windows).outputs["affect"], expected)


def test_softmax_pooling_of_sharpness_0_over_steps_is_the_mean(windows):
    network = _passed_on(SequenceNetwork(_Sum(), {"affect": 2}, pooling="softmax", sharpness=0.0))
    torch.testing.assert_close(network(windows).outputs["affect"], torch.tensor([[2.0, 2.0], [1.5, 1.5]]))


@pytest.mark.parametrize("wrong", [{"span": 0}, {"sharpness": -1.0}])
def test_clips_that_cannot_be_are_refused(wrong):
    with pytest.raises(BadRecipe, match="found"):
        SequenceNetwork(_Sum(), {"affect": 2}, pooling="softmax", **wrong)
