import math

import pytest
import torch

from facsight.core.errors import BadFaces
from facsight.metrics.interpretability import average, face_scores, floor_maps, interpretability
from oracles.scores import slow_map_scores

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


def test_floors_are_what_they_are_called():
    maps = torch.tensor([[[[1.0, 0.0, 0.0]], [[0.0, 0.5, 0.0]], [[9.0, 9.0, 9.0]]]])
    floors = floor_maps(maps, torch.tensor([[True, True, False]]))
    assert floors["constant"].tolist() == [[[1, 1, 1]]]
    assert floors["all_units"].tolist() == [[[1, 0.5, 0]]]
    assert floors["mean_class_map"].tolist() == [[[0.5, 0.25, 0]]]
    # a third of the side from the middle is 4/3 standard deviations
    edge = math.exp(-0.5 * (4 / 3) ** 2)
    assert floors["centred_blob"].flatten().tolist() == pytest.approx([edge, 1, edge])


def test_means_over_faces_and_over_classes_differ_as_they_should():
    attention, maps, valid = rows_of_four(*[[1.0, 1.0, 0.0, 0.0]] * 4)
    label = torch.tensor([0, 0, 0, 1])
    means = average(face_scores(attention, maps, valid, label), label, classes=3)
    # three faces of class 0 are perfect, the one of class 1 is the opposite
    assert means.discriminated.over_faces == pytest.approx(0.75)
    assert means.discriminated.over_classes == pytest.approx(0.5)
    assert means.centred_cosine.over_faces == pytest.approx(0.5)
    assert means.centred_cosine.over_classes == pytest.approx(0, abs=1e-12)
    assert means.centred_cosine.by_class[:2] == pytest.approx([1, -1])
    assert math.isnan(means.centred_cosine.by_class[2])


def test_a_constant_map_has_a_cosine_and_nothing_else():
    attention, maps, valid = rows_of_four([3.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 2.0])
    constant = interpretability(attention, maps, valid, torch.tensor([0, 1])).floors["constant"]
    assert constant.cosine.over_faces == pytest.approx(0.5**0.5)
    for mean in (constant.centred_cosine, constant.discriminated, constant.rank):
        assert math.isnan(mean.over_faces)


def test_faces_that_cannot_be_scored_are_left_out_and_counted():
    attention, maps, valid = rows_of_four(
        [1.0, 1.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, 0.0],
        [0.1, 0.1, 0.1, 0.1],
        [1.0, 1.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, 0.0],
    )
    result = interpretability(attention, maps, valid, torch.tensor([0, 0, 0, 2, 2]))
    assert (result.scored, result.without_attention, result.without_map) == (1, 2, 2)
    assert result.attention.cosine.over_faces == pytest.approx(1)
    assert result.chance == 0.5


def test_no_face_at_all_is_nan_not_an_error():
    attention, maps, valid = rows_of_four([1.0, 0.0, 0.0, 0.0])
    result = interpretability(attention, maps, valid, torch.tensor([2]))
    assert result.scored == 0
    assert math.isnan(result.attention.cosine.over_faces)


def test_maps_that_know_nothing_of_the_class_discriminate_at_chance(generator):
    maps = torch.rand(1, 4, 6, 6, generator=generator).expand(4000, -1, -1, -1)
    label = torch.arange(4000) % 4
    attention = torch.rand(4000, 6, 6, generator=generator)
    result = interpretability(attention, maps, torch.ones(4000, 4, dtype=torch.bool), label)
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
    one = interpretability(attention, class_maps, valid, label)
    other = interpretability(attention[mixed], class_maps[mixed], valid[mixed], label[mixed])
    assert one.attention.cosine.over_classes == pytest.approx(other.attention.cosine.over_classes)
    assert one.floors["all_units"].rank.over_faces == pytest.approx(other.floors["all_units"].rank.over_faces)


def test_broken_attention_is_refused():
    attention, maps, valid = rows_of_four([math.nan, 0.0, 0.0, 0.0])
    with pytest.raises(BadFaces, match="finite"):
        interpretability(attention, maps, valid, torch.tensor([0]))
