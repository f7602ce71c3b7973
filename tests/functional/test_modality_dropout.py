import pytest
import torch

from facsight.core.errors import BadRecipe
from facsight.core.sequences import Sequences
from facsight.functional.modality_dropout import drop_modalities, drop_stretches
from fusion_windows import windows_of

SIZES = {"face": 2, "audio": 3, "text": 1}
MANY = 4000


def many(*, steps=10, sizes=SIZES, generator):
    return windows_of(sizes, batch=MANY, steps=steps, generator=generator, gaps=False)


def without(windows, name, *, rows=slice(None), steps=slice(None)):
    """The same windows that never had a modality in some rows and steps."""
    where = {other: torch.ones_like(known) for other, known in windows.known.items()}
    where[name][rows, steps] = False
    return windows.kept(where)


def lost(before, after):
    """Where each modality was known and no longer is: (modality, batch, step)."""
    return torch.stack([before.known[name] & ~after.known[name] for name in before.names])


def consistent(before, after):
    for name, known in after.known.items():
        assert not (known & ~before.known[name]).any()
        assert torch.equal(after.streams[name], before.streams[name] * known.unsqueeze(-1))
    assert torch.equal(after.inside, before.inside)


def test_nothing_is_lost_for_a_share_of_nothing(generator):
    windows = many(generator=generator)
    for drop in (drop_modalities, drop_stretches):
        assert not lost(windows, drop(windows, 0.0, generator)).any()


def test_only_one_modality_stays_where_all_are_to_be_lost(generator):
    windows = many(generator=generator)
    after = drop_modalities(windows, 1.0, generator)
    consistent(windows, after)
    there = torch.stack([known.any(dim=1) for known in after.known.values()])
    assert there.sum(dim=0).eq(1).all()
    # each of the three a third of the time; 4 standard deviations are 0.03
    torch.testing.assert_close(
        there.double().mean(dim=1), torch.full((3,), 1 / 3).double(), atol=0.03, rtol=0
    )


@pytest.mark.parametrize("share", [0.2, 0.6])
def test_modalities_are_lost_as_often_as_the_formula_says(share, generator):
    windows = many(generator=generator)
    after = drop_modalities(windows, share, generator)
    consistent(windows, after)
    gone = lost(windows, after)
    assert torch.equal(gone.any(dim=2), gone.all(dim=2))  # whole
    rates = gone[:, :, 0].double().mean(dim=1)
    expected = torch.full((3,), share - share**3 / 3).double()
    torch.testing.assert_close(rates, expected, atol=4 * (share * (1 - share) / MANY) ** 0.5, rtol=0)


def test_modalities_are_lost_independently(generator):
    """But for the windows that would lose all: two of three are lost together with the chance p² (1 - p)."""
    gone = lost(windows := many(generator=generator), drop_modalities(windows, 0.3, generator))[:, :, 0]
    together = (gone[0] & gone[1] & ~gone[2]).double().mean().item()
    assert together == pytest.approx(0.09 * 0.7 + 0.027 / 3, abs=0.02)


def test_what_stays_is_something_the_window_has(generator):
    """A modality that was never recorded is not what is spared."""
    windows = without(without(many(generator=generator), "face"), "text", rows=slice(0, MANY // 2))
    after = drop_modalities(windows, 1.0, generator)
    assert torch.stack(list(after.known.values())).any(dim=(0, 2)).all()
    assert not after.known["face"].any()


@pytest.mark.parametrize("steps", [1, 2, 7, 10])
def test_stretches_lie_anywhere_and_have_any_length_up_to_half(steps, generator):
    windows = many(steps=steps, generator=generator)
    after = drop_stretches(windows, 1.0, generator)
    consistent(windows, after)
    gone = lost(windows, after)
    assert gone.any(dim=2).sum(dim=0).eq(1).all()  # one modality
    where = gone.any(dim=0)
    assert (
        torch.nn.functional.pad(where.long(), (1, 1)).diff(dim=1).eq(1).sum(dim=1).eq(1).all()
    )  # one stretch
    longest = max(1, steps // 2)
    lengths = torch.bincount(where.sum(dim=1), minlength=longest + 1)[1:].double() / MANY
    torch.testing.assert_close(lengths, torch.full_like(lengths, 1 / longest), atol=0.04, rtol=0)
    assert len(lengths) == longest
    assert where[:, 0].any()
    assert where[:, -1].any()


def test_the_share_of_windows_with_a_stretch(generator):
    windows = many(generator=generator)
    share = lost(windows, drop_stretches(windows, 0.3, generator)).any(dim=(0, 2)).double().mean().item()
    assert share == pytest.approx(0.3, abs=0.03)


def test_a_step_keeps_what_is_all_it_has(generator):
    windows = without(
        without(many(generator=generator), "face", steps=slice(0, 5)), "text", steps=slice(3, 8)
    )
    before = torch.stack(list(windows.known.values())).any(dim=0)
    after = drop_stretches(windows, 1.0, generator)
    assert torch.equal(torch.stack(list(after.known.values())).any(dim=0), before)
    assert lost(windows, after).any()


def test_stretches_are_inside_the_window(generator):
    windows = many(generator=generator)
    inside = windows.inside.clone()
    inside[:, 4:] = False
    short = Sequences(windows.streams, windows.known, inside).kept(dict.fromkeys(SIZES, inside))
    gone = lost(short, drop_stretches(short, 1.0, generator)).any(dim=0)
    assert gone.any(dim=1).all()
    assert gone.sum(dim=1).max() == 2


@pytest.mark.parametrize("drop", [drop_modalities, drop_stretches])
def test_the_only_modality_is_never_lost(drop, generator):
    windows = many(sizes={"face": 2}, generator=generator)
    assert not lost(windows, drop(windows, 1.0, generator)).any()


@pytest.mark.parametrize("drop", [drop_modalities, drop_stretches])
def test_windows_without_anything_stay_without_anything(drop, generator):
    nothing = many(generator=generator).missing(SIZES)
    assert not any(known.any() for known in drop(nothing, 0.5, generator).known.values())


@pytest.mark.parametrize("drop", [drop_modalities, drop_stretches])
def test_the_generator_decides_and_nothing_else(drop, generator):
    windows = many(generator=generator)
    state = torch.get_rng_state()
    one, same, other = (drop(windows, 0.5, torch.Generator().manual_seed(seed)) for seed in (3, 3, 4))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(one.known[name], same.known[name]) for name in SIZES)
    assert any(not torch.equal(one.known[name], other.known[name]) for name in SIZES)


@pytest.mark.parametrize("drop", [drop_modalities, drop_stretches])
@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_is_from_0_to_1(drop, share, generator):
    with pytest.raises(BadRecipe, match="share from 0 to 1"):
        drop(many(generator=generator), share, generator)
