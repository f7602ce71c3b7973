import math

import numpy as np
import pytest
import torch

from facsight.core.errors import BadFaces, BadLabels, BadRecipe
from facsight.explain.faithfulness import deletion, infidelity, insertion, road, sensitivity_n
from oracles.faithfulness import slow_curve, slow_neighbour_fill, trapezoid

ROWS = torch.tensor([1.0, 0.0, -1.0, 0.0])
CURVES = pytest.mark.parametrize("curve", [deletion, insertion])


def linear(weights):
    """Logit of class 0: the weighted sum of the pixels; that of class 1: always 0."""

    def score(pixels):
        first = (pixels * weights).sum(dim=(1, 2, 3))
        return torch.stack([first, torch.zeros_like(first)], dim=1)

    return score


def bent(generator, side=8, channels=2, classes=3):
    """A small network whose scores bend, in double precision."""
    inner = torch.randn(6, channels * side * side, generator=generator, dtype=torch.float64) / side
    outer = torch.randn(classes, 6, generator=generator, dtype=torch.float64)
    return lambda pixels: (pixels.flatten(1) @ inner.T).tanh() @ outer.T


def some_faces(generator, count=5, side=8, channels=2):
    pixels = torch.randn(count, channels, side, side, generator=generator, dtype=torch.float64)
    maps = torch.rand(count, side, side, generator=generator, dtype=torch.float64)
    return pixels, maps, torch.randint(3, (count,), generator=generator)


def every_score(score, pixels, maps, classes, **options):
    """All scores by name, one row a face."""

    def drawn():
        return torch.Generator().manual_seed(5)

    told = road(score, pixels, maps, classes, generator=drawn(), shares=(0.2, 0.6), **options)
    return {
        "deletion": deletion(score, pixels, maps, classes, steps=4, **options).probability,
        "insertion": insertion(score, pixels, maps, classes, steps=4, **options).probability,
        "most first": told.most_first.probability,
        "least first": told.least_first.probability,
        "sensitivity": sensitivity_n(
            score, pixels, maps, classes, generator=drawn(), subsets=12, patch=2, **options
        ),
        "infidelity": infidelity(score, pixels, maps, classes, generator=drawn(), squares=12, **options)[
            :, None
        ],
    }


def test_curves_of_a_linear_model_on_four_by_four_by_hand():
    pixels, classes = torch.ones(1, 1, 4, 4), torch.tensor([0])
    score = linear(ROWS[:, None].expand(4, 4) / 4)
    maps = torch.arange(16.0, 0, -1).view(1, 4, 4)
    # the rows contribute 1, 0, -1, 0; the map takes them from the top, one a step
    s = 1 / (1 + math.e)
    gone = deletion(score, pixels, maps, classes, steps=4, baseline=0.0)
    assert gone.share.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert gone.probability[0].tolist() == pytest.approx([0.5, s, s, 0.5, 0.5])
    assert gone.area.item() == pytest.approx((0.25 + 2 * s + 0.75) / 4)
    shown = insertion(score, pixels, maps, classes, steps=4, baseline=0.0)
    assert shown.probability[0].tolist() == pytest.approx([0.5, 1 - s, 1 - s, 0.5, 0.5])
    assert shown.area.item() == pytest.approx((0.25 + 2 * (1 - s) + 0.75) / 4)


def test_the_other_class_falls_as_the_first_rises():
    pixels = torch.ones(2, 1, 4, 4)
    score = linear(ROWS[:, None].expand(4, 4) / 4)
    maps = torch.arange(16.0, 0, -1).view(1, 4, 4).expand(2, -1, -1)
    both = deletion(score, pixels, maps, torch.tensor([0, 1]), steps=4, baseline=0.0).probability
    torch.testing.assert_close(both[0], 1 - both[1])


def test_baselines():
    """The last point of deletion is the baseline alone: its mean is what a model of the mean is shown."""
    pixels = torch.zeros(1, 1, 10, 10)
    pixels[0, 0, 4, 4] = 100.0
    maps, classes = torch.rand(1, 10, 10, generator=torch.Generator().manual_seed(0)), torch.tensor([0])

    def last(baseline, weights):
        curve = deletion(linear(weights), pixels, maps, classes, steps=1, baseline=baseline)
        return torch.logit(curve.probability[0, -1]).item()

    spike = torch.zeros(10, 10)
    spike[4, 4] = 1
    everywhere = torch.full((10, 10), 0.01)
    assert last("mean", spike) == pytest.approx(1)
    assert last("mean", everywhere) == pytest.approx(1)
    assert last(0.25, spike) == pytest.approx(0.25)
    # a blur of deviation 1 pixel: 100 times the middle weight of its kernel, squared
    kernel = torch.exp(-0.5 * torch.arange(-4, 6).double().square())
    assert last("blur", 0.1 * spike) == pytest.approx(10 * (1 / kernel.sum().item()) ** 2, rel=1e-4)


