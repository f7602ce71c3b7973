import math

import numpy as np
import pytest
import torch

from facsight.core.errors import BadFaces
from facsight.metrics.interpretability import (
    SCORES,
    averages,
    face_scores,
    interpretability,
    paper_cosine,
)
from oracles.scores import slow_map_scores
from oracles.similarity import slow_cosine

#: Three classes on a row of four places: the first two left and right, the third without action units.
LEFT, RIGHT, NOWHERE = [1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0]
MAPS = torch.tensor([[LEFT], [RIGHT], [NOWHERE]])
VALID = torch.tensor([True, True, False])


def rows_of_four(*attention):
    """Attention maps on the row of four, each with the three class maps."""
    maps = torch.tensor(attention).unsqueeze(1)
    return maps, MAPS.expand(len(maps), -1, -1, -1), VALID.expand(len(maps), -1)


def some_faces(generator, count=60, classes=5):
    attention = torch.randn(count, 6, 7, generator=generator, dtype=torch.float64)
    class_maps = torch.rand(count, classes, 6, 7, generator=generator, dtype=torch.float64)
    valid = torch.rand(count, classes, generator=generator) < 0.8
    label = torch.randint(classes, (count,), generator=generator)
    class_maps[0, 1] = class_maps[0, 0]
    valid[0] = True
    label[0] = 0
    return attention, class_maps * valid[:, :, None, None], valid, label


def test_hand_computed():
    attention, maps, valid = rows_of_four([3.0, 1.0, 0.0, 0.0], [3.0, 1.0, 0.0, 0.0])
    scores = face_scores(attention, maps, valid, torch.tensor([0, 1]))
    # cosine 4 / (sqrt 10 sqrt 2); centred (2, 0, -1, -1) against (1, 1, -1, -1) / 2: 2 / sqrt 6
    assert scores.cosine.tolist() == pytest.approx([4 / 20**0.5, 0])
    assert scores.centred_cosine.tolist() == pytest.approx([2 / 6**0.5, -2 / 6**0.5])
    assert scores.discriminated.tolist() == [1, 0]
    assert scores.rank.tolist() == [1, 2]


def test_negative_attention_is_shifted_up_for_the_plain_cosine_only():
    attention, maps, valid = rows_of_four([1.0, -1.0, -1.0, -1.0], [2.0, 0.0, 0.0, 0.0])
    scores = face_scores(attention, maps, valid, torch.tensor([0, 0]))
    assert scores.cosine.tolist() == pytest.approx([0.5**0.5, 0.5**0.5])
    assert scores.centred_cosine[0].item() == pytest.approx(scores.centred_cosine[1].item())


def test_ties_share_the_win_and_the_rank():
    attention, maps, valid = rows_of_four([1.0, 0.0, 1.0, 0.0])
    scores = face_scores(attention, maps, valid, torch.tensor([1]))
    assert (scores.discriminated.item(), scores.rank.item()) == (0.5, 1.5)


def test_a_class_without_map_is_nan_and_never_a_rival():
    attention, maps, valid = rows_of_four([3.0, 1.0, 0.0, 0.0])
    scores = face_scores(attention, maps, valid, torch.tensor([2]))
    assert all(math.isnan(value.item()) for value in vars(scores).values())
    maps = maps.clone()
    maps[0, 2] = attention[0]
    assert face_scores(attention, maps, valid, torch.tensor([0])).rank.item() == 1


def test_slow_loop_agrees(generator):
    attention, class_maps, valid, label = some_faces(generator)
    scores = face_scores(attention, class_maps, valid, label)
    for n in range(len(label)):
        expected = slow_map_scores(
            attention[n].numpy(), class_maps[n].numpy(), valid[n].numpy(), int(label[n])
        )
        for name, value in expected.items():
            assert getattr(scores, name)[n].item() == pytest.approx(value, nan_ok=True, abs=1e-9), name


def test_perfect_attention_is_perfect_and_scale_does_not_matter(generator):
    _, class_maps, valid, label = some_faces(generator)
    own = class_maps[torch.arange(60), label]
    has_map = valid[torch.arange(60), label]
    has_map[0] = False  # two classes share one map there
    for scale in (1.0, 1e-9, 1e9):
        scores = face_scores(scale * own[has_map], class_maps[has_map], valid[has_map], label[has_map])
        for value in (scores.cosine, scores.centred_cosine, scores.discriminated, scores.rank):
            torch.testing.assert_close(value, torch.ones_like(value))


