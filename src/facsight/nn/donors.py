"""A network that is given the features of networks that were trained before it.

Paper    the winning system of the multi-task challenge of the 7th ABAW competition, progressive multi-task
         learning, 2024, https://arxiv.org/abs/2407.16945
Needs    trained networks of the same modalities, with as many fused features as the network's fusion block
Learns   the network, and two linear layers behind the sum of features; a donor never
Differs  donors look at the windows themselves, where the paper stores their features of each frame: the same
         numbers for donors that see a step at a time, and a model that needs no store when it is used
"""

from collections.abc import Sequence

import torch
from torch import nn

from facsight.core.errors import BadCheckpoint, BadRecipe
from facsight.core.sequences import SequencePrediction, Sequences
from facsight.nn.fused import Fused
from facsight.nn.prevalent import PrevalentNetwork
from facsight.nn.sequence_network import SequenceNetwork


class DonatedNetwork(nn.Module):
    r"""The network's fused features :math:`f`, of `donors` :math:`d_1, d_2, \dots`, become

    .. math:: V \operatorname{dropout}(\operatorname{ReLU}(W (f + d_1 + d_2 + \dots)))

    on their way to what looks along time and to the outputs. `BadCheckpoint` for a donor with another number
    of features.
    """

    def __init__(self, network: SequenceNetwork, donors: Sequence[nn.Module], *, dropout: float = 0.3):
        super().__init__()
        size = network.fusion.size
        if not donors:
            raise BadRecipe("expected at least one donor, found none: leave out network.donors")
        for number, donor in enumerate(donors, 1):
            if donor.size != size:
                raise BadCheckpoint(
                    f"features are added: donor {number} gives {donor.size} a step, the network's fusion "
                    f"{size}; make them alike, or take another donor"
                )
        self.network, self.size = network, network.size
        self.donors = nn.ModuleList(donors).requires_grad_(False).eval()
        self.mix = nn.Sequential(nn.Linear(size, size), nn.ReLU(), nn.Dropout(dropout), nn.Linear(size, size))

    @property
    def trunk(self) -> nn.Module:
        """The last part that all outputs share."""
        return self.mix if self.network.temporal is None else self.network.temporal

    def train(self, mode: bool = True) -> "DonatedNetwork":
        """Donors are never in training mode: what they give does not change."""
        super().train(mode)
        self.donors.eval()
        return self

    def forward(self, sequences: Sequences) -> SequencePrediction:
        encoded = self.network.encode(sequences)
        fused = self.network.fusion(encoded)
        with torch.no_grad():
            given = [donor(sequences).fused for donor in self.donors]
        mixed = self.mix(torch.stack([fused.features, *given]).sum(dim=0))
        return self.network.read(Fused(mixed, fused.shares), encoded)


#: Any network of sequences.
AnyNetwork = SequenceNetwork | PrevalentNetwork | DonatedNetwork
