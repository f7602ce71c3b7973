"""A donor's features are added, pass two linear layers, and never change."""

import copy

import pytest
import torch

from facsight.core.errors import BadCheckpoint, BadRecipe
from facsight.core.sequences import Sequences
from facsight.fusion.concatenation import Concatenation
from facsight.nn.donors import DonatedNetwork
from facsight.nn.fused import Fused, Fusion
from facsight.nn.sequence_network import SequenceNetwork
from facsight.nn.temporal.temporal_convergence import TemporalConvergence
from fusion_windows import windows_of

SIZES = {"face": 4, "audio": 3}


class Passing(Fusion):
    """The features of the face, times a number."""

    def __init__(self, factor):
        super().__init__()
        self.size, self.factor = 2, factor

    def forward(self, sequences):
        return Fused(self.factor * sequences.streams["face"])


def one_step(values):
    inside = torch.ones(1, 1, dtype=torch.bool)
    return Sequences({"face": torch.tensor([[values]])}, {"face": inside}, inside)


def whole(seed, width=8, temporal=False, dropout=0.0):
    torch.manual_seed(seed)
    fusion = Concatenation(SIZES, width=width, dropout=dropout)
    return SequenceNetwork(
        fusion, {"affect": 2}, temporal=TemporalConvergence(width, size=6) if temporal else None
    )


def windows(dtype=torch.float32):
    return windows_of(SIZES, generator=torch.Generator().manual_seed(0), dtype=dtype)


def test_hand_value():
    """1 and -1, with donors of twice and three times that: sums of 6 and -6, of which the first passes."""
    donors = [SequenceNetwork(Passing(factor), {"mood": 3}) for factor in (2.0, 3.0)]
    network = DonatedNetwork(SequenceNetwork(Passing(1.0), {"affect": 1}), donors, dropout=0.0)
    for layer, bias in ((network.mix[0], 0.0), (network.mix[3], 0.5)):
        torch.nn.init.eye_(layer.weight)
        torch.nn.init.constant_(layer.bias, bias)
    said = network(one_step([1.0, -1.0]))
    torch.testing.assert_close(said.fused, torch.tensor([[[6.5, 0.5]]]))
    output = network.network.outputs["affect"]
    torch.testing.assert_close(said.outputs["affect"], output(said.fused))


def test_the_order_of_donors_says_nothing():
    donors = [whole(1), whole(2)]
    network = DonatedNetwork(whole(0), donors).eval()
    other = DonatedNetwork(whole(0), donors[::-1]).eval()
    other.mix.load_state_dict(network.mix.state_dict())
    torch.testing.assert_close(network(windows()).fused, other(windows()).fused)


@pytest.mark.parametrize("temporal", [False, True])
def test_training_moves_everything_but_the_donors(temporal):
    donor = whole(1, dropout=0.5)
    before = copy.deepcopy(donor.state_dict())
    network = DonatedNetwork(whole(0, temporal=temporal), [donor], dropout=0.0).train()
    assert not donor.training
    network(windows()).outputs["affect"].square().sum().backward()
    assert all(p.grad is None and not p.requires_grad for p in donor.parameters())
    still = [
        name
        for name, p in network.named_parameters()
        if not name.startswith("donors") and (p.grad is None or not p.grad.abs().sum() > 0)
    ]
    assert not still
    optimizer = torch.optim.AdamW([p for p in network.parameters() if p.requires_grad], lr=0.1)
    optimizer.step()
    assert all(torch.equal(before[name], value) for name, value in donor.state_dict().items())


def test_a_window_does_not_depend_on_its_batch_nor_on_its_padding():
    seen, network = windows(torch.float64), DonatedNetwork(whole(0), [whole(1, temporal=False)])
    network = network.double().eval()
    inside = seen.inside
    said = network(seen).fused
    longer = Sequences(
        {name: torch.nn.functional.pad(s, (0, 0, 0, 3)) for name, s in seen.streams.items()},
        {name: torch.nn.functional.pad(k, (0, 3)) for name, k in seen.known.items()},
        torch.nn.functional.pad(inside, (0, 3)),
    )
    torch.testing.assert_close(network(longer).fused[:, : inside.shape[1]][inside], said[inside])


def test_a_donor_of_another_size_is_refused():
    with pytest.raises(BadCheckpoint, match="donor 2 gives 16 a step, the network's fusion 8"):
        DonatedNetwork(whole(0), [whole(1), whole(2, width=16)])
    with pytest.raises(BadCheckpoint, match="gives 6"):
        DonatedNetwork(whole(0), [whole(1, temporal=True)])


def test_no_donor_is_no_donated_network():
    with pytest.raises(BadRecipe, match="at least one donor"):
        DonatedNetwork(whole(0), [])