@CURVES
def test_slow_loop_agrees(curve, generator):
    pixels, maps, classes = some_faces(generator)
    score = bent(generator)
    found = curve(score, pixels, maps, classes, steps=5, baseline=0.3)
    counts = [round(64 * step / 5) for step in range(6)]
    for n in range(5):
        picture, plain = pixels[n].numpy(), np.full((2, 8, 8), 0.3)
        start, other = (picture, plain) if curve is deletion else (plain, picture)

        def probability(mixed, label=int(classes[n])):
            return score(torch.from_numpy(mixed)[None])[0].softmax(dim=0)[label].item()

        expected = slow_curve(probability, start, other, maps[n].numpy(), counts)
        assert found.probability[n].tolist() == pytest.approx(expected)
        shares = [step / 5 for step in range(6)]
        assert found.area[n].item() == pytest.approx(trapezoid(shares, expected))


@pytest.mark.parametrize("last", [15, 0])
def test_road_fills_a_single_pixel_by_hand(last):
    """The first or last pixel of a row-wise ramp: two neighbours of weight 2, one of weight 1."""
    pixels = torch.arange(16.0).view(1, 1, 4, 4) / 16
    weights = torch.zeros(16)
    weights[last] = 4
    maps = torch.zeros(16)
    maps[last] = 1
    told = road(
        linear(weights.view(4, 4)),
        pixels,
        maps.view(1, 4, 4),
        torch.tensor([0]),
        generator=torch.Generator(),
        shares=(1 / 16,),
        noise=0.0,
    )
    near = {0: (1, 4, 5), 15: (14, 11, 10)}[last]
    expected = (2 * near[0] + 2 * near[1] + near[2]) / 5 / 16
    assert told.most_first.share.tolist() == [0, 1 / 16]
    logits = torch.logit(told.most_first.probability[0]).tolist()
    assert logits == pytest.approx([4 * last / 16, 4 * expected], abs=1e-5)


def test_road_slow_loop_agrees(generator):
    pixels, maps, classes = some_faces(generator)
    score = bent(generator)
    shares = (0.2, 0.5, 0.9)
    told = road(score, pixels, maps, classes, generator=generator, shares=shares, noise=0.0)
    for n in range(5):
        picture = pixels[n].numpy()
        for found, order in ((told.most_first, maps[n]), (told.least_first, -maps[n])):
            expected = []
            for share in (0.0, *shares):
                ranks = (-order.numpy()).ravel().argsort().argsort().reshape(8, 8)
                missing = ranks < round(64 * share)
                filled = np.stack([slow_neighbour_fill(channel, missing) for channel in picture])
                chances = score(torch.from_numpy(filled)[None])[0].softmax(dim=0)
                expected.append(chances[classes[n]].item())
            assert found.probability[n].tolist() == pytest.approx(expected, abs=2e-3)


def test_road_leaves_no_trace_in_a_ramp():
    """A ramp's inner pixels are the means of their neighbours: taking them away changes nothing."""
    pixels = torch.arange(16.0).view(1, 1, 4, 4) / 16
    maps = torch.zeros(1, 4, 4)
    maps[0, 1:3, 1:3] = 1
    told = road(
        linear(torch.ones(4, 4)),
        pixels,
        maps,
        torch.tensor([0]),
        generator=torch.Generator(),
        shares=(0.25,),
        noise=0.0,
    )
    assert told.most_first.probability[0, 1].item() == pytest.approx(told.most_first.probability[0, 0].item())


def test_the_noise_of_road_is_as_loud_as_it_says(generator):
    pixels = torch.zeros(1, 1, 40, 40)
    seen = []

    def score(batch):
        seen.append(batch)
        return torch.zeros(len(batch), 2)

    maps = torch.rand(1, 40, 40, generator=generator)
    road(score, pixels, maps, torch.tensor([0]), generator=generator, shares=(0.5,), noise=0.2)
    changed = seen[0][1].flatten()
    removed = changed[changed != 0]
    assert len(removed) == 800
    # four standard errors of the deviation of 800
    assert removed.std().item() == pytest.approx(0.2, abs=0.02)


