"""Batch normalisation with the target's own means and variances in place of those of training.

Paper    Li, Wang, Shi, Liu and Hou, "Revisiting batch normalization for practical domain adaptation" (AdaBN),
         ICLR workshop 2017, arXiv 1603.04779; the mixture with the statistics of training: Schneider et al.,
         "Improving robustness against common corruptions by covariate shift adaptation", NeurIPS 2020, eq. 1
Needs    the target without labels; a network with batch normalisation that is not folded
Learns   nothing: two numbers a channel of each batch normalisation, in one pass
Harm     where the target's mix of classes is not that of the sources; with few inputs `prior` helps then.
         On simulated people, who have all classes alike, it is above no adaptation; where they do not
         differ, below (docs/personal.md); where one expression is shown most of the time it gains
         half as much, and makes a third of people worse (docs/adaptation.md)
Differs  the target is taken a part at a time where it is large, and the parts' statistics are averaged
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from facsight.core.adaptation import Adaptation
from facsight.core.errors import BadTraining
from facsight.core.people import People, Unlabelled
from facsight.nn.split_network import SplitNetwork, pooled


class BatchStatistics(Adaptation):
    """Statistics of n inputs weigh n beside `prior` of the old: `(prior * old + n * new) / (prior + n)`."""

    sees = "target"
    trains = False

    def __init__(self, network: SplitNetwork, *, prior: float = 0.0):
        super().__init__()
        self.network, self.prior = network.requires_grad_(False), prior
        self.norms: list[Any] = [part for part in network.modules() if isinstance(part, _BatchNorm)]
        if not self.norms:
            raise BadTraining(
                "expected a network with batch normalisation, found none: use `person_normalisation`, "
                "which sets mean and spread of features, and leave networks unfolded"
            )

    @torch.no_grad()
    def begin(self, target: Unlabelled, sources: People | None) -> None:
        before = [(norm.running_mean.clone(), norm.running_var.clone(), norm.momentum) for norm in self.norms]
        for norm in self.norms:
            norm.reset_running_stats()
            norm.momentum = None  # the plain mean over parts
            norm.train()
        self.network.encode_all(target.inputs, then=pooled)
        old = self.prior / (self.prior + len(target))
        for norm, (mean, variance, momentum) in zip(self.norms, before, strict=True):
            norm.eval()
            norm.momentum = momentum
            norm.running_mean.lerp_(mean, old)
            norm.running_var.lerp_(variance, old)

    def is_personal(self, name: str) -> bool:
        return name.endswith(("running_mean", "running_var"))

    def predict(self, inputs: Tensor) -> Tensor:
        return self.network(inputs)
