"""Blocks that weigh modalities, where one of two turns to noise in stretches (`planted_fusion.broken`).

A linear gate of zero-mean features cannot tell noise from signal: both go either way. Blocks are therefore
measured on the features themselves and behind an encoder with a hidden layer a modality.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import torch
from torch import nn

from facsight.core.sequences import SequencePrediction, Sequences
from facsight.functional.modality_dropout import drop_modalities
from facsight.fusion.channel_attention import ChannelAttention
from facsight.fusion.concatenation import Concatenation
from facsight.fusion.cross_attention import CrossAttention
from facsight.fusion.gated import GatedFusion
from facsight.fusion.late import LateFusion
from facsight.fusion.leader_follower import LeaderFollower
from facsight.fusion.transformer import TokenTransformer
from facsight.nn.fused import Fused, Fusion
from planted_fusion import SIZES, Planted, broken, learnt, moved, shares_of, told, weights_of

HIDDEN = 16
WIDTH = 32

#: Blocks by name, as they are made of sizes.
BLOCKS: dict[str, Callable[[Mapping[str, int]], Fusion]] = {
    "concatenation": lambda sizes: Concatenation(sizes, width=WIDTH, dropout=0.0),
    "late": lambda sizes: LateFusion(sizes, width=WIDTH, dropout=0.0),
    "gated": lambda sizes: GatedFusion(sizes, width=WIDTH),
    "gated, sigmoid": lambda sizes: GatedFusion(sizes, width=WIDTH, gates="sigmoid"),
    "leader_follower": lambda sizes: LeaderFollower(sizes, width=WIDTH),
    "channel_attention": lambda sizes: ChannelAttention(sizes, channels=HIDDEN, width=WIDTH, dropout=0.0),
    "cross_attention": lambda sizes: CrossAttention(sizes, width=HIDDEN),
    "transformer": lambda sizes: TokenTransformer(sizes, width=HIDDEN, heads=2, dropout=0.0),
}
ENCODED = ", encoded"


class Behind(Fusion):
    """A block behind an encoder a modality: a hidden layer."""

    def __init__(self, make: Callable[[Mapping[str, int]], Fusion], names: Sequence[str] = tuple(SIZES)):
        super().__init__()
        self.encoders = nn.ModuleDict(
            {name: nn.Sequential(nn.Linear(SIZES[name], HIDDEN), nn.ReLU()) for name in names}
        )
        self.block = make(dict.fromkeys(names, HIDDEN))
        self.size = self.block.size

    def forward(self, sequences: Sequences) -> Fused:
        own = sequences.only(self.encoders)
        encoded = {name: self.encoders[name](stream) for name, stream in own.streams.items()}
        return self.block(own.encoded(encoded).kept(own.known))


def blocks() -> dict[str, Callable[[], Fusion]]:
    """Everything that is measured: blocks with and without encoders, and each modality alone."""
    made: dict[str, Callable[[], Fusion]] = {}
    for name, make in BLOCKS.items():
        made[name] = lambda make=make: make(SIZES)
        made[name + ENCODED] = lambda make=make: Behind(make)
    for name in SIZES:
        made[f"{name} alone"] = lambda name=name: Behind(BLOCKS["concatenation"], [name])
    return made


def follows(said: SequencePrediction, planted: Planted) -> float:
    """In how many of the steps where one modality is noise the other one has the larger share."""
    assert said.shares is not None
    right = [said.shares[name][planted.noise[name]] < 0.5 for name in SIZES]
    return torch.cat(right).double().mean().item()


def measured(
    seed: int, names: Sequence[str], *, windows: int = 1024, updates: int = 800, rate: float = 3e-3
) -> dict[str, dict[str, float]]:
    """Blocks trained and scored: concordance, what it rests on, and shares where there are some."""
    train, test = broken(seed, windows=windows), broken(seed, windows=512, fold=1)
    found = {}
    for name in names:
        torch.manual_seed(seed)
        network = learnt(blocks()[name](), train, seed=seed, updates=updates, rate=rate, batch=32)
        said, score = told(network, test)
        found[name] = {"concordance": score, "weights": weights_of(network)}
        if "alone" not in name:
            noisy, good = moved(network, test)
            found[name] |= {"moved by the noisy one": noisy, "moved by the good one": good}
        if said.shares is not None and len(said.shares) > 1:
            found[name] |= shares_of(said, test) | {"follows": follows(said, test)}
    return found


#: The share of training windows that lose each modality, where some do.
LOST = 0.3


def measured_missing(
    seed: int, names: Sequence[str], *, windows: int = 1024, updates: int = 800, rate: float = 3e-3
) -> dict[str, dict[str, float]]:
    """Concordance with both modalities and without each, with modality dropout and without."""
    whole, test = broken(seed, windows=windows), broken(seed, windows=512, fold=1)
    generator = torch.Generator().manual_seed(seed)
    lossy = replace(whole, windows=drop_modalities(whole.windows, LOST, generator))
    seen = {"both": test} | {
        f"without {name}": replace(test, windows=test.windows.missing([name])) for name in SIZES
    }
    found = {}
    for name in names:
        for how, train in (("whole", whole), ("dropout", lossy)):
            torch.manual_seed(seed)
            network = learnt(blocks()[name](), train, seed=seed, updates=updates, rate=rate, batch=32)
            found[f"{name}, {how}"] = {what: told(network, planted)[1] for what, planted in seen.items()}
    return found


def differences(runs: Sequence[Mapping[str, Mapping[str, float]]], one: str, other: str) -> list[float]:
    """How much more concordance one has than another, seed by seed."""
    return [run[one]["concordance"] - run[other]["concordance"] for run in runs]
