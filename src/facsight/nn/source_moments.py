"""What stays of source people when they themselves are gone: means and spreads of their features."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from facsight.core.people import People
from facsight.nn.split_network import SplitNetwork


@dataclass(frozen=True)
class SourceMoments:
    """Means and spreads of features, by channel; places of maps are averaged over like further rows.

    `mean` and `deviation` are the means over source people of each one's own. `classes` are each person's
    means by class, NaN where somebody has no such class: they are of single people, and so personal data.
    """

    mean: Float[Tensor, "channel"]
    deviation: Float[Tensor, "channel"]
    classes: Float[Tensor, "person class channel"]


def channel_moments(
    features: Float[Tensor, "n channel *place"],
) -> tuple[Float[Tensor, "channel"], Float[Tensor, "channel"]]:
    """Mean and standard deviation (of the population) of each channel, over rows and places.

    NaN without rows.

    >>> channel_moments(torch.tensor([[1.0, 4.0], [3.0, 4.0]]))
    (tensor([2., 4.]), tensor([1., 0.]))
    """
    rows = features.movedim(1, -1).flatten(0, -2)
    mean = rows.mean(dim=0)
    return mean, (rows - mean).square().mean(dim=0).sqrt()


def moments_of(
    network: SplitNetwork, inputs: Float[Tensor, "n *shape"]
) -> tuple[Float[Tensor, "channel"], Float[Tensor, "channel"]]:
    """`channel_moments` of the features of many inputs, whose maps are never held at once."""
    return _together(network.encode_all(inputs, then=_of_places))


def _of_places(features: Float[Tensor, "n channel *place"]) -> Float[Tensor, "n two_channels"]:
    """Mean and variance of each row's channels over its places."""
    places = features.flatten(2) if features.ndim > 2 else features.unsqueeze(2)
    return torch.cat([places.mean(dim=2), places.var(dim=2, correction=0)], dim=1)


def _together(rows: Float[Tensor, "n two_channels"]) -> tuple[Tensor, Tensor]:
    # all rows have as many places: the variance of all is the mean within rows and that of the rows' means
    mean, within = rows.tensor_split(2, dim=1)
    whole = mean.mean(dim=0)
    return whole, (within.mean(dim=0) + (mean - whole).square().mean(dim=0)).sqrt()


def source_moments(network: SplitNetwork, people: People, *, classes: int) -> SourceMoments:
    """The moments of people as a network sees them; people without rows are left out."""
    means, deviations, by_class = [], [], []
    for _, own in people.each():
        rows = network.encode_all(own.inputs, then=_of_places)
        mean, deviation = _together(rows)
        means.append(mean)
        deviations.append(deviation)
        by_class.append(torch.stack([_together(rows[own.label == k])[0] for k in range(classes)]))
    means, deviations = torch.stack(means), torch.stack(deviations)
    return SourceMoments(means.mean(dim=0), deviations.mean(dim=0), torch.stack(by_class))
