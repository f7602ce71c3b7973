"""Nearest neutral: the target is read by how those source people move whose neutral face is most alike.

Needs    a clip of the target that is known to be neutral; of each source person the mean features of every
         class (personal data of theirs: see docs/personal.md)
Learns   nothing: a prototype a class, in closed form
Harm     where people who look alike at rest do not move alike, and where the network's head knows more than
         a mean a class: the head is not used at all. On simulated people it is above no adaptation
         (docs/personal.md)
Source   prototypes as a classifier: Snell, Swersky and Zemel, "Prototypical networks for few-shot learning",
         NeurIPS 2017, eq. 2; source people chosen by likeness: Zeeshan et al., FG 2024, arXiv 2312.05632
"""

import torch
from jaxtyping import Float
from torch import Tensor

from facsight.core.adaptation import Adaptation
from facsight.core.errors import BadPeople
from facsight.core.people import People, Unlabelled
from facsight.nn.source_moments import SourceMoments, moments_of
from facsight.nn.split_network import SplitNetwork


class NearestNeutral(Adaptation):
    """The class whose prototype is nearest: neutral of the target + mean step from neutral of the `nearest`.

    Distances are those of features averaged over places, each channel in units of the source people's
    spread; logits are minus half their squares.
    """

    prototypes: Float[Tensor, "classes channel"]
    classes: Float[Tensor, "person classes channel"]
    scale: Float[Tensor, "channel"]
    sees = "neutral"
    trains = False

    def __init__(self, network: SplitNetwork, *, moments: SourceMoments, neutral: int, nearest: int = 5):
        super().__init__()
        self.network = network.requires_grad_(False)
        self.neutral, self.nearest = neutral, nearest
        whole = moments.classes.isfinite().flatten(1).all(dim=1)
        if not whole.any():
            raise BadPeople("expected source people who have every class, found none: use another method")
        moves = moments.deviation > 0
        self.register_buffer("scale", torch.where(moves, 1 / moments.deviation, 0.0))
        self.register_buffer("classes", moments.classes[whole], persistent=False)
        self.register_buffer("prototypes", self.classes.mean(dim=0))

    @torch.no_grad()
    def begin(self, target: Unlabelled, sources: People | None) -> None:
        mean, _ = moments_of(self.network, target.inputs)
        apart = ((self.classes[:, self.neutral] - mean) * self.scale).square().sum(dim=1)
        alike = self.classes[apart.argsort()[: self.nearest]]
        steps = (alike - alike[:, self.neutral : self.neutral + 1]).mean(dim=0)
        self.prototypes.copy_(mean + steps)

    def predict(self, inputs: Tensor) -> Float[Tensor, "n classes"]:
        features = self.network.encode(inputs)
        rows = features.flatten(2).mean(dim=2) if features.ndim > 2 else features
        return -0.5 * ((rows.unsqueeze(1) - self.prototypes) * self.scale).square().sum(dim=2)
