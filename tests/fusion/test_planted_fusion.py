"""Blocks learn what was planted, and what they say follows the modality that is worth it."""

import math

import pytest
import torch

from planted_fusion import (
    AGREEMENT,
    BROKEN,
    SideBySide,
    agreement,
    broken,
    fusions,
    interval,
    learnt,
    measured,
    moved,
    told,
    wandering,
)

BLOCKS = ("joint cross-attention", "recursive joint cross-attention", "joint multimodal transformer")
SEEDS = range(5)
EQUAL = {
    name: f"concatenation, weights of {name if 'transformer' in name else BLOCKS[0]}"
    for name in BLOCKS  # the recursive form has the weights of a single round
}


def surely_more(runs, name, other, key="concordance"):
    """The lower end of the interval of what one has more than another, over seeds."""
    return interval([run[name][key] - run[other][key] for run in runs])[1]


def test_the_planted_signals_are_what_they_say(generator):
    signal = wandering(4000, 6, 0.9, generator)
    assert signal.var().item() == pytest.approx(1, abs=0.05)
    assert (signal[:, 1:] * signal[:, :-1]).mean().item() == pytest.approx(0.9, abs=0.05)
    planted = broken(0, windows=200)
    assert not (planted.noise["face"] & planted.noise["audio"]).any()
    assert 0.2 < planted.noise["face"].float().mean() < 0.45


def test_the_interval_is_that_of_students_t():
    mean, low, high = interval([1.0, 2.0, 3.0])
    assert (mean, high - mean) == pytest.approx((2.0, 4.302653 / math.sqrt(3)))
    assert mean - low == pytest.approx(high - mean)


@pytest.mark.parametrize("name", BLOCKS)
def test_agreement_is_found_in_seconds(name):
    """Neither modality shows it and no sum of both does: a linear output is left at nothing."""
    train, test = agreement(0, windows=512), agreement(0, windows=256, fold=1)
    torch.manual_seed(0)
    block = learnt(fusions(AGREEMENT.steps)[name], train, seed=0, updates=80, rate=1e-2, batch=32)
    linear = learnt(SideBySide(), train, seed=0, updates=80, rate=1e-2, batch=32)
    assert abs(told(linear, test)[1]) < 0.1
    assert told(block, test)[1] > 0.3


def test_what_is_said_follows_the_better_modality_in_seconds():
    train, test = broken(0, windows=512), broken(0, windows=256, fold=1)
    torch.manual_seed(0)
    block = learnt(fusions(BROKEN.steps)[BLOCKS[1]], train, seed=0, updates=80, rate=1e-2, batch=32)
    noisy, good = moved(block, test)
    assert noisy < 0.9 * good


@pytest.fixture(scope="module")
def agreements():
    names = (*BLOCKS, "concatenation", *EQUAL.values(), *alone())
    return [measured(AGREEMENT, seed, names) for seed in SEEDS]


@pytest.fixture(scope="module")
def brokens():
    names = (*BLOCKS, "concatenation", "face alone", "audio alone")
    return [measured(BROKEN, seed, names) for seed in SEEDS]


def alone():
    return [f"{name} alone{layer}" for name in ("face", "audio") for layer in ("", ", hidden layer")]


@pytest.mark.slow
@pytest.mark.parametrize("name", BLOCKS)
def test_agreement_is_found_better_than_by_concatenation(agreements, name):
    for other in ("concatenation", EQUAL[name], *alone()):
        assert surely_more(agreements, name, other) > 0.2, other


@pytest.mark.slow
@pytest.mark.parametrize("name", BLOCKS)
def test_noise_in_one_modality_harms_less_than_in_concatenation(brokens, name):
    """Of linear outputs: a hidden layer that looks at each step does as well, see docs/fusion.md."""
    for other in ("concatenation", "face alone", "audio alone"):
        assert surely_more(brokens, name, other) > 0.02, other


@pytest.mark.slow
@pytest.mark.parametrize("name", BLOCKS)
def test_what_is_said_follows_the_modality_that_is_no_noise(brokens, name):
    """It moves less without the noise than without the other; concatenation hardly tells them apart."""

    def ratio(of, run):
        return run[of]["moved by the noisy one"] / run[of]["moved by the good one"]

    assert interval([ratio(name, run) for run in brokens])[2] < 0.9
    assert interval([ratio("concatenation", run) for run in brokens])[1] > 0.9
