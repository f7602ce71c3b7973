"""Temporal stochastic softmax: from each video one clip, drawn the more often the more it says of the label.

Paper    Ayral, Pedersoli, Bacon and Granger, "Temporal stochastic softmax for 3D CNNs: an application in
         facial expression recognition", WACV 2021, arXiv 2011.05227
Needs    videos with one class each; a network with `network.pooling = "softmax"`, whose `span` is that of a
         clip and whose `sharpness` is that of the draw; for the paper's, `encoder = "inflated"`
Learns   the class from the clip that is drawn; of every place of every video, what its clip would score
Differs  the phases go by how often a video was seen, which with balanced classes is not the number of epochs;
         in warm-up no score is kept, as in the paper; the clip scored is the one trained on, with its
         augmentation. A video without a label, or shorter than a clip, has nothing to choose
"""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from facsight.core.errors import BadLabels, BadRecipe, BadTraining
from facsight.core.labels import LabelSpace
from facsight.core.method import Method
from facsight.core.sequences import LabelledClips, SequencePrediction, Sequences
from facsight.core.terms import Terms
from facsight.data.windows import Windows
from facsight.functional.temporal_pooling import clip_places
from facsight.losses.label_spaces import label_terms
from facsight.nn.sequence_network import SequenceNetwork


