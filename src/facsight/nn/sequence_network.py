"""Encoders, a fusion block, what looks along time, and an output for each label space: one network."""

from collections.abc import Mapping
from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from facsight.core.errors import BadRecipe
from facsight.core.sequences import SequencePrediction, Sequences
from facsight.functional.temporal_pooling import clip_scores, softmax_pooled
from facsight.nn.fused import Fused, Fusion

#: How a window's steps become one label: not at all, by the mean of their features, by that with learnt
#: weights, or by the scores of its clips, the highest of which weigh most.
Pooling = Literal["none", "mean", "attention", "softmax"]


class SequenceNetwork(nn.Module):
    """Reads windows of several modalities.

    An encoder takes (stream, known) of its modality to (batch, step, feature); a modality without one is
    fused as it is. `temporal`, if given, takes (features, inside) to features of its `size`. `outputs` are
    label spaces and their numbers of columns; `pooling` says whether labels are of steps ("none") or of
    whole windows. "softmax" pools the scores of clips of `span` steps with weights of `sharpness`
    (`functional.temporal_pooling`); the others have no use for these two.
    """

    def __init__(
        self,
        fusion: Fusion,
        outputs: Mapping[str, int],
        *,
        encoders: Mapping[str, nn.Module] | None = None,
        temporal: nn.Module | None = None,
        pooling: Pooling = "none",
        dropout: float = 0.0,
        span: int = 1,
        sharpness: float = 1.0,
    ):
        super().__init__()
        if span < 1 or sharpness < 0:
            raise BadRecipe(
                f"clips have a span of 1 step or more and a sharpness of 0 or more, found {span} and "
                f"{sharpness}"
            )
        self.span, self.sharpness = span, sharpness
        self.encoders = nn.ModuleDict(encoders or {})
        self.fusion, self.temporal = fusion, temporal
        self.size = size = fusion.size if temporal is None else int(temporal.size)  # pyright: ignore
        self.pooling, self.dropout = pooling, nn.Dropout(dropout)
        self.weigh = nn.Linear(size, 1) if pooling == "attention" else None
        self.outputs = nn.ModuleDict({name: nn.Linear(size, columns) for name, columns in outputs.items()})

    @property
    def trunk(self) -> nn.Module:
        """The last part that all outputs share."""
        return self.fusion if self.temporal is None else self.temporal

    def encode(self, sequences: Sequences) -> Sequences:
        """The same windows with a feature vector a step and modality, 0 where it is not known."""
        streams = {}
        for name, stream in sequences.streams.items():
            known = sequences.known[name]
            encoded = self.encoders[name](stream, known) if name in self.encoders else stream
            streams[name] = torch.where(known.unsqueeze(-1), encoded, 0.0)
        return sequences.encoded(streams)

    def forward(self, sequences: Sequences) -> SequencePrediction:
        return self.decide(self.encode(sequences))

    def decide(self, encoded: Sequences) -> SequencePrediction:
        """What is said of windows that are encoded already."""
        return self.read(self.fusion(encoded), encoded)

    def read(self, fused: Fused, encoded: Sequences) -> SequencePrediction:
        """What is said of windows that are encoded and fused already."""
        features, inside = fused.features, encoded.inside
        if self.temporal is not None:
            features = self.temporal(features, inside)
        features = torch.where(inside.unsqueeze(-1), features, 0.0)
        read = self.dropout(self._pooled(features, inside))
        outputs = {name: output(read) for name, output in self.outputs.items()}
        if self.pooling == "softmax":
            seen = torch.stack(list(encoded.known.values())).any(dim=0)
            outputs = {name: self._of_clips(steps, inside, seen) for name, steps in outputs.items()}
        return SequencePrediction(outputs, features, fused.shares)

    def _pooled(
        self, features: Float[Tensor, "batch step feature"], inside: Bool[Tensor, "batch step"]
    ) -> Float[Tensor, "batch *feature"]:
        if self.pooling in ("none", "softmax"):
            return features
        scores = features.new_zeros(inside.shape) if self.weigh is None else self.weigh(features).squeeze(-1)
        weights = scores.masked_fill(~inside, -torch.inf).softmax(dim=1)
        return torch.einsum("bs,bsf->bf", weights, features)

    def _of_clips(
        self,
        scores: Float[Tensor, "batch step column"],
        inside: Bool[Tensor, "batch step"],
        seen: Bool[Tensor, "batch step"],
    ) -> Float[Tensor, "batch column"]:
        clips, there = clip_scores(scores.float(), inside, seen, span=self.span)
        return softmax_pooled(clips, there, sharpness=self.sharpness)
