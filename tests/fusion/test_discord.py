"""Differences of what modalities say: by the formula, and worth something where there is little data."""

import math

import pytest
import torch
from torch import nn

from facsight.core.errors import BadRecipe
from facsight.core.sequences import Sequences
from facsight.fusion.concatenation import Concatenation
from facsight.fusion.discord import DiscordFusion
from fusion_windows import windows_of
from oracles.fusion import linear, relu

SIZES = {"face": 4, "audio": 3, "text": 2}


def test_against_the_formula_with_gaps(generator):
    block = DiscordFusion(SIZES, width=5, views=2).double()
    windows = windows_of(SIZES, generator=generator)
    fused = block(windows)
    assert fused.shares is None
    _, project, _ = block.project
    for b, t in windows.inside.nonzero().tolist():
        known = {name: bool(windows.known[name][b, t]) for name in SIZES}
        x = {n: windows.streams[n][b, t].tolist() if known[n] else [0.0] * SIZES[n] for n in SIZES}
        says = {n: (block.says[n].weight.tolist(), block.says[n].bias.tolist()) for n in SIZES}
        said = {n: [math.tanh(value) for value in linear(*says[n], x[n])] for n in SIZES}
        row = [value for n in SIZES for value in x[n]] + [float(known[n]) for n in SIZES]
        for one, other in (("face", "audio"), ("face", "text"), ("audio", "text")):
            both = known[one] and known[other]
            row += [abs(p - q) * both for p, q in zip(said[one], said[other], strict=True)]
        expected = relu(linear(project.weight.tolist(), project.bias.tolist(), row))
        assert fused.features[b, t].tolist() == pytest.approx(expected, abs=1e-12)


def test_a_single_modality_differs_from_nothing(generator):
    block = DiscordFusion({"face": 4}, width=5).double()
    assert block.pairs == []
    assert block.project[1].in_features == 5
    assert block(windows_of({"face": 4}, generator=generator)).features.isfinite().all()


def test_views_are_refused_where_there_are_none():
    with pytest.raises(BadRecipe, match="expected views of 1 or more, found 0"):
        DiscordFusion(SIZES, views=0)


def contradicting(count, generator, noise=0.7):
    """A face of 8 and a voice of 6 noisy features that each show a sign, and whether the two differ."""
    sign = 1.0 - 2 * torch.randint(2, (count, 2), generator=generator)
    known = torch.ones(count, 1, dtype=torch.bool)
    streams = {
        name: (1.5 * sign[:, [k]] / size**0.5 + noise * torch.randn(count, size, generator=generator))[
            :, None
        ]
        for k, (name, size) in enumerate({"face": 8, "voice": 6}.items())
    }
    return Sequences(streams, dict.fromkeys(streams, known), known), (sign[:, 0] != sign[:, 1]).float()


def accuracy(make, count, seed):
    """On 1,000 others, after 300 steps on so many."""
    generator = torch.Generator().manual_seed(seed)
    (seen, label), (others, truth) = (contradicting(n, generator) for n in (count, 1000))
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        block, head = make({"face": 8, "voice": 6}, width=32, dropout=0.0), nn.Linear(32, 1)
    learnt = [*block.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(learnt, lr=5e-3, weight_decay=0.05)
    for _ in range(300):
        said = head(block(seen).features)[:, 0, 0]
        optimizer.zero_grad()
        nn.functional.binary_cross_entropy_with_logits(said, label).backward()
        optimizer.step()
    with torch.no_grad():
        said = head(block(others).features)[:, 0, 0] > 0
    return float((said == (truth > 0.5)).float().mean())


@pytest.mark.slow
def test_discord_helps_where_there_is_little_to_learn_from():
    seeds = [*range(8), *range(100, 110)]  # all that were looked at: the first eight alone do not show it
    without = [accuracy(lambda *a, **o: Concatenation(*a, layers=1, **o), 24, seed) for seed in seeds]
    beside = [accuracy(DiscordFusion, 24, seed) for seed in seeds]
    gains = torch.tensor(beside) - torch.tensor(without)
    # more than two standard errors above 0, seed by seed
    assert float(gains.mean()) > 2 * float(gains.std()) / len(gains) ** 0.5
    assert sum(beside) / len(beside) > 0.7  # neither modality alone tells more than chance, 0.5


def test_a_contradiction_is_learnt_from_more():
    assert accuracy(DiscordFusion, 200, 0) > 0.85
