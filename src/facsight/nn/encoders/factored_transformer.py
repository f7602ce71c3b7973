"""A (2+1)D transformer of faces along steps: attention over the picture, then over time, in every layer.

Paper    Arnab, Dehghani, Heigold, Sun, Lucic and Schmid, "ViViT: a video vision transformer", ICCV 2021,
         https://arxiv.org/abs/2103.15691, model 3 (factorised self-attention)
Needs    a face a step, (side, side) grey or (side, side, 3) as `face:crop` gives it, 0 to 255
Learns   everything but the positions in time
Differs  patches of single pictures in place of tubelets, so that every step keeps its features; no class
         token: a step's features are the mean of its patches; positions in time are sines, so that any length
         will do; weights begin at random, where the paper begins with a picture network's and its attention
         over time at zero. Attention over time grows with the square of the steps
"""

from pathlib import Path

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from facsight.core.errors import BadCheckpoint, BadRecipe
from facsight.nn.clips import along_clips, grey_faces
from facsight.nn.temporal.time_transformer import sinusoids
from facsight.nn.weights import load_state, load_tensors


class FactoredTransformer(nn.Module):
    """`layers` layers of `size` features and `heads` heads, on patches of `patch` x `patch` pixels."""

    scaled = False

    def __init__(
        self,
        shape: tuple[int, ...],
        *,
        size: int = 64,
        patch: int = 8,
        heads: int = 4,
        layers: int = 2,
        dropout: float = 0.1,
    ):
        super().__init__()
        square = len(shape) in (2, 3) and shape[0] == shape[1] and shape[2:] in ((), (3,))
        if not square or shape[0] % patch or size % heads or size % 2:
            raise BadRecipe(
                f"factored_transformer expects faces (side, side) or (side, side, 3) that patches of {patch} "
                f"pixels fill, and an even size that {heads} heads share; found {shape} and size {size}"
            )
        self.size, self.patch = size, patch
        self.embed = nn.Linear(patch**2, size)
        self.place = nn.Parameter(0.02 * torch.randn((shape[0] // patch) ** 2, size))
        self.layers = nn.ModuleList(FactoredLayer(size, heads, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(size)

    def forward(
        self, stream: Float[Tensor, "batch step *picture"], known: Bool[Tensor, "batch step"]
    ) -> Float[Tensor, "batch step encoded"]:
        return along_clips(self._clips, stream, known, self.size)

    def _clips(self, clips: Float[Tensor, "n step *picture"]) -> Float[Tensor, "n step encoded"]:
        return self.attend(self.tokens(self.cut(clips))).mean(dim=2)

    def cut(self, clips: Float[Tensor, "n step *picture"]) -> Float[Tensor, "n step patch pixel"]:
        """The patches of clips as the network sees them."""
        return patches(grey_faces(clips)[:, 0].to(self.place.dtype), self.patch)

    def tokens(self, cut: Float[Tensor, "n step patch pixel"]) -> Float[Tensor, "n step patch feature"]:
        """A token a patch, with its place and its time; of no other patch it knows anything."""
        tokens = self.embed(cut) + self.place
        return tokens + sinusoids(tokens.shape[1], self.size).to(tokens)[:, None]

    def attend(self, tokens: Float[Tensor, "n step some feature"]) -> Float[Tensor, "n step some feature"]:
        """Tokens of all patches, or of some that are the same in all steps, after the layers."""
        for layer in self.layers:
            tokens = layer(tokens)
        return self.norm(tokens)

    def start_from(self, weights: Path) -> None:
        """Take over such an encoder from the weights of a trained network of sequences; the rest is left.

        `BadCheckpoint` where there is none, or more than one, or one of another size.
        """
        tensors, _ = load_tensors(weights)
        homes = sorted({key.removesuffix("place") for key in tensors if key.endswith(".place")})
        if len(homes) != 1 or not homes[0].startswith("encoders."):
            raise BadCheckpoint(
                f"{weights} has {len(homes) or 'no'} factored_transformer to start from: give the run of a "
                "recipe with one, such as masked_clips"
            )
        own = {key.removeprefix(homes[0]): one for key, one in tensors.items() if key.startswith(homes[0])}
        load_state(self, own, weights)


def patches(clips: Float[Tensor, "n step side side"], patch: int) -> Float[Tensor, "n step patch pixel"]:
    """The squares that each picture consists of, row by row.

    >>> patches(torch.arange(16.0).reshape(1, 1, 4, 4), 2)[0, 0, 1].tolist()
    [2.0, 3.0, 6.0, 7.0]
    """
    cut = clips.unflatten(3, (-1, patch)).unflatten(2, (-1, patch))
    return cut.transpose(3, 4).flatten(4, 5).flatten(2, 3)


class FactoredLayer(nn.Module):
    """Attention of a step's patches to each other, then of a patch to itself at other times, then a mixer."""

    def __init__(self, size: int, heads: int, dropout: float):
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(size) for _ in range(3))
        self.space, self.time = (
            nn.MultiheadAttention(size, heads, dropout, batch_first=True) for _ in range(2)
        )
        self.mix = nn.Sequential(
            nn.Linear(size, 4 * size), nn.GELU(), nn.Dropout(dropout), nn.Linear(4 * size, size)
        )

    def forward(self, tokens: Float[Tensor, "n step patch feature"]) -> Float[Tensor, "n step patch feature"]:
        tokens = tokens + _attended(self.space, self.norms[0](tokens))
        across = self.norms[1](tokens).transpose(1, 2)
        tokens = tokens + _attended(self.time, across).transpose(1, 2)
        return tokens + self.mix(self.norms[2](tokens))


def _attended(
    attention: nn.Module, tokens: Float[Tensor, "n group token feature"]
) -> Float[Tensor, "n group token feature"]:
    """Tokens of each group, attended to by those of the same group only."""
    own = tokens.flatten(0, 1)
    return attention(own, own, own, need_weights=False)[0].unflatten(0, tokens.shape[:2])
