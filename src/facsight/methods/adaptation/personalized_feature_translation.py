"""Personalised feature translation: one person's features moved to where the network knows its way.

Paper    Sharafi et al., "Personalized feature translation for expression recognition: an efficient
         source-free domain adaptation method" (PFT), arXiv 2508.09202
Needs    people with labels, first; then a neutral clip of the target and no one else's inputs
Learns   first (`TranslationSources`): the labels; and a translator of features that reads labels off them,
         keeps what the network said (Kullback-Leibler) and takes the style of somebody else with the same
         label. Then, for the target: a gain and a shift of every channel that bring the neutral clip's style
         to that of source people's neutral, and keep what the network said (the paper's expression term)
Differs  the paper's translator is a second backbone with a perceptron; here one residual layer on features,
         frozen for the target, under a gain and a shift that alone are learnt there. It is trained on source
         people who are moved as a target will be. With the paper's expression term alone a translator that
         starts as the identity stays one, so that the target has a style term, too: each channel's move is
         weighed by how well a few clips tell a person's mean, against how far people are apart
         (`PeopleStyle`, from pairs of source rows; and more, where the target is further off than sources
         are). In the release neither term has a gradient. No cross entropy with "neutral": channels would
         drift to whatever says neutral
Harm     a clip that is not neutral moves the person by the difference; so does a neutral that differs from
         other people's more than their other expressions do. With two neutral clips of each of 20 actors'
         voices nothing is gained for certain, and 7 lose (docs/personal.md). On planted people the terms that
         train the translator were worth nothing; those of the target were (docs/adaptation.md). A translator
         learns towards what its people show: that of `facsight adapt` saw rest and smiles, and costs sadness
         and anger (docs/personal_readers.md)
Stops    after the steps of its plan; nothing is selected
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from facsight.core.adaptation import Adaptation
from facsight.core.errors import BadPeople
from facsight.core.method import Method
from facsight.core.people import Adapting, People, Unlabelled
from facsight.core.terms import Terms
from facsight.losses.style import Style, style_loss
from facsight.nn.channel_style import ChannelStyle
from facsight.nn.fixed import evaluated, fixed
from facsight.nn.people_style import KEPT, PeopleStyle, channel_rows
from facsight.nn.source_moments import moments_of
from facsight.nn.split_network import SplitNetwork
from facsight.nn.translation import Translation
from facsight.nn.translator import Translator

#: The least variance that is divided by, as a share of the channels' mean: some channels never change.
LEAST = 1e-3


class TranslationSources(Method[People, Tensor, Tensor]):
    """The network by cross entropy, and beside it the translator, whose terms do not reach the network.

    `hidden` is the width of the translator, `expression` (lambda_expr) and `style` (lambda_style) the weights
    of its terms beside 1 for labels; `kind` is what of features is compared as style.
    """

    neutrals: Tensor
    seen: Tensor

    def __init__(
        self,
        network: SplitNetwork,
        *,
        classes: int,
        persons: int,
        neutral: int,
        hidden: int = 64,
        expression: float = 1.0,
        style: float = 1.0,
        kind: Style = "moments",
    ):
        super().__init__()
        self.network = network
        self.translator = Translator(network.channels, hidden=hidden)
        self.people = PeopleStyle(network.channels, classes)
        self.register_buffer("neutrals", torch.zeros(persons, network.channels))
        self.register_buffer("seen", torch.zeros(persons))
        self.neutral = neutral
        self.expression, self.style = expression, style
        self.kind: Style = kind

    def objective(self, batch: People, progress: float) -> Terms:
        terms = Terms(labels=F.cross_entropy(self.network(batch.inputs), batch.label))
        with evaluated(self.network), torch.no_grad():
            features = self.network.encode(batch.inputs)
            before = self.network.decide(features)
            self._remember(features, batch)
            features = self._moved(features, batch.person)
        moved = self.translator(features)
        after = fixed(self.network.head, moved)
        terms["translated"] = F.cross_entropy(after, batch.label)
        terms["expression"] = self.expression * kept_expression(before, after)
        some, other = someone_else(batch)
        terms["style"] = self.style * (
            style_loss(moved[some], features[other], kind=self.kind) if len(some) else moved.sum() * 0
        )
        return terms

    def predict(self, inputs: Tensor) -> Tensor:
        return self.network(inputs)

    def _remember(self, features: Tensor, batch: People) -> None:
        """Who is where when neutral."""
        self.people.update(features, batch.label, batch.person, batch.clip)
        rows = (batch.label == self.neutral).nonzero().flatten()
        whose = batch.person[rows]
        self.neutrals.mul_(KEPT).index_add_(0, whose, channel_rows(features)[rows])
        self.seen.mul_(KEPT).index_add_(0, whose, torch.ones_like(whose, dtype=self.seen.dtype))

    def _moved(self, features: Tensor, person: Tensor) -> Tensor:
        """Features of people of whom a neutral row was seen, moved as a target's will be."""
        own = self.neutrals[person] / self.seen[person].clamp(min=1e-12)[:, None]
        gap = self.people.mean(torch.tensor(self.neutral, device=own.device)) - own
        moved = torch.where(self.seen[person][:, None] > 0, self.people.trust(0.0) * gap, 0.0)
        return features + moved.reshape(*moved.shape, *[1] * (features.ndim - 2))


