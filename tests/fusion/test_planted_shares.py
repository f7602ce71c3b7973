"""Blocks that weigh modalities follow the one that is no noise: what docs/fusion.md says of it, again."""

import pytest
import torch

from facsight.core.sequences import SequencePrediction
from planted_fusion import Planted, broken, interval
from planted_shares import ENCODED, blocks, differences, follows, measured, measured_missing

WEIGHING = tuple(
    name + ENCODED for name in ("leader_follower", "gated", "gated, sigmoid", "channel_attention")
)
ALONE = ("face alone", "audio alone")


def test_what_follows_means_is_counted_by_hand():
    """Two steps with a noisy face, told rightly in one of them, and one with a noisy voice."""
    shares = {"face": torch.tensor([[0.1, 0.9, 0.8, 0.2]]), "audio": torch.tensor([[0.9, 0.1, 0.2, 0.8]])}
    noise = {
        "face": torch.tensor([[True, True, False, False]]),
        "audio": torch.tensor([[False, False, True, False]]),
    }
    planted = broken(0, windows=1, steps=4)
    said = SequencePrediction({}, torch.zeros(1, 4, 1), shares)
    assert follows(said, Planted(planted.windows, planted.truth, noise)) == pytest.approx(2 / 3)


def test_a_modality_alone_reads_nothing_else():
    planted = broken(0, windows=8)
    alone = blocks()["face alone"]().eval()
    whole = alone(planted.windows).features
    assert torch.equal(alone(planted.windows.missing(["audio"])).features, whole)


@pytest.mark.parametrize("name", WEIGHING[:2])
def test_shares_follow_the_better_modality_in_seconds(name):
    (row,) = measured(0, [name], windows=512, updates=150, rate=1e-2).values()
    assert row["share while it is noise"] < 0.4 < 0.6 < row["share while the other is noise"]
    assert row["follows"] > 0.8
    assert row["moved by the noisy one"] < row["moved by the good one"]


def test_modality_dropout_teaches_to_do_without_either():
    """Concatenation that never missed a modality is lost without it; the other way costs it little."""
    name = "concatenation" + ENCODED
    found = measured_missing(0, [name], windows=512, updates=150, rate=1e-2)
    whole, dropped = found[f"{name}, whole"], found[f"{name}, dropout"]
    for what in ("without face", "without audio"):
        assert whole[what] < 0.5 < 0.6 < dropped[what]
    assert dropped["both"] > max(dropped["without face"], dropped["without audio"]) + 0.1


@pytest.fixture(scope="module")
def runs():
    return [measured(seed, (*WEIGHING, *ALONE)) for seed in range(5)]


@pytest.mark.slow
@pytest.mark.parametrize("name", WEIGHING)
def test_two_modalities_are_better_than_each_alone(runs, name):
    for other in ALONE:
        assert interval(differences(runs, name, other))[1] > 0.1, other


@pytest.mark.slow
@pytest.mark.parametrize("name", WEIGHING)
def test_shares_follow_the_better_modality_for_every_seed(runs, name):
    for run in runs:
        row = run[name]
        assert row["share while it is noise"] < row["share while the other is noise"] - 0.05
        assert row["follows"] > 0.6
        assert row["moved by the noisy one"] < row["moved by the good one"]
