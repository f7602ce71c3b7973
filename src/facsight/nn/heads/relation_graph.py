"""Action units that hear of one another: a graph over the units of a face, with readable edges.

Paper    Luo, Song, Xie, Shen and Gunes, "Learning multi-dimensional edge feature-based AU relation graph for
         facial action unit recognition" (ME-GraphAU), IJCAI 2022, arXiv 2205.01782; the gates are those of
         Bresson and Laurent, "Residual gated graph ConvNets", 2017, arXiv 1711.07553
Needs    any backbone; labels of units that go together
Shows    where each unit's features come from (its attention over places, which sums to 1), and for every two
         units how far the message of one moved the logit of the other: `edges`
Differs  simplified: a unit's features are pooled by one attention over places, edge features come from pairs
         of pooled features rather than by cross attention of maps, there is one round of messages, and all
         is trained at once where the paper has two stages; a logit is the scaled cosine plus a bias, where
         the paper takes the cosine of rectified features as a probability; messages of a unit to itself are
         left out; how units go together can be given, as a prior on the gates
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from facsight.core.errors import BadRecipe
from facsight.core.prediction import UnitPrediction
from facsight.facs.codebook import load_codebook
from facsight.functional.cooccurrence import correlations
from facsight.nn.classifier import Backbone

#: What the cosine is multiplied by at first: with 5, a unit of which all is known is nearly sure.
SCALE = 5.0
#: What a prior, correlations from -1 to 1, is multiplied by before it is added to the gates' logits.
PRIOR = 2.0
#: `prior` that training labels give, once they are known.
LABELS = "labels"


class RelationGraph(nn.Module):
    r"""Attention, edges, one round of gated messages, a decision by similarity; for each unit its own.

    With features f at places p, units i and j, v their pooled features and s learnt vectors:

    .. math:: v_i = \operatorname{relu}(W_i \textstyle\sum_p a_{ip} f_p), \quad
        a_i = \operatorname{softmax}_p (w_i \cdot f_p), \quad
        e_{ij} = A v_i + B v_j + C (v_i \odot v_j) + 2 r_{ij}

    .. math:: m_i = \sum_{j \neq i} \frac{\sigma(e_{ij})}{\sum_{k \neq i} \sigma(e_{ik})} \odot V_j v_j, \quad
        h_i = v_i + \operatorname{relu}(U v_i + m_i), \quad z_i = c \cos(h_i, s_i) + b_i

    Gates are of as many dimensions as v (`unit_width`). The edge from j to i is z_i less the same with the
    message of j taken out of m_i. `prior` gives r, correlations of units: those of a codebook's expressions,
    by its name, or those of the training labels ("labels": see `learn_prior`); "" none, r = 0.
    """

    prior: Tensor

    def __init__(
        self,
        backbone: Backbone,
        *,
        action_units: Sequence[int],
        unit_width: int = 32,
        dropout: float = 0.1,
        prior: str = "",
    ):
        super().__init__()
        units = len(action_units)
        if units < 2:
            raise BadRecipe(f"expected two action units or more to relate, found {list(action_units)}")
        self.action_units, self.prior_from = tuple(action_units), prior
        channels = backbone.channels[-1]
        self.dropout = nn.Dropout2d(dropout)
        self.attend = nn.Conv2d(channels, units, 1, bias=False)  # one would drop out of the softmax
        self.pooled = _PerUnit(units, channels, unit_width)
        self.receiving, self.sending, self.both = (nn.Linear(unit_width, unit_width) for _ in range(3))
        self.own, self.message = nn.Linear(unit_width, unit_width), _PerUnit(units, unit_width, unit_width)
        self.sought = nn.Parameter(torch.randn(units, unit_width))
        self.scale, self.bias = nn.Parameter(torch.full((units,), SCALE)), nn.Parameter(torch.zeros(units))
        self.register_buffer("prior", torch.zeros(units, units))
        if prior not in ("", LABELS):
            book = load_codebook(prior)
            self.prior.copy_(correlations(book.weights(tuple(book.expressions), self.action_units)))

    def learn_prior(self, presence: Float[Tensor, "n unit"]) -> None:
        """Take the correlations of training labels as prior, if that is what `prior` says."""
        if self.prior_from == LABELS:
            self.prior.copy_(correlations(presence))

    def read(self, features: Sequence[Tensor]) -> UnitPrediction:
        with torch.autocast(features[-1].device.type, enabled=False):
            places = self.dropout(features[-1])
            maps = self.attend(places).flatten(2).softmax(dim=2).unflatten(2, places.shape[2:])
            units = F.relu(self.pooled(torch.einsum("buhw,bchw->buc", maps, places)))
            parts = self.messages(units)
            heard = parts.sum(dim=2)
            logits = self.decide(units, heard)
            with torch.no_grad():
                unheard = self.decide(units.unsqueeze(2), heard.unsqueeze(2) - parts)
            return UnitPrediction(logits, maps, logits.detach().unsqueeze(2) - unheard)

    def messages(self, units: Float[Tensor, "batch unit width"]) -> Float[Tensor, "batch to from width"]:
        """The part of what each unit hears that each other sends it; nothing from itself."""
        to, sender = units.unsqueeze(2), units.unsqueeze(1)
        edges = self.receiving(to) + self.sending(sender) + self.both(to * sender)
        others = 1 - torch.eye(units.shape[1], device=units.device).unsqueeze(2)
        gates = (edges + PRIOR * self.prior.unsqueeze(2)).sigmoid() * others
        return gates / gates.sum(dim=2, keepdim=True) * self.message(units).unsqueeze(1)

    def decide(
        self, units: Float[Tensor, "batch unit *#from width"], heard: Float[Tensor, "batch unit *#from width"]
    ) -> Float[Tensor, "batch unit *from"]:
        """Logits of units that have heard messages."""
        known = units + F.relu(self.own(units) + heard)
        shape = (-1, *([1] * (known.ndim - 3)))
        likeness = F.cosine_similarity(known, self.sought.view(*shape, known.shape[-1]), dim=-1)
        return self.scale.view(shape) * likeness + self.bias.view(shape)


class _PerUnit(nn.Module):
    """A linear layer for each unit of its own."""

    def __init__(self, units: int, features: int, width: int):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(units, width, features) / features**0.5)
        self.bias = nn.Parameter(torch.zeros(units, width))

    def forward(self, given: Float[Tensor, "batch unit feature"]) -> Float[Tensor, "batch unit width"]:
        return torch.einsum("buc,udc->bud", given, self.weight) + self.bias
