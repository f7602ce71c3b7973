"""How far two sets of features, or the sets of several people, lie apart as distributions.

All have a gradient to every feature. Features are rows; average maps over their places first.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from facsight.core.errors import BadPeople, counted

Rows = Float[Tensor, "row channel"]
Others = Float[Tensor, "other channel"]

#: The widths of the kernels, in units of the mean squared distance.
WIDTHS = (0.25, 0.5, 1.0, 2.0, 4.0)


def maximum_mean_discrepancy(one: Rows, other: Others) -> Float[Tensor, ""]:
    r"""How far two sets lie apart under five Gaussian kernels: from 0, for equal sets, to 10.

    .. math:: \bar k(x, x') + \bar k(y, y') - 2\, \bar k(x, y), \quad
        k(a, b) = \sum_{w=2^{-2}}^{2^2} \exp\!\left(-\frac{|a - b|^2}{w\, \bar d}\right)

    with means over all pairs, a row with itself included (the biased estimate), and the mean squared distance
    d of all different pairs of both sets together. Gretton et al., "A kernel two-sample test", JMLR 2012,
    equation 5; several kernels as in Long et al., "Learning transferable features with deep adaptation
    networks", ICML 2015. d has a gradient too, so that the number does not change with the features' scale,
    and shrinking all features gains nothing. Sets of few rows lie apart even where their sources do not.
    """
    group = torch.cat([torch.zeros(len(one)), torch.ones(len(other))]).long().to(one.device)
    return discrepancy_of_groups(torch.cat([one, other]), group)


def discrepancy_of_groups(features: Rows, group: Int[Tensor, "row"]) -> Float[Tensor, ""]:
    """The mean of `maximum_mean_discrepancy` over all pairs of groups, with one mean squared distance.

    `group` is any number for each row. `BadPeople` where there are fewer than two groups.
    """
    groups, place = group.unique(return_inverse=True)
    if len(groups) < 2:
        raise BadPeople(f"expected features of two or more groups to compare, found {len(groups)}")
    member = torch.nn.functional.one_hot(place).to(features.dtype)
    share = member / member.sum(dim=0)
    alike = share.T @ _kernels(features) @ share
    own = alike.diagonal()
    apart = own[:, None] + own[None, :] - 2 * alike
    return apart.sum() / (len(groups) * (len(groups) - 1))


def correlation_distance(one: Rows, other: Others) -> Float[Tensor, ""]:
    r"""How far the covariances of two sets of rows lie apart; means do not count.

    .. math:: \frac{1}{4 d^2} \| C_x - C_y \|_F^2

    with covariances divided by n - 1 and d channels. Sun and Saenko, "Deep CORAL: correlation alignment for
    deep domain adaptation", ECCV 2016 workshops, equation 1. `BadPeople` where a set has one row only.
    """
    for rows in (one, other):
        if len(rows) < 2:
            raise BadPeople(f"a covariance needs two rows or more, found {counted(len(rows), 'row')}")
    difference = _covariance(one) - _covariance(other)
    return difference.square().sum() / (4 * one.shape[1] ** 2)


def closeness(
    features: Rows, person: Int[Tensor, "row"], target: Others
) -> tuple[Int[Tensor, "people"], Float[Tensor, "people"]]:
    """Each person's number, and how near the target's mean features theirs point: 1 the nearest, 0 the least.

    Cosines of mean features, stretched from 0 to 1 over the people, as Zeeshan et al., "Progressive
    multi-source domain adaptation for personalized facial expression recognition", arXiv 2504.04252, choose
    whom to learn from; 1 for all where all are as close.
    """
    people, place = person.unique(return_inverse=True)
    member = torch.nn.functional.one_hot(place).to(features.dtype)
    means = member.T @ features / member.sum(dim=0)[:, None]
    cosine = torch.nn.functional.cosine_similarity(means, target.mean(dim=0, keepdim=True))
    low, high = cosine.min(), cosine.max()
    return people, (cosine - low) / (high - low) if high > low else torch.ones_like(cosine)


def _kernels(rows: Rows) -> Float[Tensor, "row row"]:
    # differences of rows, not products: exactly 0 for equal rows, and no root of a rounding error
    squared = (rows[:, None] - rows[None, :]).square().sum(dim=-1)
    typical = squared.sum() / max(1, len(rows) * (len(rows) - 1))
    # equal rows everywhere: nothing lies apart, whatever is divided by
    scaled = squared / torch.where(typical > 0, typical, 1.0)
    return torch.stack([(-scaled / width).exp() for width in WIDTHS]).sum(dim=0)


def _covariance(rows: Rows) -> Float[Tensor, "channel channel"]:
    centred = rows - rows.mean(dim=0)
    return centred.T @ centred / (len(rows) - 1)
