import pytest
import torch
import torch.nn.functional as F

from facsight.core.batch import Faces, LabelledFaces
from facsight.core.errors import BadRecipe
from facsight.core.labels import FERPLUS
from facsight.core.prediction import Prediction
from facsight.facs.guide import Guide
from facsight.methods.localising.cutmix import CutMix, cells_inside, mix_maps, patch_at
from facsight.nn.weights import build_network
from planted_batch import batch, face_points


def cutmix(guidance=0.0, guide=None, **options):
    torch.manual_seed(0)
    network = build_network(8, widths=(8, 12, 16), blocks=(1, 1, 1), stem=4, dropout=0.0)
    return CutMix(network, Guide(FERPLUS.classes, weight=guidance, **(guide or {})), **options)


def said(n):
    generator = torch.Generator().manual_seed(3)
    maps = torch.rand(n, 9, 12, 12, generator=generator)
    return Prediction(torch.zeros(n, 8), maps[:, 0], maps[:, 1:])


def test_a_patch_has_its_share_and_is_cut_at_the_border():
    whole = patch_at(torch.tensor([0.5, 0.5]), torch.tensor(0.25), (8, 12))
    assert whole.sum() == 4 * 6
    assert whole[2:6, 3:9].all()
    assert patch_at(torch.tensor([1.0, 0.0]), torch.tensor(0.25), (8, 12)).sum() == 2 * 3
    assert patch_at(torch.tensor([0.5, 0.5]), torch.tensor(1.0), (8, 12)).all()


def test_cells_belong_to_the_patch_by_their_centres():
    # cells of 4 pixels: their centres lie at 2 and 6, between two pixels; the patch reaches pixel 4
    patch = torch.zeros(8, 8, dtype=torch.bool)
    patch[:5, :] = True
    assert cells_inside(patch, (2, 2)).tolist() == [[True, True], [False, False]]
    torch.testing.assert_close(cells_inside(patch, (8, 8)), patch)


MAPS = torch.tensor([[[1.0, 0.2], [0.3, 0.4]], [[0.5, 0.6], [0.7, 1.0]], [[0.0, 0.0], [0.0, 0.0]]])
VALID = torch.tensor([True, True, False])
INSIDE = torch.tensor([[False, True], [False, True]])


def test_mixed_maps_by_hand():
    mixed, places, enough = mix_maps(MAPS[:2], VALID[:2], torch.tensor([1, 0]), INSIDE)
    assert mixed[0].flatten().tolist() == pytest.approx([1.0, 0.6, 0.3, 1.0])
    assert mixed[1].flatten().tolist() == pytest.approx([0.5, 0.2, 0.7, 0.4])
    assert places.all()
    assert enough.all()


def test_an_invalid_partner_takes_only_its_patch_out():
    mixed, places, enough = mix_maps(MAPS, VALID, torch.tensor([2, 1, 0]), INSIDE)
    assert places[0].tolist() == [[True, False], [True, False]]  # own part stays
    assert places[2].tolist() == [[False, True], [False, True]]  # the partner's part is gained
    assert mixed[2][INSIDE].tolist() == pytest.approx([0.2, 0.4])
    # the gained part reaches 0.4 only, of a map that reaches 1: a faint tail, not a unit
    assert enough.tolist() == [True, True, False]


def test_two_faces_without_a_map_are_left_out():
    assert mix_maps(MAPS[2:], VALID[2:], torch.tensor([0]), INSIDE)[2].tolist() == [False]


def patch(rows):
    inside = torch.zeros(48, 48, dtype=torch.bool)
    inside[rows] = True
    return inside


@pytest.mark.parametrize("centred", [False, True])
def test_the_other_part_is_compared_as_if_it_were_all_there_is(centred):
    # the upper half of a neutral face is pasted on an anger face: only the lower half is compared
    faces, about = batch(("anger", "neutral")), said(2)
    method = cutmix(1.0, {"centred": centred})
    cues, _ = method.guide.cues(faces, (12, 12))
    expected = method.guide.misalignment(about.attention[:1, 6:], cues[:1, 6:], torch.tensor([True]))
    upper = patch(slice(0, 24))
    found = method.misalignment(about, faces, torch.tensor([1, 1]), upper)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("invalid", ["neutral", "landmarks"])
