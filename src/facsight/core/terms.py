"""The named addends of a training objective."""

from torch import Tensor


class Terms(dict[str, Tensor]):
    """What is minimised, by name: each value is a scalar tensor, already weighted; `total` is their sum.

    >>> import torch
    >>> Terms(expression=torch.tensor(1.0), guidance=torch.tensor(0.5)).total
    tensor(1.5000)
    """

    @property
    def total(self) -> Tensor:
        if not self:
            raise ValueError("an objective needs at least one term")
        return sum(self.values(), start=next(iter(self.values())).new_zeros(()))