def test_means_over_faces_and_over_classes_differ_as_they_should(generator):
    attention, maps, valid = rows_of_four(*[[1.0, 1.0, 0.0, 0.0]] * 4)
    label = torch.tensor([0, 0, 0, 1])
    scores = {"": face_scores(attention, maps, valid, label)}
    means = averages(scores, label, classes=3, generator=generator)[""]
    # three faces of class 0 are perfect, the one of class 1 is the opposite
    assert means.discriminated.over_faces == pytest.approx(0.75)
    assert means.discriminated.over_classes == pytest.approx(0.5)
    assert means.centred_cosine.over_faces == pytest.approx(0.5)
    assert means.centred_cosine.over_classes == pytest.approx(0, abs=1e-12)
    assert means.centred_cosine.by_class[:2] == pytest.approx([1, -1])
    assert math.isnan(means.centred_cosine.by_class[2])


def test_what_a_constant_map_scores(generator):
    attention, maps, valid = rows_of_four([3.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 2.0])
    constant = interpretability(attention, maps, valid, torch.tensor([0, 1]), generator=generator).floors[
        "constant"
    ]
    assert constant.cosine.over_faces == pytest.approx(0.5**0.5)
    for mean in (constant.centred_cosine, constant.discriminated, constant.rank):
        assert math.isnan(mean.over_faces)
        assert mean.faces == 0
    # two of four places are the region: half of the sum and of the ties for the peak; 2 x 2/4 of 4 - 1 places
    for mean, value in ((constant.auc, 1 / 2), (constant.energy, 1 / 2), (constant.pointing, 1 / 2)):
        assert mean.over_faces == value
    assert constant.iou.over_faces == pytest.approx(1 / 3)


def test_faces_that_cannot_be_scored_are_left_out_and_counted(generator):
    attention, maps, valid = rows_of_four(
        [1.0, 1.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, 0.0],
        [0.1, 0.1, 0.1, 0.1],
        [1.0, 1.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, 0.0],
    )
    result = interpretability(attention, maps, valid, torch.tensor([0, 0, 0, 2, 2]), generator=generator)
    assert (result.scored, result.without_attention, result.without_map) == (1, 2, 2)
    assert result.attention.cosine.over_faces == pytest.approx(1)
    assert result.chance == 0.5


def test_no_face_at_all_is_nan_not_an_error(generator):
    attention, maps, valid = rows_of_four([1.0, 0.0, 0.0, 0.0])
    result = interpretability(attention, maps, valid, torch.tensor([2]), generator=generator)
    assert result.scored == 0
    assert math.isnan(result.attention.cosine.over_faces)


def test_maps_that_know_nothing_of_the_class_discriminate_at_chance(generator):
    maps = torch.rand(1, 4, 6, 6, generator=generator).expand(4000, -1, -1, -1)
    label = torch.arange(4000) % 4
    attention = torch.rand(4000, 6, 6, generator=generator)
    result = interpretability(
        attention, maps, torch.ones(4000, 4, dtype=torch.bool), label, generator=generator
    )
    assert result.chance == 0.25
    # four standard errors of a share of 4,000
    assert result.attention.discriminated.over_faces == pytest.approx(0.25, abs=0.028)
    assert result.attention.rank.over_faces == pytest.approx(2.5, abs=0.08)
    for name in ("centred_blob", "all_units", "mean_class_map"):
        assert result.floors[name].discriminated.over_classes == pytest.approx(0.25)
        assert result.floors[name].rank.over_classes == pytest.approx(2.5)


def test_company_and_order_do_not_matter(generator):
    attention, class_maps, valid, label = some_faces(generator)
    mixed = torch.randperm(60, generator=generator)
    one = interpretability(attention, class_maps, valid, label, generator=generator)
    other = interpretability(
        attention[mixed], class_maps[mixed], valid[mixed], label[mixed], generator=generator
    )
    assert one.attention.cosine.over_classes == pytest.approx(other.attention.cosine.over_classes)
    assert one.floors["all_units"].rank.over_faces == pytest.approx(other.floors["all_units"].rank.over_faces)


def test_the_papers_cosine_enlarges_attention_with_aligned_corners():
    # place i of W comes from (i + 1/2) (w - 1) / (W - 1) - 1/2, as torch's antialiased resampling has it,
    # clipped to the outer cells
    maps, truth = torch.tensor([[[0.0, 3.0]]]), torch.tensor([[[1.0, 2.0, 3.0, 4.0]]])
    places = [min(1.0, max(0.0, (i + 0.5) / 3 - 0.5)) for i in range(4)]
    expected = slow_cosine(np.array([3 * p for p in places]), np.array([1.0, 2, 3, 4]))
    assert paper_cosine(maps, truth).item() == pytest.approx(expected)


