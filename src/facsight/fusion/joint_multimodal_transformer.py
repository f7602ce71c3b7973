"""Every modality attends to every other and to all of them together; then the outcomes attend to each other.

Paper    JMT: Waligora et al., "Joint multimodal transformer for emotion recognition in the wild", CVPR
         Workshops 2024, https://arxiv.org/abs/2403.10488
Needs    features a step of one or more modalities, in windows of any length
Learns   the joint stream, an encoder a stream, cross-attention for every ordered pair of streams, and
         attention over the tokens of these pairs in each step; all streams are `width` wide
Gives    one token of that attention or the mean of all (`output = "self_attention"`), or all through a linear
         layer (`output = "concatenation"`). Shares: how the last attention weighs a step's tokens, each
         counted for the stream that asked, since that alone is of this step (what it was given is of any
         step), and the joint stream's in equal parts for the modalities that are known in the step
Differs  any number M of modalities: M (M + 1) ordered pairs, six for two. Attention is along the steps of a
         window (the release for biosignals attends across the batch, and its other one mis-orders labels for
         `concatenation`). The paper writes softmax(K Qᵀ / √d) V; rows are read as those of the receiving
         stream. `share = "query"` (one set of matrices a receiving stream) and `pool = "last"` are the
         release's; "none" and "mean" are not in it. Unknown steps are not attended to, a pair counts only
         where both of its streams are known, and the last token is the last that counts
"""

import math
from collections.abc import Mapping
from itertools import permutations
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from facsight.core.errors import BadRecipe
from facsight.core.sequences import Sequences
from facsight.nn.aligned import Aligned
from facsight.nn.fused import Fused, Fusion