def test_a_neutral_face_with_a_valid_patch_is_guided_by_it(invalid):
    points = face_points().repeat(2, 1, 1)
    if invalid == "landmarks":
        points[1] = torch.nan
    faces, about = batch(("happiness", "neutral" if invalid == "neutral" else "fear"), points), said(2)
    method, mouth = cutmix(1.0), patch(slice(28, 48))
    cues, valid = method.guide.cues(faces, (12, 12))
    assert valid.tolist() == [True, False]
    expected = method.guide.misalignment(about.attention[1:, 7:], cues[:1, 7:], valid[:1])
    found = method.misalignment(about, faces, torch.tensor([1, 0]), mouth)
    # the first face lost its mouth to a face without a map: what is left of happiness is the cheeks
    first = method.guide.misalignment(about.attention[:1, :7], cues[:1, :7], valid[:1])
    torch.testing.assert_close(found, (first + expected) / 2)


@pytest.mark.parametrize("on", ["attention", "class_map", "both"])
def test_without_a_patch_it_is_plain_guidance(on):
    faces, about = batch(), said(4)
    method = cutmix(1.0, {"on": on})
    found = method.misalignment(about, faces, torch.arange(4).roll(1), patch(slice(0, 0)))
    expected = method.guide(about.attention, about.class_maps, faces)["guidance"]
    torch.testing.assert_close(found, expected)


def test_a_patch_over_everything_makes_it_the_partner():
    faces, about = batch(), said(4)
    partner = torch.arange(4).roll(1)
    swapped = LabelledFaces(
        Faces(faces.faces.pixels[partner], faces.faces.landmarks[partner]), faces.expression[partner]
    )
    method = cutmix(1.0, {"on": "both"})
    found = method.misalignment(about, faces, partner, patch(slice(0, 48)))
    torch.testing.assert_close(found, method.guide(about.attention, about.class_maps, swapped)["guidance"])


def test_labels_are_mixed_by_area(monkeypatch):
    method, faces = cutmix(probability=1.0).eval(), batch()
    upper, partner = patch(slice(0, 12)), torch.tensor([1, 2, 3, 0])
    monkeypatch.setattr(method, "_draw_patch", lambda size: upper)
    monkeypatch.setattr(torch, "randperm", lambda n: partner)
    pixels = faces.faces.pixels.clone()
    pixels[:, :, :12] = faces.faces.pixels[partner][:, :, :12]
    logits = method.network(pixels).logits
    expected = 0.75 * F.cross_entropy(logits, faces.expression) + 0.25 * F.cross_entropy(
        logits, faces.expression[partner]
    )
    torch.testing.assert_close(method.objective(faces, 0.0)["expression"], expected)


def test_with_probability_zero_nothing_is_mixed():
    method, faces = cutmix(2.0, probability=0.0).eval(), batch()
    about = method.network(faces.faces.pixels)
    terms = method.objective(faces, 0.0)
    torch.testing.assert_close(terms["expression"], F.cross_entropy(about.logits, faces.expression))
    expected = method.guide(about.attention, about.class_maps, faces)["guidance"]
    torch.testing.assert_close(terms["guidance"], expected)


def test_guidance_moves_the_backbone_and_leaves_the_head():
    method = cutmix(1.0, probability=1.0)
    method.objective(batch(), 0.0)["guidance"].backward()
    assert method.network.backbone.stem[0].weight.grad.abs().sum() > 0
    assert all(p.grad is None for p in method.network.head.parameters())


def test_each_step_draws_anew_from_the_state_that_training_seeds():
    method, faces = cutmix(1.0, probability=1.0, concentration=0.7).eval(), batch()
    losses = []
    for seed in (*range(5), *range(5)):
        torch.manual_seed(seed)
        losses.append(method.objective(faces, 0.0).total.item())
    assert losses[:5] == losses[5:]
    assert len(set(losses)) == 5


def test_areas_are_drawn_as_asked():
    # Beta(1, 1) is even: before cutting at the border, the mean share would be a half
    method = cutmix(probability=1.0)
    torch.manual_seed(0)
    shares = torch.stack([method._draw_patch(torch.Size((48, 48))).float().mean() for _ in range(300)])
    assert 0.2 < shares.mean() < 0.5
    assert shares.max() > 0.8


@pytest.mark.parametrize(
    ("options", "guide"), [({"probability": 2.0}, {}), ({"concentration": 0.0}, {}), ({}, {"contrast": 1.0})]
)
def test_options_that_make_no_sense(options, guide):
    with pytest.raises(BadRecipe, match="cutmix"):
        cutmix(1.0, guide, **options)
