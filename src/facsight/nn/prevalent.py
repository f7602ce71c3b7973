"""A network that sees some of the modalities only, and may imagine the others."""

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from facsight.core.errors import BadRecipe, did_you_mean
from facsight.core.sequences import SequencePrediction, Sequences
from facsight.nn.sequence_network import SequenceNetwork


class Imagination(nn.Module):
    """Features of a modality that is not there, out of those of the modalities that are: an MLP a step."""

    def __init__(self, given: int, size: int, *, width: int = 128):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(given, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, size)
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.layers(features)


class PrevalentNetwork(nn.Module):
    """A network of which only the `prevalent` modalities are seen, whatever else a batch holds.

    `sizes` are the encoded features of every modality. With `imagine` the others are imagined from the
    prevalent ones and fused as if they had been recorded, where all prevalent ones are known.
    """

    def __init__(
        self,
        network: SequenceNetwork,
        sizes: Mapping[str, int],
        *,
        prevalent: Sequence[str],
        imagine: bool = False,
        width: int = 128,
    ):
        super().__init__()
        for name in prevalent:
            if name not in sizes:
                raise BadRecipe(f"there is no modality {name!r} to see: {did_you_mean(name, sizes)}")
        if not prevalent:
            raise BadRecipe("a network needs at least one prevalent modality")
        self.network, self.prevalent, self.size = network, tuple(prevalent), network.size
        self.sizes = dict(sizes)
        given = sum(sizes[name] for name in prevalent)
        others = [name for name in sizes if name not in prevalent] if imagine else []
        self.imagined = nn.ModuleDict({name: Imagination(given, sizes[name], width=width) for name in others})

    @property
    def trunk(self) -> nn.Module:
        """The last part that all outputs share."""
        return self.network.trunk

    def imagine(self, encoded: Sequences) -> dict[str, torch.Tensor]:
        """What each modality that is not seen would give, out of encoded prevalent ones."""
        seen = torch.cat([encoded.streams[name] for name in self.prevalent], dim=-1)
        return {name: layers(seen) for name, layers in self.imagined.items()}

    def encode(self, sequences: Sequences) -> Sequences:
        """The prevalent modalities, encoded; the others imagined, or missing."""
        encoded = self.network.encode(sequences.only(self.prevalent))
        there = torch.stack(list(encoded.known.values())).all(dim=0)
        imagined = self.imagine(encoded)
        streams, known = {}, {}
        for name, size in self.sizes.items():
            if name in encoded.streams:
                streams[name], known[name] = encoded.streams[name], encoded.known[name]
            elif name in imagined:
                streams[name], known[name] = torch.where(there.unsqueeze(-1), imagined[name], 0.0), there
            else:
                streams[name] = there.new_zeros(*there.shape, size, dtype=torch.float32)
                known[name] = torch.zeros_like(there)
        return Sequences(streams, known, encoded.inside)

    def forward(self, sequences: Sequences) -> SequencePrediction:
        return self.network.decide(self.encode(sequences))


def teach(teacher: SequenceNetwork, sequences: Sequences) -> tuple[Sequences, SequencePrediction]:
    """What a trained network makes of windows, encoded and at the end, without any gradient."""
    with torch.no_grad():
        encoded = teacher.eval().to(sequences.inside.device).encode(sequences)
        return encoded, teacher.decide(encoded)


def imagining_cost(network: PrevalentNetwork, encoded: Sequences, known: Sequences) -> Float[Tensor, ""]:
    """Squared error of what is imagined against a teacher's features, where these are known.

    In units of each feature's variance over the batch: imagining the mean costs 1, so less than 1 beats it.
    `encoded` and `known` are the windows encoded by the student and by the teacher.
    """
    costs = []
    for name, imagined in network.imagine(encoded).items():
        there = known.known[name] & encoded.known[name]
        wanted = known.streams[name][there].float()
        if len(wanted) < 2:
            continue
        spread = wanted.std(dim=0, correction=0).clamp(min=1e-6)
        costs.append(((imagined[there].float() - wanted) / spread).square().mean())
    return torch.stack(costs).mean() if costs else encoded.inside.new_zeros((), dtype=torch.float32)
