"""Windows of two modalities with a planted truth, and a small plain loop that learns from them.

`agreement`: what is to be told is how the two modalities go together over a window; neither shows it alone.
`broken`: both show the same, but in random stretches one of them is nothing but noise.
"""

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from scipy.stats import t
from torch import Tensor, nn

from facsight.core.sequences import SequencePrediction, Sequences
from facsight.functional.agreement import concordance
from facsight.fusion.co_attention import CoAttention
from facsight.fusion.joint_cross_attention import JointCrossAttention
from facsight.fusion.joint_multimodal_transformer import JointMultimodalTransformer
from facsight.fusion.recursive_joint_cross_attention import RecursiveAttention
from facsight.nn.fused import Fused, Fusion
from facsight.nn.sequence_network import SequenceNetwork

SIZES = {"face": 8, "audio": 6}


@dataclass(frozen=True)
class Planted:
    """Windows, what is to be told of each step, and where each modality is noise."""

    windows: Sequences
    truth: Tensor
    noise: dict[str, Tensor]


def loadings(seed: int) -> dict[str, Tensor]:
    """How a modality's features show its hidden signal: the same in training and test."""
    generator = torch.Generator().manual_seed(seed)
    return {
        name: nn.functional.normalize(torch.randn(s, generator=generator), dim=0) for name, s in SIZES.items()
    }


def wandering(windows: int, steps: int, memory: float, generator: torch.Generator) -> Tensor:
    """A signal of mean 0 and variance 1 whose correlation from step to step is `memory`."""
    fresh = torch.randn(windows, steps, generator=generator)
    signal = [fresh[:, 0]]
    for step in range(1, steps):
        signal.append(memory * signal[-1] + (1 - memory**2) ** 0.5 * fresh[:, step])
    return torch.stack(signal, dim=1)


def agreement(seed: int, *, windows: int, steps: int = 16, noise: float = 0.3, fold: int = 0) -> Planted:
    """b = r a + sqrt(1 - r²) e: r, uniform in (-1, 1), is the truth; a and b are alike whatever r is."""
    generator = torch.Generator().manual_seed(1000 * seed + fold)
    r = 2 * torch.rand(windows, 1, generator=generator) - 1
    a, e = (wandering(windows, steps, 0.5, generator) for _ in range(2))
    hidden = {"face": a, "audio": r * a + (1 - r**2).sqrt() * e}
    streams = {
        name: hidden[name].unsqueeze(-1) * loading
        + noise * torch.randn(windows, steps, SIZES[name], generator=generator)
        for name, loading in loadings(seed).items()
    }
    never = torch.zeros(windows, steps, dtype=torch.bool)
    return Planted(_windows(streams), r.expand(-1, steps).unsqueeze(-1), dict.fromkeys(SIZES, never))


def broken(seed: int, *, windows: int, steps: int = 32, noise: float = 0.3, fold: int = 0) -> Planted:
    """Both modalities show y; in stretches of 4 to 10 steps one of them, by turns, is noise of variance 1."""
    generator = torch.Generator().manual_seed(1000 * seed + fold)
    y = wandering(windows, steps, 0.9, generator)
    which = _stretches(windows, steps, generator)
    bad = {"face": which == 1, "audio": which == 2}
    streams = {}
    for name, loading in loadings(seed).items():
        shown = y.unsqueeze(-1) * loading + noise * torch.randn(
            windows, steps, SIZES[name], generator=generator
        )
        lost = torch.randn(windows, steps, SIZES[name], generator=generator)
        streams[name] = torch.where(bad[name].unsqueeze(-1), lost, shown)
    return Planted(_windows(streams), y.unsqueeze(-1), bad)


def _stretches(windows: int, steps: int, generator: torch.Generator) -> Tensor:
    """For each step 0 (both are fine), 1 or 2 (which one is noise), in stretches."""
    which = torch.zeros(windows, steps, dtype=torch.int64)
    for row in which:
        step = 0
        while step < steps:
            length = int(torch.randint(4, 11, (1,), generator=generator))
            row[step : step + length] = int(torch.randint(0, 3, (1,), generator=generator))
            step += length
    return which


def _windows(streams: dict[str, Tensor]) -> Sequences:
    inside = torch.ones(next(iter(streams.values())).shape[:2], dtype=torch.bool)
    return Sequences(streams, dict.fromkeys(streams, inside), inside)


class SideBySide(Fusion):
    """The simplest baseline: features side by side, as they are or through a hidden layer, maybe its mean."""

    def __init__(self, names: tuple[str, ...] = tuple(SIZES), *, hidden: int = 0, mean: bool = False):
        super().__init__()
        self.names, self.mean = names, mean
        size = sum(SIZES[name] for name in names)
        self.size = hidden or size
        self.layer = nn.Sequential(nn.Linear(size, hidden), nn.ReLU()) if hidden else nn.Identity()

    def forward(self, sequences: Sequences) -> Fused:
        features = self.layer(torch.cat([sequences.streams[name] for name in self.names], dim=-1))
        return Fused(features.mean(dim=1, keepdim=True).expand_as(features) if self.mean else features)


def baselines(budgets: Mapping[str, Fusion]) -> dict[str, Fusion]:
    """Each modality alone and both side by side, without and with a hidden layer: with weights as blocks."""
    most = max(map(width_of_budget, budgets.values()))
    return {
        **{f"{name} alone": SideBySide((name,)) for name in SIZES},
        **{f"{name} alone, hidden layer": SideBySide((name,), hidden=most) for name in SIZES},
        "concatenation": SideBySide(),
        **{
            f"concatenation, weights of {name}": SideBySide(hidden=width_of_budget(block))
            for name, block in budgets.items()
        },
        "concatenation, hidden layer, mean over the window": SideBySide(hidden=most, mean=True),
    }


