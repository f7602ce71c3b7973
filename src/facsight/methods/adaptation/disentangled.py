"""Disentangled source-free adaptation: expressions that a person did not show are made from their neutral.

Paper    Sharafi, Ollivier, Zeeshan, Belharbi, Pedersoli, Koerich, Bacon and Granger, "Disentangled
         source-free personalization for facial expression recognition with neutral target data" (DSFDA), FG
         2025, arXiv 2503.20771
Needs    people with labels, first; then a neutral clip of the target and no one else's inputs
Learns   first (`DisentangledSources`): the labels; and beside the network a branch for who somebody is, one
         for what is shown and a decoder of both. One person's identity with another's expression has to be
         taken for that person and that expression by two judges, to be close to the person in the identity
         judge's eyes, and to give both originals back when it is taken apart again. Then, for the target:
         the expression branch, which alone is read from, learns what was put into the features made of the
         target's identity and each expression they did not show, and that the clip is neutral
Differs  all acts on features of the network, not on images: nobody's face is made, evidence maps stay maps,
         and what stays of source people is a mean of each expression over all of them (`PeopleStyle`), not
         pictures. The labels train the expression branch (in the release their gradient is thrown away before
         the step). An input has one identity code, whatever its places; the decoder adds to the expression
         part; no noise goes in, as a target's frames differ enough. An expression is put in as a step from
         neutral, so that a target who is further off than source people stays where they are. For the
         target, identity branch and decoder are frozen, and no judge speaks: one that has seen neutral only
         would call any other expression made up, and without source people the decoder went to where the
         judges were fooled (simulated people of seeds 100 and 101: .62 instead of .73). Parts have to come
         out as they were put in; what is said of them (`labels`, the paper's term; in the release with
         labels of the target's file) is 0 unless asked for, as it cost .02 to .05 on simulated people of
         seeds 101 and 102; where people differ by channels it added .02. Each neutral batch is met `rounds`
         times a step (in the release, 22 altered copies of each image)
Harm     where the clip is not neutral, and where people do not move alike from their neutral, as the steps
         are those of source people. On simulated people it is above no adaptation and below a shift to
         neutral in closed form, and makes one person of six worse (docs/adaptation.md)
Stops    after the steps of its plan; nothing is selected (in the release, by labels of the target)
"""

import copy

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from facsight.core.adaptation import Adaptation
from facsight.core.errors import BadPeople
from facsight.core.method import Method
from facsight.core.people import Adapting, People, Unlabelled
from facsight.core.terms import Terms
from facsight.nn.fixed import evaluated, fixed
from facsight.nn.people_style import PeopleStyle
from facsight.nn.split_network import SplitNetwork, pooled
from facsight.nn.translator import Translator


class Decoder(nn.Module):
    """Features of an identity code (n, code) and an expression part (n, channel, *place).

    The expression part, and at each place what a linear layer makes of the code and a perceptron of both;
    nothing is added at first.
    """

    def __init__(self, channels: int, code: int, *, hidden: int):
        super().__init__()
        self.shift = nn.Linear(code, channels)
        self.inner, self.outer = nn.Linear(code + channels, hidden), nn.Linear(hidden, channels)
        for layer in (self.shift, self.outer):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(
        self, identity: Float[Tensor, "n code"], expression: Float[Tensor, "n channel *place"]
    ) -> Float[Tensor, "n channel *place"]:
        last = expression.movedim(1, -1)
        code = _placed(identity, expression).movedim(1, -1).expand(*last.shape[:-1], -1)
        both = self.inner(torch.cat([code, last], dim=-1)).relu()
        return expression + (self.shift(code) + self.outer(both)).movedim(-1, 1)


class Judge(nn.Module):
    """Which of some answers fits features, as logits (n, answer); `look` is what it sees before it says."""

    def __init__(self, channels: int, answers: int, *, hidden: int):
        super().__init__()
        self.look = nn.Sequential(nn.Linear(channels, hidden), nn.ReLU())
        self.say = nn.Linear(hidden, answers)

    def forward(self, features: Float[Tensor, "n channel *place"]) -> Float[Tensor, "n answer"]:
        return self.say(self.look(pooled(features)))


