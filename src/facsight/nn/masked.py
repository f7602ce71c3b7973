"""Convolutions over time that padding and gaps do not leak into."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn


class MaskedBatchNorm(nn.Module):
    r"""Batch normalisation of each channel, its mean and variance over the known places of time only.

    .. math:: y = \gamma (x - \mu) / \sqrt{\sigma^2 + \epsilon} + \beta

    Features are (batch, channel, time, ...), `known` is (batch, time); what is not known comes out as 0. In
    training :math:`\mu` and the population variance :math:`\sigma^2` are those of the batch's known places,
    in evaluation their running averages (momentum 0.1). Ioffe and Szegedy, ICML 2015, without the padding.
    """

    mean: Tensor
    variance: Tensor

    def __init__(self, channels: int, *, momentum: float = 0.1, eps: float = 1e-5):
        super().__init__()
        self.momentum, self.eps = momentum, eps
        self.weight, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("variance", torch.ones(channels))

    def forward(
        self, features: Float[Tensor, "batch channel time *place"], known: Bool[Tensor, "batch time"]
    ) -> Float[Tensor, "batch channel time *place"]:
        if known.all():  # torch's own is several times faster, and the same
            return F.batch_norm(
                features,
                self.mean,
                self.variance,
                self.weight,
                self.bias,
                self.training,
                self.momentum,
                self.eps,
            )
        there = spread(known, features)
        mean, variance = self.mean, self.variance
        if self.training and known.any():
            mean, variance = self._of_batch(features, there)
        shape = (1, -1, *[1] * (features.ndim - 2))
        scale = self.weight * (variance + self.eps).rsqrt()
        shift = self.bias - mean * scale
        scale, shift = (part.to(features.dtype).reshape(shape) for part in (scale, shift))
        return torch.where(there, features * scale + shift, 0.0)

    def _of_batch(
        self, features: Float[Tensor, "batch channel time *place"], there: Bool[Tensor, "..."]
    ) -> tuple[Float[Tensor, "channel"], Float[Tensor, "channel"]]:
        axes = (0, *range(2, features.ndim))
        values = torch.where(there, features, 0.0)
        values = values.float() if values.dtype.itemsize < 4 else values  # sums of halves lose digits
        count = there.sum() * features[0, 0, 0].numel()
        mean = values.sum(dim=axes) / count
        off = torch.where(there, values - mean.reshape(1, -1, *[1] * (features.ndim - 2)), 0.0)
        variance = off.square().sum(dim=axes) / count
        with torch.no_grad():
            self.mean.lerp_(mean.to(self.mean.dtype), self.momentum)
            unbiased = variance * count / (count - 1).clamp(min=1)
            self.variance.lerp_(unbiased.to(self.variance.dtype), self.momentum)
        return mean, variance


def spread(known: Bool[Tensor, "batch time"], features: Tensor) -> Bool[Tensor, "batch 1 time *one"]:
    """Which places of (batch, channel, time, ...) are known, ready to be laid over them.

    >>> spread(torch.tensor([[True, False]]), torch.zeros(1, 3, 2, 5)).shape
    torch.Size([1, 1, 2, 1])
    """
    return known.reshape(len(known), 1, known.shape[1], *[1] * (features.ndim - 3))


def by_step(
    features: Float[Tensor, "batch channel time"], known: Bool[Tensor, "batch time"], frames: int
) -> Float[Tensor, "batch step channel"]:
    """The mean of the known times of each step, of so many times each; 0 where none is known."""
    there = known.unflatten(1, (-1, frames)).unsqueeze(1)
    total = torch.where(there, features.unflatten(2, (-1, frames)), 0.0).sum(dim=3)
    return (total / there.sum(dim=3).clamp(min=1)).transpose(1, 2)


def where_known(
    encode: Callable[[Tensor], Tensor],
    stream: Float[Tensor, "batch step *feature"],
    known: Bool[Tensor, "batch step"],
    size: int,
) -> Float[Tensor, "batch step encoded"]:
    """Encodes the known steps, each by itself; the others are never seen by `encode` and come out as 0."""
    if not known.any():
        return stream.new_zeros(*known.shape, size)
    encoded = encode(stream[known])
    return encoded.new_zeros(*known.shape, size).index_put((known,), encoded)
