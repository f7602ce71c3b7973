"""One less Lin's concordance correlation, as a loss.

Paper    Lin, "A concordance correlation coefficient to evaluate reproducibility", Biometrics 45, 1989; as a
         loss for valence and arousal: Trigeorgis et al., "Adieu features? End-to-end speech emotion
         recognition using a deep convolutional recurrent network", ICASSP 2016
Needs    predictions and labels of the same quantities; labels that are not known are NaN
Learns   spread, mean and correlation at once: a prediction of little spread, which a squared error rewards
         where labels are uncertain, costs nearly 1
Differs  population variances, as in the scores of challenges; always in single precision or better, also
         under autocast; what a series of almost no spread is divided by is held at `LEAST`
"""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from facsight.core.errors import BadRecipe

#: Over which values a concordance is: all of the batch together, or each window by itself.
Over = Literal["pooled", "window"]

#: The least that is divided by: two constant series divide 0 by it, not by 0, and no gradient explodes. It is
#: the variance of a ripple of 0.001 on scales from -1 to 1, far below what any annotator resolves.
LEAST = 1e-6


def concordance_loss(
    said: Float[Tensor, "batch step column"] | Float[Tensor, "batch column"],
    truth: Float[Tensor, "batch step column"] | Float[Tensor, "batch column"],
    *,
    over: Over = "pooled",
) -> Float[Tensor, "column"]:
    r"""The loss of each column, in 0 to 2.

    .. math:: 1 - \frac{2 s_{xy}}{s_x^2 + s_y^2 + (\bar x - \bar y)^2}

    over the pairs whose label is finite. "pooled": over all of the batch; "window": the mean over the windows
    with at least two labels, each by itself, where a batch holds windows of steps. With fewer than two labels
    there is nothing to agree with: the loss is 0 and so is its gradient.

    Labels that never change agree with nothing, as in the scores: they cost 1 and give no gradient, whatever
    is predicted. A prediction that never changes costs 1, too, but has a gradient that spreads it.
    """
    if over == "window" and said.ndim != 3:
        raise BadRecipe("a CCC of each window needs labels of steps; here windows have one: use 'pooled'")
    said = said.float() if said.dtype in (torch.float16, torch.bfloat16) else said
    truth = truth.to(said.dtype)
    if over == "pooled":
        loss, known = _loss(said.flatten(0, -2)[None], truth.flatten(0, -2)[None])
    else:
        loss, known = _loss(said, truth)
    return torch.where(known, loss, 0.0).sum(dim=0) / known.sum(dim=0).clamp(min=1)


def _loss(said: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Loss of each series and column of (series, step, column), and which of them have two labels.

    Not by `functional.moments`: those take a series of no spread for constant, which would leave a network
    that starts with constant answers without a gradient.
    """
    known = truth.isfinite()
    count = known.sum(dim=1, keepdim=True).clamp(min=1)
    x, y = torch.where(known, said, 0.0), torch.where(known, truth, 0.0)
    mean_x, mean_y = x.sum(dim=1, keepdim=True) / count, y.sum(dim=1, keepdim=True) / count
    x, y = torch.where(known, x - mean_x, 0.0), torch.where(known, y - mean_y, 0.0)
    both, spread = (x * y).sum(dim=1) / count[:, 0], (x.square() + y.square()).sum(dim=1) / count[:, 0]
    apart = (mean_x - mean_y)[:, 0].square()
    return 1 - 2 * both / (spread + apart).clamp(min=LEAST), known.sum(dim=1) >= 2
