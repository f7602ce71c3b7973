"""Neutral shift: a person's resting face is moved to where those of many people lie, as far as it is known.

Source   ours. Taking the person's neutral face off is old (Baltrusaitis, Mahmoud and Robinson, "Cross-dataset
         learning and person-specific normalisation for automatic action unit detection", FG 2015); the
         shrinkage is that of Efron and Morris, "Stein's estimation rule and its competitors", JASA 1973
Needs    a clip of the target that is known to be neutral; of many people the mean and spread of their neutral
         features. No source people, no labels, no training
Learns   nothing: an offset a channel, in closed form
Differs  from neutral subtraction: a channel is moved the less, the less the clip tells about it beside how
         much people differ in it
Harm     where the clip is not neutral, its expression is taken for how the face rests, and read less from
         then on. Under the head `gap` it adds a constant to each class's logit: it can neither sharpen nor
         blur an expression. On real faces: docs/personal_readers.md
"""

import torch
from jaxtyping import Float
from torch import Tensor

from facsight.core.adaptation import Adaptation
from facsight.core.errors import BadPeople
from facsight.core.people import People, Unlabelled
from facsight.nn.channel_style import ChannelStyle
from facsight.nn.source_moments import SourceMoments
from facsight.nn.split_network import SplitNetwork, pooled

#: Stretches of the clip whose means are compared: frames are alike, so that they are not counted one by one.
STRETCHES = 10


class NeutralShift(Adaptation):
    r"""`features + offset`, with an offset that is shrunk towards none.

    With the mean :math:`\mu_c` and the variance :math:`\tau_c^2` of people's neutral features, the clip's
    mean :math:`m_c` and its squared error :math:`\epsilon_c^2`,

    .. math:: o_c = \frac{\tau_c^2}{\tau_c^2 + \epsilon_c^2} (\mu_c - m_c)

    which is the posterior mean where people differ by :math:`N(0, \tau_c^2)`.
    """

    expected: Float[Tensor, "channel"]
    between: Float[Tensor, "channel"]
    sees = "neutral"
    trains = False

    def __init__(self, network: SplitNetwork, *, moments: SourceMoments, neutral: int):
        super().__init__()
        self.network = network.requires_grad_(False)
        own = moments.classes[:, neutral]
        own = own[own.isfinite().all(dim=1)]
        if len(own) < 2:
            raise BadPeople(
                f"expected two source people or more with neutral inputs, found {len(own)}: how much people "
                "differ is not known; use neutral_subtraction"
            )
        self.register_buffer("expected", own.mean(dim=0), persistent=False)
        self.register_buffer("between", own.var(dim=0, correction=0), persistent=False)
        self.style = ChannelStyle(own.shape[1])

    @torch.no_grad()
    def begin(self, target: Unlabelled, sources: People | None) -> None:
        """Settle the offset. `BadPeople` for fewer than four inputs: an error cannot be told."""
        if len(target) < 4:
            raise BadPeople(f"expected four neutral inputs or more, found {len(target)}: give a longer clip")
        rows = self.network.encode_all(target.inputs, then=pooled)
        total = self.between + squared_error(rows)
        weight = torch.where(total > 0, self.between / torch.where(total > 0, total, 1.0), 0.0)
        self.style.set(torch.ones_like(weight), weight * (self.expected - rows.mean(dim=0)))

    def predict(self, inputs: Tensor) -> Tensor:
        return self.network.decide(self.style(self.network.encode(inputs)))


def squared_error(rows: Float[Tensor, "n channel"]) -> Float[Tensor, "channel"]:
    """The squared standard error of each channel's mean, from the variance of the stretches' means.

    >>> squared_error(torch.tensor([[0.0], [0.0], [2.0], [2.0]])).tolist()  # means 0 and 2
    [1.0]
    """
    stretches = rows.tensor_split(min(STRETCHES, len(rows) // 2))
    means = torch.stack([stretch.mean(dim=0) for stretch in stretches])
    return means.var(dim=0) / len(means)