def fusions(steps: int) -> dict[str, Fusion]:
    """The blocks; the paper's forms of so many steps."""
    return {
        "joint cross-attention": JointCrossAttention(SIZES),
        "joint cross-attention, steps": JointCrossAttention(SIZES, steps=steps),
        "recursive joint cross-attention": RecursiveAttention(SIZES),
        "recursive joint cross-attention, steps": RecursiveAttention(SIZES, steps=steps),
        "co-attention": CoAttention(SIZES, dropout=0.1),
        "co-attention, steps": CoAttention(SIZES, steps=steps, dropout=0.1),
        "joint multimodal transformer": JointMultimodalTransformer(SIZES, width=16),
        "joint multimodal transformer, mean": JointMultimodalTransformer(SIZES, width=16, pool="mean"),
    }


def weights_of(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def width_of_budget(fusion: Fusion) -> int:
    """How wide a hidden layer has as many weights, its output's included, as the block and its output."""
    return max(1, round((weights_of(fusion) + fusion.size) / (sum(SIZES.values()) + 2)))


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """The mean over seeds, and where it lies with 95 % by Student's t."""
    mean, half = statistics.mean(values), math.nan
    if len(values) > 1:
        half = float(t.ppf(0.975, len(values) - 1)) * statistics.stdev(values) / len(values) ** 0.5
    return mean, mean - half, mean + half


def learnt(
    fusion: Fusion, planted: Planted, *, seed: int, updates: int = 400, rate: float = 3e-3, batch: int = 64
) -> SequenceNetwork:
    """Mean squared error, Adam, a rate that falls to 0 along a cosine."""
    network = SequenceNetwork(fusion, {"affect": 1})
    optimizer = torch.optim.Adam(network.parameters(), rate)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, updates)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(updates):
        chosen = torch.randint(0, len(planted.windows), (batch,), generator=generator)
        said = network.train()(_rows(planted.windows, chosen)).outputs["affect"]
        optimizer.zero_grad()
        (said - planted.truth[chosen]).square().mean().backward()
        optimizer.step()
        falling.step()
    return network.eval()


@torch.no_grad()
def told(network: SequenceNetwork, planted: Planted) -> tuple[SequencePrediction, float]:
    """What is said of windows, and its concordance with the truth over all steps."""
    said = network(planted.windows)
    return said, float(
        concordance(said.outputs["affect"].flatten().double(), planted.truth.flatten().double())
    )


@torch.no_grad()
def moved(network: SequenceNetwork, planted: Planted) -> tuple[float, float]:
    """How far what is said moves where one modality is noise: without it, and without the other."""
    said, noisy, good = told(network, planted)[0].outputs["affect"], [], []
    for name, other in (("face", "audio"), ("audio", "face")):
        where = planted.noise[name]
        for gone, moves in ((name, noisy), (other, good)):
            without = network(_without(planted.windows, gone, where)).outputs["affect"]
            moves.append((without - said).abs().squeeze(-1)[where].mean())
    return float(sum(noisy) / 2), float(sum(good) / 2)


def _without(windows: Sequences, name: str, where: Tensor) -> Sequences:
    """The same windows with a modality not known in some steps."""
    known = windows.known[name] & ~where
    return Sequences(
        {**windows.streams, name: windows.streams[name] * known.unsqueeze(-1)},
        {**windows.known, name: known},
        windows.inside,
    )


def _rows(windows: Sequences, chosen: Tensor) -> Sequences:
    return Sequences(
        {name: stream[chosen] for name, stream in windows.streams.items()},
        {name: known[chosen] for name, known in windows.known.items()},
        windows.inside[chosen],
    )


@dataclass(frozen=True)
class Task:
    """A planted truth and the training that everything gets."""

    name: str
    plant: Callable[..., Planted]
    steps: int
    updates: int
    batch: int


AGREEMENT = Task("agreement", agreement, steps=16, updates=400, batch=64)
BROKEN = Task("broken", broken, steps=32, updates=800, batch=32)
TASKS = (AGREEMENT, BROKEN)


def measured(task: Task, seed: int, names: Sequence[str] = ()) -> dict[str, dict[str, float]]:
    """Blocks and baselines, or those that are named, trained and scored: concordance and what it rests on."""
    train, test = task.plant(seed, windows=1024), task.plant(seed, windows=512, fold=1)
    torch.manual_seed(seed)
    blocks = fusions(task.steps)
    budgets = {name: blocks[name] for name in ("joint cross-attention", "joint multimodal transformer")}
    found = {}
    for name, fusion in {**baselines(budgets), **blocks}.items():
        if not names or name in names:
            torch.manual_seed(seed)
            network = learnt(fusion, train, seed=seed, updates=task.updates, batch=task.batch)
            said, score = told(network, test)
            found[name] = {"concordance": score, "weights": weights_of(network)}
            if task is BROKEN:
                noisy, good = moved(network, test)
                found[name] |= {"moved by the noisy one": noisy, "moved by the good one": good}
                found[name] |= shares_of(said, test)
    return found


def shares_of(said: SequencePrediction, planted: Planted) -> dict[str, float]:
    """The mean share of a modality while it is noise, while both are fine, and while the other is noise."""
    if said.shares is None:
        return {}
    fine = ~planted.noise["face"] & ~planted.noise["audio"]
    whens = {
        "it is noise": lambda name, other: planted.noise[name],
        "both are fine": lambda name, other: fine,
    }
    whens["the other is noise"] = lambda name, other: planted.noise[other]
    return {
        f"share while {when}": statistics.mean(
            said.shares[name][where(name, other)].mean().item()
            for name, other in (("face", "audio"), ("audio", "face"))
        )
        for when, where in whens.items()
    }