@pytest.mark.parametrize("patch", [1, 2, 3])
def test_a_linear_model_is_explained_by_its_summands(patch, generator):
    pixels = torch.randn(3, 1, 4, 4, generator=generator, dtype=torch.float64)
    weights = torch.randn(4, 4, generator=generator, dtype=torch.float64)
    maps, classes = (weights * (pixels - 0.3)).squeeze(1), torch.zeros(3, dtype=torch.long)
    score = linear(weights)

    def told(explanation, measure, **options):
        return measure(
            score,
            pixels,
            explanation,
            classes,
            generator=torch.Generator().manual_seed(1),
            baseline=0.3,
            **options,
        )

    ones = torch.ones(3, 3, dtype=torch.float64)
    torch.testing.assert_close(told(maps, sensitivity_n, patch=patch), ones)
    torch.testing.assert_close(told(5 - maps, sensitivity_n, patch=1), -ones)
    assert told(maps, infidelity, fitted=False).abs().max() < 1e-20
    assert told(3 * maps, infidelity).abs().max() < 1e-20
    # (3 d - d)^2 = 4 d^2, and a map of zeros forecasts nothing: d^2
    nothing = told(0 * maps, infidelity)
    assert (nothing > 0).all()
    torch.testing.assert_close(told(3 * maps, infidelity, fitted=False), 4 * nothing)


def watched(score, baseline):
    """The score, and what it was shown: which pixels were at the baseline, and the logits."""
    seen = []

    def watching(pixels):
        logits = score(pixels)
        seen.extend(zip((pixels == baseline).all(dim=1).numpy(), logits.numpy(), strict=True))
        return logits

    return watching, seen


def test_sensitivity_slow_loop_agrees(generator):
    pixels, maps, classes = some_faces(generator, count=1)
    score, seen = watched(bent(generator), 0.25)
    shares = (0.25, 0.5)
    found = sensitivity_n(
        score,
        pixels,
        maps,
        classes,
        generator=generator,
        shares=shares,
        subsets=10,
        patch=2,
        baseline=0.25,
    )
    assert len(seen) == 20
    for size, share in enumerate(shares):
        part = seen[10 * size : 10 * size + 10]
        assert all(gone.sum() == 64 * share for gone, _ in part)
        assert all((gone.reshape(4, 2, 4, 2).mean(axis=(1, 3)) % 1 == 0).all() for gone, _ in part)
        sums = [maps[0].numpy()[gone].sum() for gone, _ in part]
        costs = [-logits[classes[0]] for _, logits in part]
        assert found[0, size].item() == pytest.approx(np.corrcoef(sums, costs)[0, 1])


def test_infidelity_slow_loop_agrees(generator):
    pixels, maps, classes = some_faces(generator, count=1)
    score, seen = watched(bent(generator), 0.25)
    found = infidelity(
        score, pixels, maps, classes, generator=generator, squares=15, fitted=False, baseline=0.25
    )
    (nothing, whole), *removed = seen
    assert not nothing.any()
    errors = []
    for gone, logits in removed:
        (top, left), (bottom, right) = np.argwhere(gone).min(axis=0), np.argwhere(gone).max(axis=0) + 1
        assert bottom - top == right - left <= 4
        assert gone.sum() == (bottom - top) ** 2
        cost = whole[classes[0]] - logits[classes[0]]
        errors.append((maps[0].numpy()[gone].sum() - cost) ** 2)
    assert len(errors) == 15
    assert found.item() == pytest.approx(np.mean(errors))


def test_the_fitted_factor_is_the_best_one(generator):
    pixels, maps, classes = some_faces(generator)
    score = bent(generator)

    def error(factor, fitted):
        drawn = torch.Generator().manual_seed(2)
        return infidelity(score, pixels, factor * maps, classes, generator=drawn, fitted=fitted)

    best = error(1.0, True)
    torch.testing.assert_close(error(-70.0, True), best)
    for factor in (-1.0, 0.0, 0.1, 1.0):
        assert (error(factor, False) >= best - 1e-12).all()


def test_a_constant_map_says_nothing(generator):
    pixels, _, classes = some_faces(generator)
    score, constant = bent(generator), torch.full((5, 3, 3), 0.1)
    assert sensitivity_n(score, pixels, constant, classes, generator=generator, patch=1).isnan().all()
    told = road(score, pixels, constant, classes, generator=generator)
    assert (told.advantage == 0).all()


def test_ties_go_in_one_scattered_order(generator):
    """A quarter of a constant map's pixels are gone at the first of four steps: the same ones, scattered."""
    pixels = torch.ones(2, 1, 16, 16)
    seen = []

    def score(batch):
        seen.append(batch)
        return torch.zeros(len(batch), 2)

    for value in (1.0, 0.1):
        deletion(score, pixels, torch.full((2, 5, 5), value), torch.tensor([0, 1]), steps=4, baseline=0.0)
    gone = torch.cat(seen).view(2, 2, 5, 16, 16) == 0
    assert torch.equal(gone, gone[:1, :1].expand_as(gone))
    rows, columns = gone[0, 0, 1].sum(dim=1), gone[0, 0, 1].sum(dim=0)
    assert rows.sum() == 64
    assert rows.max() < 10
    assert columns.max() < 10


