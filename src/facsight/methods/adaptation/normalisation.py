"""Normalisation per person: each channel of the features gets the mean and spread that source people have.

Needs    the target without labels; of source people the mean and spread of each channel
Learns   nothing: a gain and an offset a channel, in closed form
Harm     where the target's mix of classes is not that of the sources: a person who only smiles is made to
         look as often sad as others, as the mean goes with the mix. On simulated people, who have all classes
         alike, it is above no adaptation (docs/personal.md); where one expression is shown most of the time
         it gains half as much, and makes a third of them worse (docs/adaptation.md)
Source   speaker normalisation by mean and variance: Viikki and Laurila, "Cepstral domain segmental feature
         vector normalization for noise robust speech recognition", Speech Communication 25, 1998; the mean
         and variance of each channel as a style: Huang and Belongie, "Arbitrary style transfer in real-time
         with adaptive instance normalization", ICCV 2017, eq. 8, here over a person in place of an image
"""

import torch
from jaxtyping import Float
from torch import Tensor

from facsight.core.adaptation import Adaptation
from facsight.core.people import People, Unlabelled
from facsight.nn.channel_style import ChannelStyle
from facsight.nn.source_moments import SourceMoments, moments_of
from facsight.nn.split_network import SplitNetwork


class PersonNormalisation(Adaptation):
    """`(features - mean) / deviation` of the target, times the deviation, plus the mean of source people.

    The gain is at most `largest`, so that a channel that hardly moves in this person is not blown up.
    """

    mean: Float[Tensor, "channel"]
    deviation: Float[Tensor, "channel"]
    sees = "target"
    trains = False

    def __init__(self, network: SplitNetwork, *, moments: SourceMoments, largest: float = 5.0):
        super().__init__()
        self.network, self.largest = network.requires_grad_(False), largest
        self.register_buffer("mean", moments.mean, persistent=False)
        self.register_buffer("deviation", moments.deviation, persistent=False)
        self.style = ChannelStyle(len(moments.mean))

    @torch.no_grad()
    def begin(self, target: Unlabelled, sources: People | None) -> None:
        mean, deviation = moments_of(self.network, target.inputs)
        gain = self.deviation / deviation.maximum(self.deviation / self.largest)
        gain = torch.where(self.deviation > 0, gain, 1.0)
        self.style.set(gain, self.mean - gain * mean)

    def predict(self, inputs: Tensor) -> Tensor:
        return self.network.decide(self.style(self.network.encode(inputs)))