class PersonalizedTranslation(Adaptation):
    """`style` weighs moving the clip's style against `expression` for keeping what was said.

    `spread` is by how much people differ in the logarithm of a channel's deviation. `source` is the stage
    that was trained, or what is kept of it.
    """

    sees = "neutral"
    stage = "translation_sources"
    expected: Tensor
    mean: Tensor
    people_differ: Tensor
    noise: Tensor
    ratio: Tensor
    freedom: Tensor

    def __init__(
        self,
        network: SplitNetwork,
        *,
        source: TranslationSources | Translation,
        style: float = 10.0,
        expression: float = 1.0,
        spread: float = 0.1,
    ):
        super().__init__()
        self.network = network.requires_grad_(False)
        self.translator = source.translator.requires_grad_(False)
        self.people, self.neutral = source.people, source.neutral
        self.own = ChannelStyle(network.channels)
        self.style, self.expression, self.spread = style, expression, spread
        for name in ("expected", "mean", "noise", "people_differ", "ratio"):
            self.register_buffer(name, torch.zeros(network.channels))
        self.register_buffer("freedom", torch.zeros(()))

    def train(self, mode: bool = True) -> "PersonalizedTranslation":
        """The network is frozen, its dropout and its statistics, too."""
        super().train(mode)
        self.network.eval()
        return self

    @torch.no_grad()
    def begin(self, target: Unlabelled, sources: People | None) -> None:
        """How far the clip's neutral is from that of source people, and how well so few clips tell it."""
        if not len(target):
            raise BadPeople("expected inputs of a neutral clip, found none")
        mean, own = moments_of(self.network, target.inputs)
        label, clips = torch.tensor(self.neutral, device=mean.device), len(target.clip.unique())
        frame, clip, in_label, person = self.people.variances()
        least = LEAST * (frame + clip + in_label + person).mean() + torch.finfo(mean.dtype).tiny
        self.expected.copy_(self.people.mean(label))
        self.mean.copy_(mean)
        self.noise.copy_((in_label + clip / clips + frame / len(target)).clamp(min=least))
        gap = self.expected - self.mean
        # a network has learnt away what tells its source people apart: others are further off than they are
        further = ((gap.square() - self.noise).sum() / person.sum().clamp(min=least)).clamp(min=1)
        self.people_differ.copy_((further * person).clamp(min=least))
        spreads = [each.square().clamp(min=least) for each in (self.people.spread(label), own)]
        self.ratio.copy_((spreads[0] / spreads[1]).log() / 2)
        self.freedom.fill_(clips - 1)
        if self.style:  # from where style and staying are least, expression goes on
            self._start()

    def _start(self) -> None:
        trust = self.people_differ / (self.people_differ + self.noise)
        moved = self.mean + trust * (self.expected - self.mean)
        known = 2 * self.freedom * self.spread**2
        gain = (self.ratio * known / (1 + known)).exp()
        self.own.set(gain, moved - gain * self.mean)

    def objective(self, batch: Adapting, progress: float) -> Terms:
        features = self.network.encode(batch.target.inputs)
        after = self.network.decide(self.translator(self.own(features)))
        moved, gain = self.own.gain * self.mean + self.own.offset, self.own.gain.clamp(min=LEAST).log()
        # the logarithm of a deviation of n values varies by 1 / (2 (n - 1))
        style = (moved - self.expected).square() / self.noise + (
            gain - self.ratio
        ).square() * 2 * self.freedom
        staying = (moved - self.mean).square() / self.people_differ + (gain / self.spread).square()
        return Terms(
            style=self.style * style.mean() / 2,
            staying=self.style * staying.mean() / 2,
            expression=self.expression * kept_expression(self.network.decide(features), after),
        )

    def predict(self, inputs: Tensor) -> Tensor:
        return self.network.decide(self.translator(self.own(self.network.encode(inputs))))


def kept_expression(before: Float[Tensor, "n class"], after: Float[Tensor, "n class"]) -> Float[Tensor, ""]:
    """The mean Kullback-Leibler divergence of what is said from what was said before, which is fixed."""
    wanted = before.detach().log_softmax(dim=1)
    return F.kl_div(after.log_softmax(dim=1), wanted, reduction="batchmean", log_target=True)


def someone_else(batch: People) -> tuple[Int[Tensor, "some"], Int[Tensor, "some"]]:
    """Rows with another person's row of their label in the batch, and one such row of each, at random."""
    fits = (batch.label[:, None] == batch.label) & (batch.person[:, None] != batch.person)
    chances = torch.rand(fits.shape, device=fits.device).masked_fill(~fits, -1)
    some = torch.nonzero(fits.any(dim=1)).flatten()
    return some, chances[some].argmax(dim=1)
