"""The modalities of a step attend to each other, and the leader's own features go along unchanged.

Paper    LFAN: Zhang, Ding, Wei and Guan, "Continuous emotion recognition with audio-visual leader-follower
         attentive fusion", ICCV Workshops 2021 (ABAW2), https://arxiv.org/abs/2107.01175; with several heads
         and text in Zhang, An, Ding and Guan, CVPR Workshops 2022, https://arxiv.org/abs/2203.13031
Needs    features a step of a leader, by default the first modality, and of followers
Learns   a projection a modality, and attention across modalities within a step
Gives    the leader's features beside what attention makes of every modality; shares: how attention weighs
         the known modalities, averaged over heads and over those who ask. The leader's own features, which
         also go on, are not counted in them
Differs  a missing modality is neither asked nor answers; a missing leader gives zeros in its place. Of
         the papers only descriptions and the behaviour of a release were at hand
"""

from collections.abc import Mapping

import torch
from torch import nn

from facsight.core.errors import BadRecipe, UnknownName, did_you_mean
from facsight.core.sequences import Sequences
from facsight.nn.aligned import Aligned, check_counts
from facsight.nn.fused import Fused, Fusion


class LeaderFollower(Fusion):
    """`width` features a modality, attention in `heads`.

        p_m = W_m x_m      a = attention(p_1, ..., p_M) in each step      features = [x_leader; a_1; ...; a_M]

    0 where a modality is not known.

    >>> LeaderFollower({"face": 6, "audio": 4}, width=8).size  # 6 of the leader, 8 of each
    22
    """

    def __init__(
        self, sizes: Mapping[str, int], *, width: int = 32, heads: int = 2, leader: str | None = None
    ):
        super().__init__()
        check_counts(width=width, heads=heads)
        if width % heads:
            raise BadRecipe(f"expected a width that {heads} heads can share, found {width}")
        if leader is not None and leader not in sizes:
            raise UnknownName(f"there is no modality {leader!r} to lead: {did_you_mean(leader, sizes)}")
        self.aligned = Aligned(sizes, width)
        self.names, self.leader = tuple(sizes), leader or next(iter(sizes))
        self.size = sizes[self.leader] + len(sizes) * width
        self.heads, self.inward, self.outward = heads, nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, sequences: Sequences) -> Fused:
        tokens = torch.stack(list(self.aligned(sequences).values()), dim=-2)
        known = torch.stack([sequences.known[name] for name in self.names], dim=-1)
        query, key, value = (
            part.unflatten(-1, (self.heads, -1)).transpose(-2, -3)
            for part in self.inward(tokens).chunk(3, dim=-1)
        )
        scores = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5
        weights = scores.masked_fill(~known[..., None, None, :], -torch.inf).softmax(dim=-1).nan_to_num()
        read = self.outward((weights @ value).transpose(-2, -3).flatten(-2))
        read = torch.where(known.unsqueeze(-1), read, 0.0).flatten(-2)
        asking = known.to(weights) / known.sum(dim=-1, keepdim=True).clamp(min=1)
        shares = torch.einsum("bsq,bshqk->bsk", asking, weights) / self.heads
        leader = torch.where(sequences.known[self.leader].unsqueeze(-1), sequences.streams[self.leader], 0.0)
        return Fused(
            torch.cat([leader, read], dim=-1), {name: shares[..., k] for k, name in enumerate(self.names)}
        )
