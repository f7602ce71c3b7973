import pytest
import torch
from scipy.stats import pearsonr, rankdata, spearmanr

from facsight.functional.similarity import (
    average_ranks,
    centred_cosine,
    cosine,
    mean_correlations,
    rank_correlation,
)
from oracles.similarity import slow_cosine, slow_pearson

BOTH = pytest.mark.parametrize("similarity", [cosine, centred_cosine])


def some_maps(generator, *shape, dtype=torch.float64):
    return torch.rand(shape, generator=generator, dtype=dtype), torch.rand(
        shape, generator=generator, dtype=dtype
    )


def test_hand_computed():
    # 1*2 + 2*0 + 2*1 = 4 over lengths 3 and sqrt(5)
    maps, truth = torch.tensor([[1.0, 2.0, 2.0]]), torch.tensor([[2.0, 0.0, 1.0]])
    assert cosine(maps, truth).item() == pytest.approx(4 / (3 * 5**0.5))
    # centred: (-2, 1, 1) / 3 and (1, -1, 0): -3 over sqrt(6) * sqrt(2)
    assert centred_cosine(maps, truth).item() == pytest.approx(-3 / 12**0.5)


def test_constant_map_scores_high_when_plain_and_nothing_when_centred():
    truth = torch.tensor([[0.0, 0.0, 1.0, 1.0]])
    assert cosine(torch.ones(1, 4), truth).item() == pytest.approx(0.5**0.5)
    assert centred_cosine(torch.ones(1, 4), truth).isnan()


@pytest.mark.parametrize("value", [0.1, 1 / 3, -7.7, 1e-20, 1e20])
@pytest.mark.parametrize("side", [7, 28, 224])
def test_constant_maps_are_flat_whatever_their_value_and_size(value, side, generator):
    truth = torch.rand(side, side, generator=generator)
    assert centred_cosine(torch.full((side, side), value), truth).isnan()
    assert centred_cosine(truth, torch.full((side, side), value)).isnan()


@BOTH
def test_zero_maps_are_nan_and_leave_other_rows_alone(similarity, generator):
    maps, truth = some_maps(generator, 3, 4, 4)
    maps[1] = 0
    values = similarity(maps, truth)
    assert values.isnan().tolist() == [False, True, False]
    torch.testing.assert_close(values[[0, 2]], similarity(maps[[0, 2]], truth[[0, 2]]))


def test_slow_loops_and_scipy_agree(generator):
    maps, truth = some_maps(generator, 5, 6, 7)
    plain, centred = cosine(maps, truth), centred_cosine(maps, truth)
    for row in range(5):
        one, other = maps[row].numpy(), truth[row].numpy()
        assert plain[row].item() == pytest.approx(slow_cosine(one, other), abs=1e-12)
        assert centred[row].item() == pytest.approx(slow_pearson(one, other), abs=1e-12)
        assert centred[row].item() == pytest.approx(pearsonr(one.ravel(), other.ravel()).statistic, abs=1e-12)


@BOTH
def test_identity_symmetry_bounds_and_scale(similarity, generator):
    maps, truth = some_maps(generator, 50, 5, 5)
    torch.testing.assert_close(similarity(maps, maps), torch.ones(50, dtype=torch.float64))
    torch.testing.assert_close(similarity(maps, -maps), -torch.ones(50, dtype=torch.float64))
    torch.testing.assert_close(similarity(maps, truth), similarity(truth, maps))
    torch.testing.assert_close(similarity(3e6 * maps, 2e-7 * truth), similarity(maps, truth))
    assert similarity(maps, truth).abs().max() <= 1


def test_shift_changes_only_the_plain_one(generator):
    maps, truth = some_maps(generator, 4, 5, 5)
    torch.testing.assert_close(centred_cosine(maps + 3, truth - 1), centred_cosine(maps, truth))
    assert (cosine(maps + 3, truth) - cosine(maps, truth)).abs().min() > 1e-3


@BOTH
@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_extreme_scales_neither_vanish_nor_overflow(similarity, scale, generator):
    maps, truth = some_maps(generator, 4, 5, 5, dtype=torch.float32)
    torch.testing.assert_close(similarity(scale * maps, truth), similarity(maps, truth))


@BOTH
def test_batch_axes_are_free_and_half_precision_is_computed_in_single(similarity, generator):
    maps, truth = some_maps(generator, 2, 3, 4, 4)
    torch.testing.assert_close(similarity(maps, truth)[1, 2], similarity(maps[1, 2], truth[1, 2]))
    halved = similarity(maps.bfloat16(), truth.bfloat16())
    assert halved.dtype == torch.float32
    torch.testing.assert_close(halved, similarity(maps.bfloat16().float(), truth.bfloat16().float()))


@BOTH
def test_gradient(similarity, generator):
    maps, truth = some_maps(generator, 3, 4, 4)
    assert torch.autograd.gradcheck(similarity, (maps.requires_grad_(), truth.requires_grad_()))


def test_ranks_share_ties_by_hand_and_as_scipy_has_it(generator):
    assert average_ranks(torch.tensor([[3.0, 1.0, 3.0, 3.0]])).tolist() == [[3, 1, 3, 3]]
    values = torch.randint(6, (7, 3, 20), generator=generator).double()
    assert average_ranks(values).numpy() == pytest.approx(rankdata(values.numpy(), axis=-1))


def test_rank_correlation_by_hand():
    ramp = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    # one swap of neighbours: 1 - 6 (1 + 1) / (4 * 15)
    swapped = torch.tensor([[1.0, 3.0], [2.0, 4.0]])
    assert rank_correlation(ramp, swapped).item() == pytest.approx(0.8)


def test_rank_correlation_agrees_with_scipy_and_sees_only_order(generator):
    maps = torch.randint(9, (6, 4, 5), generator=generator).double()
    truth = torch.randint(9, (6, 4, 5), generator=generator).double()
    found = rank_correlation(maps, truth)
    for row in range(6):
        expected = spearmanr(maps[row].numpy().ravel(), truth[row].numpy().ravel()).statistic
        assert found[row].item() == pytest.approx(expected)
    torch.testing.assert_close(rank_correlation(maps.exp(), -(0.5**truth)), found)


def test_rank_correlation_of_nothing_is_nan(generator):
    maps, truth = some_maps(generator, 3, 4, 4)
    maps[0], maps[1, 2, 2] = 0.3, torch.nan
    assert rank_correlation(maps, truth).isnan().tolist() == [True, True, False]


def test_mean_correlations_are_means_of_the_pairs(generator):
    maps = torch.randn(4, 30, 5, 6, generator=generator)
    maps[0, 3], maps[1, 4], maps[2, :, 0, 0] = 7.0, torch.nan, 2.0
    table = mean_correlations(maps)
    for one in range(4):
        for other in range(4):
            pairs = centred_cosine(maps[one].double(), maps[other].double())
            assert table[one, other].item() == pytest.approx(pairs.nanmean().item(), abs=1e-12)
    torch.testing.assert_close(table.diagonal(), torch.ones(4, dtype=torch.float64))


def test_mean_correlations_without_a_common_face_are_nan():
    maps = torch.rand(2, 2, 3, 3, generator=torch.Generator().manual_seed(0))
    maps[0, 0] = maps[1, 1] = torch.nan
    assert mean_correlations(maps).isnan().tolist() == [[False, True], [True, False]]
