"""The oracle: fine-tuning on labels of the target itself, an upper bound and nothing that can be used.

Needs    labelled clips of the target
Learns   cross entropy on them, by the whole network or its head alone
Harm     as a claim: it sees what no method of adaptation may see. It stands on a shelf of its own, `bounds`,
         and rankings refuse it unless it is named as a bound
Source   the oracle rows of Zeeshan et al., "Subject-based domain adaptation for facial expression
         recognition", FG 2024, arXiv 2312.05632
"""

from typing import Literal

import torch.nn.functional as F
from torch import Tensor

from facsight.core.method import Method
from facsight.core.people import People
from facsight.core.terms import Terms
from facsight.nn.split_network import SplitNetwork


class FineTuning(Method[People, Tensor, Tensor]):
    """Cross entropy with the target's labels; `trained` says whether "all" or the "head" alone learns."""

    def __init__(self, network: SplitNetwork, *, trained: Literal["all", "head"] = "all"):
        super().__init__()
        self.network = network.requires_grad_(True)
        network.encoder.requires_grad_(trained == "all")

    def objective(self, batch: People, progress: float) -> Terms:
        return Terms(expression=F.cross_entropy(self.network(batch.inputs), batch.label))

    def predict(self, inputs: Tensor) -> Tensor:
        return self.network(inputs)