def test_a_map_of_the_cause_beats_all_others(generator):
    """A model that reads stripes in one corner: deletion, insertion and ROAD prefer the map of the corner."""
    stripes = torch.tensor([1.0, -1.0, 1.0, -1.0]).expand(4, 4)
    pixels = 0.1 * torch.randn(6, 1, 12, 12, generator=generator)
    pixels[:, :, :4, :4] += stripes
    weights = torch.zeros(12, 12)
    weights[:4, :4] = 0.3 * stripes
    cause, centre = torch.zeros(6, 3, 3), torch.zeros(6, 3, 3)
    cause[:, 0, 0], centre[:, 1, 1] = 1, 1
    score, classes = linear(weights), torch.zeros(6, dtype=torch.long)
    random = torch.rand(6, 3, 3, generator=generator)
    random[:, 0, 0] = 0

    def told(maps):
        return (
            -deletion(score, pixels, maps, classes, baseline=0.0).area,
            insertion(score, pixels, maps, classes, baseline=0.0).area,
            road(score, pixels, maps, classes, generator=torch.Generator().manual_seed(0)).advantage,
        )

    for others in (centre, random):
        for own, other in zip(told(cause), told(others), strict=True):
            assert (own > other).all()


def test_company_and_batch_size_do_not_matter(generator):
    pixels, maps, classes = some_faces(generator)
    score = bent(generator)
    whole = every_score(score, pixels, maps, classes)
    for size in (1, 7, 40):
        some = every_score(score, pixels[2:4], maps[2:4], classes[2:4], batch_size=size)
        for name, values in some.items():
            assert values.dtype == torch.float64
            torch.testing.assert_close(values, whole[name][2:4], rtol=1e-3, atol=1e-5, msg=name)


def test_a_face_without_a_map_is_nan_and_is_not_asked_about(generator):
    pixels, maps, classes = some_faces(generator)
    score = bent(generator)
    whole = every_score(score, pixels, maps, classes)
    maps[1, 0, 0], pixels[1] = torch.nan, torch.inf

    def careful(batch):
        assert batch.isfinite().all()
        return score(batch)

    for name, values in every_score(careful, pixels, maps, classes).items():
        assert values[1].isnan().all(), name
        rest = [0, 2, 3, 4]
        torch.testing.assert_close(values[rest], whole[name][rest], rtol=1e-3, atol=1e-5, msg=name)


def test_no_map_at_all_is_nan(generator):
    pixels, maps, classes = some_faces(generator)
    for name, values in every_score(bent(generator), pixels, maps * torch.nan, classes).items():
        assert len(values) == 5, name
        assert values.isnan().all(), name


def test_maps_of_any_size_are_brought_to_the_picture(generator):
    pixels, _, classes = some_faces(generator)
    score = bent(generator)
    coarse = torch.rand(5, 2, 2, generator=generator)
    fine = torch.nn.functional.interpolate(coarse[:, None].double(), (8, 8), mode="bilinear")[:, 0]
    whole = every_score(score, pixels, fine, classes)
    for name, values in every_score(score, pixels, coarse, classes).items():
        torch.testing.assert_close(values, whole[name], msg=name)


def test_order_is_all_that_curves_see(generator):
    pixels, maps, classes = some_faces(generator)
    score = bent(generator)
    one = deletion(score, pixels, maps, classes, steps=8).probability
    torch.testing.assert_close(deletion(score, pixels, 7 * maps.exp(), classes, steps=8).probability, one)


def test_no_gradient_is_recorded(generator):
    pixels, maps, classes = some_faces(generator)
    scale = torch.ones((), dtype=torch.float64, requires_grad=True)
    score = bent(generator)
    values = every_score(lambda batch: scale * score(batch), pixels, maps, classes)
    assert not any(value.requires_grad for value in values.values())


def test_bad_input_is_refused(generator):
    pixels, maps, classes = some_faces(generator)
    score = bent(generator)
    with pytest.raises(BadRecipe, match="at least one step"):
        deletion(score, pixels, maps, classes, steps=0)
    for shares in ((), (0.0, 0.5), (0.5, 1.0), (0.5, 0.2)):
        with pytest.raises(BadRecipe, match="between 0 and 1"):
            road(score, pixels, maps, classes, generator=generator, shares=shares)
    with pytest.raises(BadRecipe, match="between 0 and 1"):
        sensitivity_n(score, pixels, maps, classes, generator=generator, shares=(1.5,))
    with pytest.raises(BadLabels, match="from 0 to 2"):
        deletion(score, pixels, maps, classes + 3)


@pytest.mark.usefixtures("unchecked")
def test_maps_of_other_faces_are_refused(generator):
    pixels, maps, classes = some_faces(generator)
    with pytest.raises(BadFaces, match="5 faces, 4 maps"):
        deletion(bent(generator), pixels, maps[:4], classes)