class DisentangledSources(Method[People, Tensor, Tensor]):
    """The network by cross entropy, and beside it the parts, whose terms do not reach the network.

    `expression` and `identity` weigh what the judges say of mixed features, `likeness` the distance of what
    the identity judge sees, and `reconstruction` the way back, beside 1 for labels and for what the judges
    learn: the release's weights. `hidden` is the width of all parts. The identity judge has an answer more
    than there are `persons`: made up.
    """

    def __init__(
        self,
        network: SplitNetwork,
        *,
        classes: int,
        persons: int,
        hidden: int = 64,
        expression: float = 0.8,
        identity: float = 0.2,
        likeness: float = 1.0,
        reconstruction: float = 5.0,
    ):
        super().__init__()
        channels, self.made_up = network.channels, persons
        self.network = network
        self.expression = Translator(channels, hidden=hidden)
        self.identity = nn.Sequential(nn.Linear(channels, hidden), nn.ReLU(), nn.Linear(hidden, hidden))
        self.decoder = Decoder(channels, hidden, hidden=hidden)
        self.who = Judge(channels, persons + 1, hidden=hidden)
        self.what = Judge(channels, classes, hidden=hidden)
        self.expressions = PeopleStyle(channels, classes)
        self.weights = {
            "shown": expression,
            "recognised": identity,
            "likeness": likeness,
            "reconstruction": reconstruction,
        }

    def objective(self, batch: People, progress: float) -> Terms:
        terms = Terms(labels=F.cross_entropy(self.network(batch.inputs), batch.label))
        with evaluated(self.network), torch.no_grad():
            features = self.network.encode(batch.inputs)
        whose, shown = self.identity(pooled(features)), self.expression(features)
        self.expressions.update(shown.detach(), batch.label, batch.person, batch.clip)
        terms["expression"] = F.cross_entropy(fixed(self.network.head, shown), batch.label)
        other = torch.randperm(len(features), device=features.device)
        mixed = self.decoder(whose, shown[other])
        found = {
            "shown": F.cross_entropy(fixed(self.what, mixed), batch.label[other]),
            "recognised": F.cross_entropy(fixed(self.who, mixed), batch.person),
            "likeness": F.mse_loss(*(fixed(self.who.look, pooled(each)) for each in (mixed, features))),
            "reconstruction": F.l1_loss(self.decoder(self.identity(pooled(mixed)), shown), features)
            + F.l1_loss(self.decoder(whose[other], self.expression(mixed)), features[other]),
        }
        terms.update({name: weight * found[name] for name, weight in self.weights.items()})
        fake = torch.full_like(batch.person, self.made_up)
        terms["who"] = F.cross_entropy(self.who(features), batch.person)
        terms["made_up"] = F.cross_entropy(self.who(mixed.detach()), fake)
        terms["what"] = F.cross_entropy(self.what(features), batch.label)
        return terms

    def predict(self, inputs: Tensor) -> Tensor:
        return self.network(inputs)


class Disentangled(Adaptation):
    """`code` weighs what comes out of the made features as expression, `labels` what is said of it.

    `rounds` is how often the expressions are drawn anew for a batch, a step each.
    """

    sees = "neutral"
    stage = "disentangled_sources"
    mean: Tensor

    def __init__(
        self,
        network: SplitNetwork,
        *,
        source: DisentangledSources,
        neutral: int,
        labels: float = 0.0,
        code: float = 1.0,
        rounds: int = 10,
    ):
        super().__init__()
        self.network = network.requires_grad_(False)
        self.expression = copy.deepcopy(source.expression).requires_grad_(True)
        self.before, self.identity = (
            source.expression.requires_grad_(False),
            source.identity.requires_grad_(False),
        )
        self.decoder = source.decoder.requires_grad_(False)
        self.expressions, self.neutral = source.expressions, neutral
        self.labels, self.code, self.rounds = labels, code, rounds
        self.register_buffer("mean", torch.zeros(network.channels))

    def train(self, mode: bool = True) -> "Disentangled":
        """The network is frozen, its dropout and its statistics, too."""
        super().train(mode)
        self.network.eval()
        return self

    @torch.no_grad()
    def begin(self, target: Unlabelled, sources: People | None) -> None:
        """The expression part of the clip, on average."""
        if not len(target):
            raise BadPeople("expected inputs of a neutral clip, found none")
        missing = (self.expressions.counts == 0).nonzero().flatten().tolist()
        if missing:
            raise BadPeople(
                f"expected source people to show every expression, found none of class {missing[0]}: train "
                "the source stage with people who do"
            )
        self.mean.copy_(self.network.encode_all(target.inputs, then=self._own_rows).mean(dim=0))

    def objective(self, batch: Adapting, progress: float) -> Terms:
        features = self.network.encode(batch.target.inputs)
        label = self._drawn(len(features)).to(features.device)
        made, wanted = self.made(features, label)
        found = self.expression(made)
        return Terms(
            labels=self.labels * F.cross_entropy(self.network.decide(found), label),
            code=self.code * F.mse_loss(found, wanted),
        )

    @torch.no_grad()
    def made(
        self, features: Float[Tensor, "n channel *place"], label: Int[Tensor, "n"]
    ) -> tuple[Float[Tensor, "n channel *place"], Float[Tensor, "n channel *place"]]:
        """Neutral features of the target as if they showed these expressions, and their expression parts.

        What is neutral stays as it is. The part is where source people's lies, and off it as the frame is off
        its clip.
        """
        shown, there = self.before(features), self.expressions.mean(label)
        rest = self.expressions.mean(torch.tensor(self.neutral, device=label.device))
        made = self.decoder(self.identity(pooled(features)), shown + _placed(there - rest, shown))
        made = torch.where(_placed((label == self.neutral)[:, None], shown), features, made)
        return made, shown + _placed(there - self.mean, shown)

    def _drawn(self, rows: int) -> Int[Tensor, "rows"]:
        """Every expression as often, in random order."""
        return (torch.randperm(rows) + int(torch.randint(rows, ()))) % len(self.expressions.counts)

    def update(self, batch: Adapting, optimizer: torch.optim.Optimizer, progress: float) -> Terms:
        """A step for each time the expressions are drawn."""
        for _ in range(self.rounds - 1):
            super().update(batch, optimizer, progress)
        return super().update(batch, optimizer, progress)

    def is_personal(self, name: str) -> bool:
        return name.startswith("expression.")

    def _own_rows(self, features: Tensor) -> Tensor:
        return pooled(self.before(features))

    def predict(self, inputs: Tensor) -> Tensor:
        return self.network.decide(self.expression(self.network.encode(inputs)))


def _placed(rows: Tensor, maps: Tensor) -> Tensor:
    """Rows of numbers with as many dimensions as maps have, the same at all places."""
    return rows.reshape(*rows.shape, *[1] * (maps.ndim - 2))