class JointMultimodalTransformer(Fusion):
    """Joint multimodal transformer.

        X_J = W [X_1; ...; X_M]                   E_i = encoder_i(X_i), i in {1 .. M, J}
        T_ij = attention(E_i -> E_j), i ≠ j       output = attention over encoder({T_ij}) in each step

    `share`: attention has its own matrices for each receiving stream i ("query") or for each pair ("none").
    `positions` adds sines and cosines of a step's number to every stream; without, the order of steps does
    not matter. `layers` is the depth of the streams' encoders.

    >>> block = JointMultimodalTransformer({"face": 6, "audio": 4}, width=8)
    >>> block.size, len(block.pairs)
    (8, 6)
    """

    def __init__(
        self,
        sizes: Mapping[str, int],
        *,
        width: int = 512,
        heads: int = 1,
        layers: int = 1,
        share: Literal["query", "none"] = "query",
        output: Literal["self_attention", "concatenation"] = "self_attention",
        pool: Literal["last", "mean"] = "last",
        positions: bool = False,
    ):
        super().__init__()
        _check(width, heads, layers)
        self.names, self.size, self.positions = tuple(sizes), width, positions
        self.pairs = tuple(permutations(range(len(sizes) + 1), 2))
        self.aligned = Aligned(sizes, width)
        self.joint = nn.Linear(len(sizes) * width, width)
        self.encoders = nn.ModuleList(
            nn.ModuleList(_Encoder(width, heads) for _ in range(layers)) for _ in range(len(sizes) + 1)
        )
        self.crossing = _Crossing(self.pairs, width, heads, share == "query")
        self.tokens = _Encoder(width, heads) if output == "self_attention" else None
        self.read = (
            _Reading(width, heads, last=pool == "last")
            if output == "self_attention"
            else nn.Linear(len(self.pairs) * width, width)
        )

    def forward(self, sequences: Sequences) -> Fused:
        streams, known = self._streams(sequences)
        tokens = self.crossing(streams, known)
        counts = torch.stack([known[i] & known[j] for i, j in self.pairs], dim=-1)
        anything = counts.any(dim=-1, keepdim=True)
        if self.tokens is None:
            read = self.read(torch.where(counts.unsqueeze(-1), tokens, 0.0).flatten(2))
            return Fused(torch.where(anything, read, 0.0))
        features, weights = self._read(tokens, counts)
        weights = torch.where(counts, weights, 0.0)
        return Fused(torch.where(anything, features, 0.0), self._shares(weights, known))

    def _streams(self, sequences: Sequences) -> tuple[list[Tensor], list[Tensor]]:
        """The encoded modalities and the joint stream, last; and where each is known."""
        aligned = self.aligned(sequences)
        known = [sequences.known[name] for name in self.names]
        streams = [*aligned.values(), self.joint(torch.cat(list(aligned.values()), dim=-1))]
        known.append(torch.stack(known).any(dim=0))
        if self.positions:
            where = positions_of(streams[0].shape[1], self.size).to(streams[0])
            streams = [stream + where for stream in streams]
        for i, encoder in enumerate(self.encoders):
            for layer in encoder:  # pyright: ignore[reportGeneralTypeIssues]
                streams[i] = layer(streams[i], known[i])
        return streams, known

    def _read(self, tokens: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
        """Each step's tokens as windows of their own, and back."""
        assert self.tokens is not None
        batch = tokens.shape[0]
        flat, counted = tokens.flatten(0, 1), counts.flatten(0, 1)
        features, weights = self.read(self.tokens(flat, counted), counted)
        return features.unflatten(0, (batch, -1)), weights.unflatten(0, (batch, -1))

    def _shares(self, weights: Tensor, known: list[Tensor]) -> dict[str, Float[Tensor, "batch step"]]:
        """What tokens weigh, by the modality that asked."""
        of = [
            torch.stack([weights[..., p] for p, (i, _) in enumerate(self.pairs) if i == asking]).sum(dim=0)
            for asking in range(len(known))
        ]
        each = of[-1] / torch.stack(known[:-1]).sum(dim=0).clamp(min=1)
        return {name: of[i] + torch.where(known[i], each, 0.0) for i, name in enumerate(self.names)}


class _Encoder(nn.Module):
    """A transformer layer, normalised after each sum, with as many hidden units as features."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.inward, self.outward = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.widen, self.narrow = nn.Linear(width, width), nn.Linear(width, width)
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(
        self, stream: Float[Tensor, "batch step width"], known: Bool[Tensor, "batch step"]
    ) -> Float[Tensor, "batch step width"]:
        query, key, value = self.inward(stream).chunk(3, dim=-1)
        stream = self.first(stream + self.outward(attend(query, key, value, known, self.heads)))
        return self.second(stream + self.narrow(self.widen(stream).relu()))


class _Crossing(nn.Module):
    """Attention of each stream to each other one: (batch, step, pair, width)."""

    def __init__(self, pairs: tuple[tuple[int, int], ...], width: int, heads: int, shared: bool):
        super().__init__()
        self.pairs, self.heads = pairs, heads
        self.sets = [i if shared else p for p, (i, _) in enumerate(pairs)]
        sets = range(max(self.sets) + 1)
        self.query = nn.ModuleList(nn.Linear(width, width) for _ in sets)
        self.keyed = nn.ModuleList(nn.Linear(width, 2 * width) for _ in sets)
        self.outward = nn.ModuleList(nn.Linear(width, width) for _ in sets)

    def forward(self, streams: list[Tensor], known: list[Tensor]) -> Float[Tensor, "batch step pair width"]:
        asked: dict[int, Tensor] = {}
        tokens = []
        for which, (i, j) in zip(self.sets, self.pairs, strict=True):
            if which not in asked:
                asked[which] = self.query[which](streams[i])
            key, value = self.keyed[which](streams[j]).chunk(2, dim=-1)
            tokens.append(self.outward[which](attend(asked[which], key, value, known[j], self.heads)))
        return torch.stack(tokens, dim=2)


class _Reading(nn.Module):
    """Attention over a step's tokens, asked by the last one that counts or by all, whose mean is given.

    With it, what each token weighs: the mean over heads, and over those who asked.
    """

    def __init__(self, width: int, heads: int, *, last: bool):
        super().__init__()
        self.heads, self.last = heads, last
        self.query, self.keyed = nn.Linear(width, width), nn.Linear(width, 2 * width)
        self.outward = nn.Linear(width, width)

    def forward(
        self, tokens: Float[Tensor, "step token width"], counts: Bool[Tensor, "step token"]
    ) -> tuple[Float[Tensor, "step width"], Float[Tensor, "step token"]]:
        asking = self._asking(counts, tokens.dtype)
        asked = (tokens * asking.unsqueeze(-1)).sum(dim=1, keepdim=True) if self.last else tokens
        query = _by_head(self.query(asked), self.heads)
        key, value = (_by_head(x, self.heads) for x in self.keyed(tokens).chunk(2, dim=-1))
        scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
        weights = scores.masked_fill(~_seen(counts)[:, None, None], -torch.inf).softmax(dim=-1)
        if not self.last:
            weights = torch.einsum("nt,nhts->nhs", asking, weights).unsqueeze(2)
        read = (weights @ value).squeeze(2).flatten(1)
        return self.outward(read), weights.mean(dim=1).squeeze(1)

    def _asking(self, counts: Tensor, dtype: torch.dtype) -> Tensor:
        """What part of the answer each token asks for: one of them all, or all that count the same."""
        seen = _seen(counts)
        if self.last:
            order = torch.arange(1, counts.shape[1] + 1, device=counts.device)
            return F.one_hot((seen * order).argmax(dim=1), counts.shape[1]).to(dtype)
        return seen.to(dtype) / seen.sum(dim=1, keepdim=True)


def attend(
    query: Float[Tensor, "batch asking width"],
    key: Float[Tensor, "batch step width"],
    value: Float[Tensor, "batch step width"],
    known: Bool[Tensor, "batch step"],
    heads: int,
) -> Float[Tensor, "batch asking width"]:
    """softmax(Q Kᵀ / √d) V over the known steps, head by head; d is the width of a head.

    Where nothing is known the mean of all steps is given: it is for the caller not to use it.
    """
    mask = _seen(known)[:, None, None].expand(-1, -1, query.shape[1], -1)
    split = (_by_head(x, heads) for x in (query, key, value))
    return F.scaled_dot_product_attention(*split, attn_mask=mask).transpose(1, 2).flatten(2)


def positions_of(steps: int, width: int) -> Float[Tensor, "step width"]:
    """Sines, then cosines, of the number of each step at wavelengths from 2π to 10000 · 2π.

    >>> positions_of(2, 4).round(decimals=2)
    tensor([[0.0000, 0.0000, 1.0000, 1.0000],
            [0.8400, 0.0100, 0.5400, 1.0000]])
    """
    half = (width + 1) // 2
    rates = 10000.0 ** (-torch.arange(half, dtype=torch.float64) / half)
    angles = torch.arange(steps, dtype=torch.float64)[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=1)[:, :width].float()


def _seen(known: Bool[Tensor, "batch step"]) -> Bool[Tensor, "batch step"]:
    """What is attended to: what is known, or everything where nothing is, since a softmax needs something."""
    return known | ~known.any(dim=1, keepdim=True)


def _by_head(stream: Float[Tensor, "batch step width"], heads: int) -> Float[Tensor, "batch head step part"]:
    return stream.unflatten(-1, (heads, -1)).transpose(1, 2)


def _check(width: int, heads: int, layers: int) -> None:
    if heads < 1 or width % heads:
        raise BadRecipe(f"`heads` divides `width`: found {heads} heads for a width of {width}")
    if layers < 1:
        raise BadRecipe(f"`layers` counts layers from 1 up, found {layers}")
