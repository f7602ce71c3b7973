"""Neutral subtraction: the person's neutral face is taken off, and that of source people put in its place.

Needs    a clip of the target that is known to be neutral; of source people their neutral features
Learns   nothing: an offset a channel, in closed form
Harm     where the clip is not neutral, or people differ in how strongly they show rather than in where they
         start: an offset cannot mend a gain. On simulated people it is above no adaptation (docs/personal.md)
Source   the difference from the person's neutral face as the feature: Tian, Kanade and Cohn, "Recognizing
         action units for facial expression analysis", PAMI 23, 2001, section 4; here at the features of a
         network, and with a neutral face of all added back, so that the trained head can be kept
"""

import torch
from jaxtyping import Float
from torch import Tensor

from facsight.core.adaptation import Adaptation
from facsight.core.people import People, Unlabelled
from facsight.nn.channel_style import ChannelStyle
from facsight.nn.source_moments import SourceMoments, moments_of
from facsight.nn.split_network import SplitNetwork


class NeutralSubtraction(Adaptation):
    """`features - neutral of the target + neutral of source people` (the mean over people of their means)."""

    expected: Float[Tensor, "channel"]
    sees = "neutral"
    trains = False

    def __init__(self, network: SplitNetwork, *, moments: SourceMoments, neutral: int):
        super().__init__()
        self.network = network.requires_grad_(False)
        self.register_buffer("expected", moments.classes[:, neutral].nanmean(dim=0), persistent=False)
        self.style = ChannelStyle(len(moments.mean))

    @torch.no_grad()
    def begin(self, target: Unlabelled, sources: People | None) -> None:
        mean, _ = moments_of(self.network, target.inputs)
        self.style.set(torch.ones_like(mean), self.expected - mean)

    def predict(self, inputs: Tensor) -> Tensor:
        return self.network.decide(self.style(self.network.encode(inputs)))
