"""Neutral shift: a person's resting face is moved to where resting faces of many people lie.

Source   ours. Subtracting a neutral face is old (person-specific neutral normalisation; Baltrusaitis, Mahmoud
         and Robinson, "Cross-dataset learning and person-specific normalisation for automatic action unit
         detection", FG 2015); the shrinkage is that of Efron and Morris, "Stein's estimation rule and its
         competitors", JASA 1973
Needs    a clip of the person at rest; moments of neutral faces of many people (nn/neutral_people.py). No
         source people, no labels, no training
Learns   one number a channel
Differs  from plain subtraction: by what many people look like instead of by nothing, so that the head still
         sees what it was trained on; and a channel that the clip tells little about is moved little
Harm     where the clip is not neutral, its expression is taken for the person's resting face and read less
         from then on. Under the head `gap` a shift adds a constant to each class's logit: it can neither
         sharpen nor blur an expression. Never below the unadapted reader on the planted people of
         tests/methods/adaptation/test_neutral_shift.py; on real faces see docs/personal_readers.md
"""

import torch
from jaxtyping import Float
from torch import Tensor

from facsight.core.errors import BadFaces
from facsight.nn.neutral_people import NeutralPeople
from facsight.nn.personal import ChannelAffine

#: Stretches of the clip whose means are compared: frames are alike, so that they are not counted one by one.
STRETCHES = 10


def neutral_shift(neutral: Float[Tensor, "frame channel"], people: NeutralPeople) -> ChannelAffine:
    r"""The person's part from features of neutral frames in order of time (means over places).

    With the mean :math:`\mu_c` and the standard deviation :math:`\tau_c` of people, the clip's mean
    :math:`m_c` and its squared error :math:`\epsilon_c^2` (from the means of ten stretches of the clip),

    .. math:: t_c = -\frac{\tau_c^2}{\tau_c^2 + \epsilon_c^2} (m_c - \mu_c), \qquad s_c = 1

    which is the posterior mean of the person's difference from people where differences are
    :math:`N(0, \tau_c^2)`. `BadFaces` for fewer than four frames, or features that are not finite.
    """
    if len(neutral) < 4:
        raise BadFaces(f"expected four neutral frames or more, found {len(neutral)}: give a longer clip")
    if not torch.isfinite(neutral).all():
        raise BadFaces("features of neutral frames must be finite, found NaN or infinity")
    between = people.spread.square()
    total = between + squared_error(neutral)
    weight = torch.where(total > 0, between / torch.where(total > 0, total, 1.0), 0.0)
    return ChannelAffine(torch.ones_like(weight), -weight * (neutral.mean(dim=0) - people.mean))


def squared_error(neutral: Float[Tensor, "frame channel"]) -> Float[Tensor, "channel"]:
    """The squared standard error of each channel's mean, from the variance of the stretches' means.

    >>> squared_error(torch.tensor([[0.0], [0.0], [2.0], [2.0]])).tolist()  # means 0 and 2
    [1.0]
    """
    stretches = neutral.tensor_split(min(STRETCHES, len(neutral) // 2))
    means = torch.stack([stretch.mean(dim=0) for stretch in stretches])
    return means.var(dim=0) / len(means)
