"""Progressive subject-based adaptation: from those most like the target to others, and the former replayed.

Paper    Zeeshan, Pedersoli, Koerich and Granger, "Progressive multi-source domain adaptation for personalized
         facial expression recognition" (P-MSDA), IEEE TAFFC 2025, arXiv 2504.04252
Needs    labelled source people, two or more; the target without labels
Learns   cross entropy on the newest source person and on a memory of those before; cross entropy on the
         target's own sure labels; the discrepancy between the newest and the target, and between the memory
         and the newest
Harm     as `subject_based`; and with few steps a source person, whoever comes last counts most. The memory
         holds inputs of source people while it adapts; nothing of it stays in what belongs to the person.
         On simulated people it is above no adaptation, not above learning from all at once; its own labels
         and the discrepancy of memory and newest were worth nothing there (docs/adaptation.md)
Differs  the discrepancies have a gradient (in the release they are plain numbers); the reach of a crowd is
         measured, not 5.5; who is like the target, and what is remembered, is settled before the first step,
         by features of the network as it comes; the copy that names labels is renewed before each epoch;
         steps are shared out evenly over the people kept; nothing is selected by labels of the target
"""

import copy

import torch
import torch.nn.functional as F
from torch import Tensor

from facsight.core.adaptation import Adaptation
from facsight.core.people import Adapting, People, Unlabelled
from facsight.core.terms import Terms
from facsight.functional.density import crowded, typical_reach
from facsight.functional.discrepancy import closeness, maximum_mean_discrepancy
from facsight.functional.pseudo_labels import other_look, sure_cost, sure_labels
from facsight.nn.split_network import SplitNetwork, pooled

#: Points of a crowd.
CROWD = 4


class ProgressiveSubjectBased(Adaptation):
    """`weight` of the discrepancies and `labelling` of the own labels, beside 1 for those of source people.

    People are kept whose closeness to the target (0 to 1, `functional.discrepancy.closeness`) is `close` or
    more. Each leaves `remembered` inputs: those in a crowd nearest to the person's centre, and of these those
    nearest to the target's. The memory's discrepancy weighs half. `threshold` and `fall` as `subject_based`.
    """

    sees = "sources"
    stage = "subject_sources"

    def __init__(
        self,
        network: SplitNetwork,
        *,
        weight: float = 1.0,
        labelling: float = 1.0,
        threshold: float = 0.9,
        fall: float = 0.1,
        close: float = 0.8,
        remembered: int = 16,
    ):
        super().__init__()
        self.network = network.requires_grad_(True)
        self.labeller = copy.deepcopy(network).requires_grad_(False)
        self.weight, self.labelling = weight, labelling
        self.threshold, self.fall = threshold, fall
        self.close, self.remembered = close, remembered
        #: Those kept, the closest first, and what is remembered of each. No state: `begin` finds them again.
        self.kept: tuple[People, ...] = ()
        self.memory: tuple[People, ...] = ()

    @torch.no_grad()
    def begin(self, target: Unlabelled, sources: People | None) -> None:
        assert sources is not None
        seen, own = (self.network.encode_all(x.inputs, then=pooled).cpu() for x in (sources, target))
        people, close = closeness(seen, sources.person, own)
        order = close.argsort(descending=True, stable=True)
        kept = people[order[close[order] >= self.close]].tolist()
        self.kept = tuple(sources.of(one) for one in kept)
        centre = own.mean(dim=0)
        self.memory = tuple(
            person.take(memorable(seen[sources.person == one], centre, count=self.remembered))
            for one, person in zip(kept, self.kept, strict=True)
        )

    def refresh(self, target: Unlabelled, progress: float) -> None:
        self.labeller.load_state_dict(self.network.state_dict())

    def objective(self, batch: Adapting, progress: float) -> Terms:
        inputs = batch.target.inputs
        turn = min(int(progress * len(self.kept)), len(self.kept) - 1)
        newest = _some(self.kept[turn : turn + 1], len(inputs), inputs.device)
        memory = _some(self.memory[:turn] or self.memory[:1], len(inputs), inputs.device)
        # together: batch normalisation then sees one mixture
        features = self.network.encode(torch.cat([newest.inputs, memory.inputs, inputs]))
        said = self.network.decide(features)
        new, old, unknown = (pooled(part) for part in features.chunk(3))
        label, sure = self.labels(inputs, progress)
        return Terms(
            expression=F.cross_entropy(said[: len(inputs)], newest.label),
            memory=F.cross_entropy(said[len(inputs) : 2 * len(inputs)], memory.label),
            labels=self.labelling * sure_cost(said[2 * len(inputs) :], label, sure),
            discrepancy=self.weight * maximum_mean_discrepancy(new, unknown),
            replayed=0.5 * self.weight * maximum_mean_discrepancy(old, new),
        )

    @torch.no_grad()
    def labels(self, inputs: Tensor, progress: float) -> tuple[Tensor, Tensor]:
        """What the copy of the network says of inputs of the target, and of which it is sure."""
        self.labeller.eval()
        looks = self.labeller(inputs), self.labeller(other_look(inputs))
        return sure_labels(*looks, self.threshold - self.fall * progress)

    def is_personal(self, name: str) -> bool:
        return name.startswith("network.")

    def predict(self, inputs: Tensor) -> Tensor:
        return self.network(inputs)


def memorable(features: Tensor, target: Tensor, *, count: int) -> Tensor:
    """The rows of a person to remember: of twice `count` in a crowd and nearest to the person's centre, those
    nearest to the target's centre.
    """
    inside = crowded(features, reach=typical_reach(features, least=CROWD), least=CROWD).nonzero().flatten()
    if not len(inside):  # fewer rows than a crowd
        inside = torch.arange(len(features))
    own = (features[inside] - features.mean(dim=0)).norm(dim=1)
    inside = inside[own.argsort(stable=True)[: 2 * count]]
    other = (features[inside] - target).norm(dim=1)
    return inside[other.argsort(stable=True)[:count]]


def _some(people: tuple[People, ...], rows: int, device: torch.device) -> People:
    """So many rows of some people, drawn with replacement: all people as often, whatever rows each has."""
    # torch's own random state: the training loop seeds it anew in every step
    of = torch.randint(len(people), (rows,)).bincount(minlength=len(people)).tolist()
    drawn = [one.take(torch.randint(len(one), (n,))) for one, n in zip(people, of, strict=True)]
    parts = (torch.cat([getattr(p, name) for p in drawn]) for name in ("inputs", "label", "person", "clip"))
    return People(*parts, names=people[0].names).to(device)
