"""A few labelled clips: the last layer is fitted anew to one person, held to what source people taught it.

Needs    one to five clips of the target with labels: they are seen, which no other way to adapt may do, and
         results belong beside `fine_tuning`, apart from rankings without labels
Learns   cross entropy on the clips, each as much as any other, however many inputs it has; and to stay near
         the last layer that was given, in squares
Harm     classes that no clip shows are named less and less, the more steps, the smaller `staying`: with
         five clips of an actor's voice it was worse than none (docs/personal.md)
Stops    after the steps of its plan; nothing is selected
Source   a prior at the source's weights: Xuhong, Grandvalet and Davoine, "Explicit inductive bias for
         transfer learning with convolutional networks" (L2-SP), ICML 2018, eq. 3; a last layer for few
         labels: Chen et al., "A closer look at few-shot classification", ICLR 2019, section 3.2
"""

import torch.nn.functional as F
from torch import Tensor, nn

from facsight.core.errors import BadTraining
from facsight.core.method import Method
from facsight.core.people import People
from facsight.core.terms import Terms
from facsight.nn.split_network import SplitNetwork


class FewLabels(Method[People, Tensor, Tensor]):
    """`staying` (alpha / 2) weighs the squares of what the last layer moves by, summed over its numbers."""

    weight: Tensor
    bias: Tensor

    def __init__(self, network: SplitNetwork, *, staying: float = 0.1):
        super().__init__()
        self.network, self.staying = network.requires_grad_(False), staying
        layers = [part for part in network.head.modules() if isinstance(part, nn.Linear)]
        if not layers or layers[-1].bias is None:
            raise BadTraining("expected a head that ends with a linear layer with a bias, found none")
        last = layers[-1].requires_grad_(True)
        self.last = (last,)  # in a tuple: it is saved with the network already
        self.register_buffer("weight", last.weight.detach().clone())
        self.register_buffer("bias", last.bias.detach().clone())

    def objective(self, batch: People, progress: float) -> Terms:
        self.network.eval()
        costs = F.cross_entropy(self.network(batch.inputs), batch.label, reduction="none")
        _, clip, counts = batch.clip.unique(return_inverse=True, return_counts=True)
        (last,) = self.last
        moved = (last.weight - self.weight).square().sum() + (last.bias - self.bias).square().sum()
        return Terms(labels=(costs / counts[clip]).sum() / len(counts), staying=self.staying * moved)

    def predict(self, inputs: Tensor) -> Tensor:
        return self.network(inputs)
