"""Whether a reader is right as often as it is sure, and the temperature that makes it so.

Everything is computed in double precision; probabilities and logits have one column a class.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from facsight.core.errors import BadLabels

#: Temperatures searched: beyond them the data do not say (all right, or no better than chance).
TEMPERATURES = (0.05, 20.0)


def expected_calibration_error(
    probabilities: Float[Tensor, "n class"], truth: Int[Tensor, "n"], *, bins: int = 15
) -> Float[Tensor, ""]:
    r"""Gap between sureness and accuracy, over faces sorted into bins by the largest probability.

    .. math:: \mathrm{ECE} = \sum_b \frac{n_b}{n} \lvert \mathrm{accuracy}_b - \mathrm{confidence}_b \rvert

    Guo et al., "On calibration of modern neural networks", ICML 2017, eq. 3: `bins` of equal width, each
    without its lower and with its upper end. In [0, 1], lower is better; biased upwards for few faces.
    """
    return binned_gap(confidence_bins(probabilities, truth, bins=bins))


def classwise_calibration_error(
    probabilities: Float[Tensor, "n class"], truth: Int[Tensor, "n"], *, bins: int = 15
) -> Float[Tensor, ""]:
    """The same gap for each class's probability against how often the class is true, averaged over classes.

    Kull et al., "Beyond temperature scaling", NeurIPS 2019, section 2. A class that is hardly ever likely
    adds almost nothing.
    """
    return binned_gap(class_bins(probabilities, truth, bins=bins))


def negative_log_likelihood(logits: Float[Tensor, "n class"], truth: Int[Tensor, "n"]) -> Float[Tensor, ""]:
    """Mean of minus the log probability of the true class, in nats."""
    return surprise(logits, truth).mean()


def surprise(logits: Float[Tensor, "n class"], truth: Int[Tensor, "n"]) -> Float[Tensor, "n"]:
    """Minus the log probability of each face's true class, in nats."""
    return torch.nn.functional.cross_entropy(logits.double(), truth, reduction="none")


def brier_score(probabilities: Float[Tensor, "n class"], truth: Int[Tensor, "n"]) -> Float[Tensor, ""]:
    """Mean over faces of the squared distance to the true class's corner, summed over classes: 0 to 2.

    Brier 1950, "Verification of forecasts expressed in terms of probability", eq. 2. Of two classes it is
    twice what scikit-learn's `brier_score_loss` gives, which takes the second class alone.
    """
    return brier_distance(probabilities, truth).mean()


def brier_distance(probabilities: Float[Tensor, "n class"], truth: Int[Tensor, "n"]) -> Float[Tensor, "n"]:
    """Each face's squared distance to the true class's corner, summed over classes."""
    corner = torch.nn.functional.one_hot(truth, probabilities.shape[1]).double()
    return (probabilities.double() - corner).square().sum(dim=1)


def fit_temperature(logits: Float[Tensor, "n class"], truth: Int[Tensor, "n"]) -> float:
    r"""The temperature T that makes `softmax(logits / T)` most likely.

    With :math:`\beta = 1 / T` the likelihood's derivative is that of a convex function,

    .. math:: \frac{d}{d\beta} \mathrm{NLL}
        = \frac1n \sum_i \left(\sum_k p_k(\beta z_i) z_{ik} - z_{iy_i}\right)

    so bisection finds its only root. Guo et al. 2017, section 4.2. Answers do not change, only how sure they
    are. Fit on faces that are neither trained nor tested on. T stays within 0.05 and 20: the bound is
    returned where every answer is right, or where answers are no better than chance.
    """
    if len(logits) == 0:
        raise BadLabels("a temperature needs at least one labelled face, found none")
    scores = logits.double()
    true_score = scores.gather(1, truth.unsqueeze(1)).squeeze(1)
    low, high = 1 / TEMPERATURES[1], 1 / TEMPERATURES[0]
    for _ in range(60):
        middle = (low + high) / 2
        expected = ((middle * scores).softmax(dim=1) * scores).sum(dim=1)
        if (expected - true_score).mean() > 0:
            high = middle
        else:
            low = middle
    return 2 / (low + high)


def confidence_bins(
    probabilities: Float[Tensor, "n class"], truth: Int[Tensor, "n"], *, bins: int
) -> Float[Tensor, "column=1 bin sums=2"]:
    """What adds up to the gap of the largest probability, see `binned_gap`."""
    sureness, answer = probabilities.double().max(dim=1)
    return _binned(sureness, answer.eq(truth), bins).unsqueeze(0)


def class_bins(
    probabilities: Float[Tensor, "n class"], truth: Int[Tensor, "n"], *, bins: int
) -> Float[Tensor, "class bin sums=2"]:
    """What adds up to the gap of each class's probability, see `binned_gap`."""
    columns = probabilities.double().unbind(dim=1)
    return torch.stack([_binned(column, truth.eq(k), bins) for k, column in enumerate(columns)])


def binned_gap(sums: Float[Tensor, "column bin sums=2"]) -> Float[Tensor, ""]:
    """Distance between average sureness and outcome, weighted by the faces in each bin; mean of columns.

    The sums of a bin are of (sureness less outcome) and of faces.
    """
    surplus, faces = sums.unbind(dim=-1)
    return (surplus.abs().sum(dim=-1) / faces.sum(dim=-1)).mean()


def _binned(sureness: Float[Tensor, "n"], outcome: Bool[Tensor, "n"], bins: int) -> Float[Tensor, "bin 2"]:
    edges = torch.linspace(0, 1, bins + 1, dtype=torch.float64)
    bin_of = torch.bucketize(sureness.contiguous(), edges[1:-1])
    values = torch.stack([sureness - outcome.double(), torch.ones_like(sureness)], dim=1)
    return torch.zeros(bins, 2, dtype=torch.float64).index_add(0, bin_of, values)