def test_the_papers_cosine_enlarges_class_maps_between_cell_centres():
    # scaled to [0, 1] first: (2, 8) becomes (0, 1), then places 0, 1/4, 3/4, 1
    maps, truth = torch.tensor([[[2.0, 8.0]]]), torch.tensor([[[1.0, 2.0, 3.0, 4.0]]])
    expected = slow_cosine(np.array([0, 0.25, 0.75, 1]), np.array([1.0, 2, 3, 4]))
    assert paper_cosine(maps, truth, kind="class map").item() == pytest.approx(expected)


def test_the_papers_cosine_at_one_size_is_the_plain_one_and_needs_no_batches(generator):
    attention, class_maps, valid, label = some_faces(generator)
    own = class_maps[torch.arange(60), label]
    scores = face_scores(attention, class_maps, valid, label, picture_map=own)
    torch.testing.assert_close(scores.paper_cosine, scores.cosine, equal_nan=True)
    torch.testing.assert_close(
        paper_cosine(attention, own, batch_size=7), paper_cosine(attention, own), equal_nan=True
    )


def test_every_score_exists_for_the_attention_and_for_all_floors(generator):
    attention, class_maps, valid, label = some_faces(generator)
    hull = torch.zeros(60, 6, 7, dtype=torch.float64)
    hull[:, 1:5, 2:6] = 1
    result = interpretability(
        attention,
        class_maps,
        valid,
        label,
        generator=generator,
        hull=hull,
        picture_map=class_maps[torch.arange(60), label],
    )
    names = ["constant", "centred_blob", "face_hull", "all_units", "mean_class_map", "random_smooth"]
    assert list(result.floors) == list(result.above) == names
    undefined = {"centred_cosine", "discriminated", "rank"}
    for source, scores in ({"attention": result.attention} | result.floors).items():
        for name in SCORES:
            mean = getattr(scores, name)
            if source == "constant" and name in undefined:
                assert math.isnan(mean.over_faces), name
            else:
                assert mean.face_interval.low <= mean.over_faces <= mean.face_interval.high, (source, name)
                assert mean.class_interval.low <= mean.over_classes <= mean.class_interval.high
                assert mean.faces == result.scored


def test_without_landmarks_the_hull_is_not_available_and_never_zero(generator):
    attention, class_maps, valid, label = some_faces(generator)
    hull = torch.ones(60, 6, 7)
    hull[:, 0] = 0
    hull[::2] = torch.nan
    half = interpretability(attention, class_maps, valid, label, generator=generator, hull=hull)
    usable = valid[torch.arange(60), label][1::2].sum().item()
    assert half.floors["face_hull"].energy.faces == usable
    none = interpretability(attention, class_maps, valid, label, generator=generator)
    for name in SCORES:
        mean = getattr(none.floors["face_hull"], name)
        assert mean.faces == 0
        assert math.isnan(mean.over_faces)
        assert math.isnan(mean.over_classes)
        assert math.isnan(mean.face_interval.low)
    assert none.attention.paper_cosine.faces == 0


def test_above_is_the_difference_face_by_face(generator):
    attention, class_maps, valid, label = some_faces(generator)
    result = interpretability(attention, class_maps, valid, label, generator=generator)
    for floor in ("centred_blob", "all_units", "mean_class_map", "random_smooth"):
        for name in ("cosine", "centred_cosine", "auc", "energy", "pointing", "iou", "discriminated", "rank"):
            gap = getattr(result.above[floor], name)
            own, under = getattr(result.attention, name), getattr(result.floors[floor], name)
            assert gap.over_faces == pytest.approx(own.over_faces - under.over_faces, abs=1e-12)
            assert gap.over_classes == pytest.approx(own.over_classes - under.over_classes, abs=1e-12)


def test_a_floor_is_not_above_itself(generator):
    _, class_maps, valid, label = some_faces(generator)
    blob = torch.outer(torch.tensor([1.0, 2, 3, 3, 2, 1]), torch.tensor([1.0, 2, 3, 4, 3, 2, 1]))
    maps = torch.where(valid[:, :, None, None], class_maps, 0.0).amax(dim=1)
    result = interpretability(maps, class_maps, valid, label, generator=generator)
    same = result.above["all_units"].centred_cosine
    assert (same.over_faces, same.face_interval.low, same.face_interval.high) == (0, 0, 0)
    other = interpretability(
        blob.double().expand(60, -1, -1), class_maps, valid, label, generator=generator
    ).above["all_units"]
    assert other.centred_cosine.face_interval.high < 0


def test_broken_attention_is_refused(generator):
    attention, maps, valid = rows_of_four([math.nan, 0.0, 0.0, 0.0])
    with pytest.raises(BadFaces, match="finite"):
        interpretability(attention, maps, valid, torch.tensor([0]), generator=generator)