class ClipBank(nn.Module):
    r"""What a clip at each place of each video scores for its own class, as far as that is known.

    A video is seen `warmup` times at any place; then `exploration` times at places spread from its first to
    its last, whose scores hold for all places nearer to them than to the next; and then at the place
    :math:`p \sim \mathrm{softmax}(\beta \hat s)` with :math:`\beta` the `sharpness`. From then on a score
    :math:`s` at p moves all places i whose clips overlap, clips having K = `span` steps:

    .. math:: \hat s_i \leftarrow \hat s_i + (1 - |p - i| / K) (s - \hat s_i)

    Scores and visits are buffers: they are in every checkpoint, and a run that was killed goes on with them.
    """

    scores: Float[Tensor, "video place"]
    visits: Int[Tensor, "video"]
    places: Int[Tensor, "video"]

    def __init__(
        self,
        lengths: Int[Tensor, "video"],
        *,
        span: int,
        sharpness: float = 1.0,
        warmup: int = 3,
        exploration: int = 5,
    ):
        super().__init__()
        if warmup < 0 or exploration < 0 or exploration == 1:
            raise BadRecipe(
                "warmup is 0 visits or more, and exploration 0, or 2 or more to reach both ends, found "
                f"{warmup} and {exploration}"
            )
        self.span, self.sharpness, self.warmup, self.exploration = span, sharpness, warmup, exploration
        places = torch.tensor([clip_places(steps, span) for steps in lengths.tolist()])
        self.register_buffer("places", places)
        self.register_buffer("scores", torch.zeros(len(places), int(places.max())))
        self.register_buffer("visits", torch.zeros(len(places), dtype=torch.long))

    @property
    def chances(self) -> Float[Tensor, "video place"]:
        """How likely each place is drawn once a video is explored; rows sum to 1."""
        return self._chances(torch.arange(len(self.places), device=self.places.device))

    def draw(self, videos: Int[Tensor, "batch"], generator: torch.Generator) -> Int[Tensor, "batch"]:
        """The first steps of the clips that these videos are seen by next."""
        rows = videos.to(self.places.device)
        places, visits = self.places[rows].cpu(), self.visits[rows].cpu()
        anywhere = (torch.rand(len(rows), generator=generator) * places).long()
        by_score = torch.multinomial(self._chances(rows).cpu(), 1, generator=generator)[:, 0]
        spread = (places - 1) * (visits - self.warmup) // max(self.exploration - 1, 1)
        later = torch.where(visits < self.warmup + self.exploration, spread, by_score)
        return torch.where(visits < self.warmup, anywhere, later)

    @torch.no_grad()
    def observe(
        self,
        videos: Int[Tensor, "batch"],
        starts: Int[Tensor, "batch"],
        scores: Float[Tensor, "batch"],
        known: Bool[Tensor, "batch"],
    ) -> None:
        """Take in what clips scored for their class; where that is not `known`, only the visit counts."""
        for video, start, score, there in zip(
            videos.tolist(), starts.tolist(), scores.float(), known, strict=True
        ):
            visit = int(self.visits[video])
            if there and visit >= self.warmup:
                share = self._share(video, start, explored=visit >= self.warmup + self.exploration)
                self.scores[video] += share * (score - self.scores[video])
            self.visits[video] += 1

    def _chances(self, rows: Int[Tensor, "batch"]) -> Float[Tensor, "batch place"]:
        place = torch.arange(self.scores.shape[1], device=self.scores.device)
        scores = self.sharpness * self.scores[rows]
        return scores.masked_fill(place >= self.places[rows, None], -torch.inf).softmax(dim=1)

    def _share(self, video: int, start: int, *, explored: bool) -> Float[Tensor, "place"]:
        """How far a score at `start` moves each place: 1 takes it over, 0 leaves it."""
        away = (torch.arange(self.scores.shape[1], device=self.scores.device) - start).abs()
        if explored:
            return (1 - away / self.span).clamp(min=0)
        between = int(self.places[video]) - self.exploration  # places that are not explored themselves
        gaps = self.exploration - 1
        reach = max(0, -(-between // (2 * gaps)))  # half of a gap's share, rounded up
        return (away <= reach).float()


class StochasticClips:
    """A clip out of each video, where the bank says; drawn anew whenever a video comes round."""

    kind = "video"

    def __init__(self, windows: Windows, bank: ClipBank):
        self.windows, self.bank = windows, bank

    def __len__(self) -> int:
        return len(self.windows)

    def labels(self) -> Int[Tensor, "n"] | None:
        """The class of each video."""
        return self.windows.labels()

    def __call__(self, rows: Int[Tensor, "batch"], generator: torch.Generator) -> LabelledClips:
        starts = self.bank.draw(rows, generator)
        return self.windows.clips(rows, starts, self.bank.span, generator)


class TemporalStochasticSoftmax(Method[LabelledClips, Sequences, SequencePrediction]):
    """Cross entropy of one clip a video and visit, which costs the same however long the video is.

    A video is drawn from evenly `warmup` times and explored in `exploration` visits. With a `warmup` that
    never ends, clips are drawn evenly throughout: the plain baseline. Dense training, on every step of every
    video with the same pooling, is `supervised_sequences`. In prediction all steps are read.
    """

    bank: ClipBank | None

    def __init__(
        self,
        network: SequenceNetwork,
        *,
        spaces: Sequence[LabelSpace],
        warmup: int = 3,
        exploration: int = 5,
    ):
        super().__init__()
        if len(spaces) != 1 or spaces[0].kind != "classes":
            told = ", ".join(f"{space.name} ({space.kind})" for space in spaces)
            raise BadLabels(
                "temporal_stochastic_softmax learns one label space of classes, found "
                f"{told or 'none'}: choose one by data.labels"
            )
        if getattr(network, "pooling", None) != "softmax":
            raise BadRecipe(
                'clips are drawn by the weights of network.pooling = "softmax", found '
                f"{getattr(network, 'pooling', type(network).__name__)!r}"
            )
        self.network, self.space = network, spaces[0]
        self.warmup, self.exploration = warmup, exploration
        self.bank = None

    def examples(self, given: Windows) -> StochasticClips:
        """One clip of each window, the scores of which are kept here; to be called before training."""
        if any(given.recordings.of_steps.values()):
            raise BadLabels(
                f"{given.recordings.name}: {self.space.name} is of steps, and a clip has its video's label: "
                "use supervised_sequences"
            )
        self.bank = ClipBank(
            given.lengths,
            span=self.network.span,
            sharpness=self.network.sharpness,
            warmup=self.warmup,
            exploration=self.exploration,
        )
        return StochasticClips(given, self.bank)

    def objective(self, batch: LabelledClips, progress: float) -> Terms:
        said = self.network(batch.sequences)
        if self.training:
            self._keep(batch, said.outputs[self.space.name].detach())
        return label_terms(said.outputs, batch.truth, (self.space,))

    def predict(self, sequences: Sequences) -> SequencePrediction:
        return self.network(sequences)

    def _keep(self, batch: LabelledClips, scores: Float[Tensor, "batch class"]) -> None:
        if self.bank is None:
            raise BadTraining("clips come from `examples`: call it before training")
        truth = batch.truth[self.space.name]
        known = truth.isfinite().all(dim=1)
        own = truth.nan_to_num().argmax(dim=1, keepdim=True)
        self.bank.observe(batch.window, batch.start, scores.gather(1, own)[:, 0], known)
