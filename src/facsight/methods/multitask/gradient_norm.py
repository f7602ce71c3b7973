"""Several tasks at once, weighed so that each pulls as hard at what they share.

Paper    Chen, Badrinarayanan, Lee and Rabinovich, "GradNorm: gradient normalization for adaptive loss
         balancing in deep multitask networks", ICML 2018, https://arxiv.org/abs/1711.02257
Needs    windows with labels of one or more label spaces; what is not labelled is NaN, each label by itself
Learns   the costs of all label spaces; the weights, which sum to the number of tasks, by a rule of their own
Differs  the gradient of a weight is written down (a norm is proportional to its weight), so nothing is
         differentiated twice. Steps of weights are in units of the mean norm, so that `rate` means the same
         for any network. Weights stay above `LEAST`. A task without a label in the batch keeps its weight
         and takes no part in the means. Several processes weigh by what each has seen
"""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from facsight.core.labels import LabelSpace
from facsight.core.method import SequenceMethod
from facsight.core.sequences import LabelledSequences, SequencePrediction, Sequences
from facsight.core.terms import Terms
from facsight.losses.concordance import Over
from facsight.losses.label_spaces import label_terms, labelled_spaces
from facsight.nn.donors import AnyNetwork

#: The least weight of a task: one that is at 0 would never be heard again.
LEAST = 0.01


class GradientNorm(SequenceMethod):
    r"""With costs :math:`L_i`, their first values :math:`L_i(0)` and weights :math:`w_i`, after each step

    .. math:: G_i = w_i \lVert \nabla_W L_i \rVert, \quad
              r_i = \frac{L_i / L_i(0)}{\text{mean}_j L_j / L_j(0)}, \quad
              w_i \leftarrow w_i - \text{rate} \cdot \operatorname{sign}(G_i - \bar G r_i^{\alpha})
              \frac{\lVert \nabla_W L_i \rVert}{\text{mean}_j \lVert \nabla_W L_j \rVert}

    (equations 1 and 2), then they are scaled to the sum that they had. :math:`W` is the last matrix before
    the outputs. `restoring` (alpha) is how much faster a task that lags behind is to learn: 0 makes all
    norms equal. `importance` is that of classes and units (`losses.label_spaces`).
    """

    weights: Tensor
    first: Tensor

    def __init__(
        self,
        network: AnyNetwork,
        *,
        spaces: Sequence[LabelSpace],
        over: Over = "pooled",
        restoring: float = 1.5,
        rate: float = 0.025,
        importance: Mapping[str, Sequence[float]] | None = None,
    ):
        super().__init__()
        self.network, self.spaces = network, tuple(spaces)
        self.over: Over = over
        self.restoring, self.rate = restoring, rate
        self.importance = importance
        self.register_buffer("weights", torch.ones(len(self.spaces)))
        self.register_buffer("first", torch.zeros(len(self.spaces)))  # 0: not seen yet

    def objective(self, batch: LabelledSequences, progress: float) -> Terms:
        said = self.network(batch.sequences)
        costs = label_terms(
            said.outputs, batch.truth, self.spaces, over=self.over, importance=self.importance
        )
        return Terms({name: cost * w for (name, cost), w in zip(costs.items(), self.weights, strict=True)})

    def predict(self, sequences: Sequences) -> SequencePrediction:
        return self.network(sequences)

    def update(self, batch: LabelledSequences, optimizer: torch.optim.Optimizer, progress: float) -> Terms:
        terms = self(batch, progress)
        there = labelled_spaces(batch.truth, self.spaces)
        shared = [one for one in self.network.trunk.parameters() if one.ndim >= 2][-1]
        pulls = [torch.autograd.grad(term, shared, retain_graph=True)[0].norm() for term in terms.values()]
        weighted = torch.stack(list(terms.values())).detach()
        optimizer.zero_grad(set_to_none=True)
        terms.total.backward()
        optimizer.step()
        self.balance(weighted / self.weights, torch.stack(pulls) / self.weights, there)
        return terms

    @torch.no_grad()
    def balance(
        self, costs: Float[Tensor, "task"], pulls: Float[Tensor, "task"], there: Bool[Tensor, "task"]
    ) -> None:
        """Move the weights of the tasks that are there, by their unweighted costs and norms of gradients."""
        if not pulls[there].any():
            return
        self.first.copy_(torch.where(there & (self.first == 0), costs, self.first))
        weights, pulls, ratio = self.weights[there], pulls[there], (costs / self.first)[there]
        norms = weights * pulls
        wanted = norms.mean() * (ratio / ratio.mean()) ** self.restoring
        moved = (weights - self.rate * (norms - wanted).sign() * pulls / pulls.mean()).clamp(min=LEAST)
        self.weights[there] = moved * weights.sum() / moved.sum()
