import math

import pytest
import torch

from facsight.core.batch import Faces, LabelledFaces
from facsight.core.errors import BadRecipe
from facsight.core.labels import FERPLUS
from facsight.facs.au_maps import expression_maps, render_au_maps
from facsight.facs.codebook import load_codebook
from facsight.facs.guide import TEMPERATURE, Guide
from planted_batch import batch, face_points

LABELS = ("happiness", "fear", "anger", "sadness")


def guide(**options):
    return Guide(FERPLUS.classes, **options)


def shown(n=4, seed=1):
    generator = torch.Generator().manual_seed(seed)
    attention = torch.rand(n, 12, 12, generator=generator)
    return attention, torch.randn(n, 8, 12, 12, generator=generator)


def true_maps(faces):
    """The AU maps of all classes, in float64, and which exist."""
    book = load_codebook("facsight")
    units = render_au_maps(faces.faces.landmarks, (12, 12), extent=(48, 48), action_units=book.action_units)
    maps, valid = expression_maps(units, book.weights(FERPLUS.classes, book.action_units))
    return maps.double(), valid


def plain_cosine(a, b):
    a, b = a.double(), b.double()
    return ((a * b).sum() / (a.norm() * b.norm())).item()


def test_misalignment_by_hand():
    # the first face's cosine with its cue is 1 / sqrt(2), the second is not valid
    maps = torch.tensor([[[1.0, 0.0]], [[0.0, 1.0]]])
    cues = torch.tensor([[[1.0, 1.0]], [[1.0, 0.0]]])
    gap = guide().misalignment(maps, cues, torch.tensor([True, False]))
    assert gap.item() == pytest.approx(1 - 1 / math.sqrt(2))


def test_without_weight_there_is_no_term():
    assert guide(weight=0.0, contrast=1.0)(*shown(), batch()) == {}


def test_attention_is_compared_with_the_map_of_the_label():
    faces, (attention, class_maps) = batch(), shown()
    truth, _ = true_maps(faces)
    cosines = [plain_cosine(attention[i], truth[i, k]) for i, k in enumerate(faces.label.tolist())]
    terms = guide(weight=3.0)(attention, class_maps, faces)
    assert terms.keys() == {"guidance"}
    assert terms["guidance"].item() == pytest.approx(3 * (1 - sum(cosines) / 4), abs=1e-5)


def test_class_map_is_that_of_the_label_with_its_sign():
    faces, (attention, class_maps) = batch(), shown()
    truth, _ = true_maps(faces)
    cosines = [plain_cosine(class_maps[i, k], truth[i, k]) for i, k in enumerate(faces.label.tolist())]
    term = guide(weight=1.0, on="class_map")(attention, class_maps, faces)["guidance"]
    assert term.item() == pytest.approx(1 - sum(cosines) / 4, abs=1e-5)
    negative = guide(weight=1.0, on="class_map")(attention, -class_maps.abs(), faces)["guidance"]
    assert negative.item() > 1


def test_both_is_the_mean_of_the_two():
    faces, maps = batch(), shown()
    each = [guide(on=on)(*maps, faces)["guidance"] for on in ("attention", "class_map")]
    torch.testing.assert_close(guide(on="both")(*maps, faces)["guidance"], sum(each) / 2)


def test_attention_of_another_resolution_than_the_class_maps():
    finer = torch.rand(4, 24, 24, generator=torch.Generator().manual_seed(2))
    assert guide(on="both")(finer, shown()[1], batch())["guidance"].isfinite()


@pytest.mark.parametrize("missing", ["neutral", "landmarks"])
@pytest.mark.parametrize("term", ["guidance", "contrast"])
def test_faces_without_a_map_are_left_out_not_counted_as_zero(missing, term):
    points = face_points().repeat(4, 1, 1)
    last = "neutral"
    if missing == "landmarks":
        points[3], last = torch.nan, "fear"
    faces = batch([*LABELS[:3], last], landmarks=points)
    attention, class_maps = shown()
    first_three = LabelledFaces(Faces(faces.faces.pixels[:3], points[:3]), faces.expression[:3])
    alone = guide(contrast=1.0)(attention[:3], class_maps[:3], first_three)
    torch.testing.assert_close(guide(contrast=1.0)(attention, class_maps, faces)[term], alone[term])


def test_a_batch_without_any_map_costs_nothing_and_has_finite_gradients():
    attention = shown(2)[0].requires_grad_()
    terms = guide(contrast=1.0)(attention, shown(2)[1], batch(("neutral", "neutral")))
    assert [term.item() for term in terms.values()] == [0, 0]
    sum(terms.values()).backward()
    assert attention.grad.eq(0).all()


@pytest.mark.parametrize("options", [{"centred": True}, {"contrast": 1.0}, {"on": "both"}])
def test_missing_landmarks_and_dark_maps_do_not_poison_the_gradients(options):
    points = face_points().repeat(4, 1, 1)
    points[2] = torch.nan
    attention, class_maps = shown()
    attention[1] = 0
    attention.requires_grad_()
    class_maps.requires_grad_()
    sum(guide(**options)(attention, class_maps, batch(landmarks=points)).values()).backward()
    assert attention.grad.isfinite().all()
    assert attention.grad[2].eq(0).all()


def test_neutral_is_guided_by_all_units_when_asked():
    faces = batch(("neutral", "neutral"))
    assert guide(invalid="all_units")(*shown(2), faces)["guidance"].item() > 0


def test_centred_guidance_gives_a_uniform_offset_nothing():
    attention, class_maps = shown()
    terms = [
        guide(centred=True)(maps, class_maps, batch())["guidance"] for maps in (attention, attention + 5)
    ]
    torch.testing.assert_close(*terms, atol=1e-5, rtol=0)


def test_contrast_is_the_cross_entropy_of_the_similarities():
    faces, (attention, class_maps) = batch(), shown()
    truth, valid = true_maps(faces)
    assert valid.any(dim=0).tolist() == [False] + [True] * 7
    losses = []
    for i, k in enumerate(faces.label.tolist()):
        powers = [math.exp(plain_cosine(attention[i], truth[i, c]) / TEMPERATURE) for c in range(1, 8)]
        losses.append(-math.log(powers[k - 1] / sum(powers)))
    term = guide(weight=2.0, contrast=0.5)(attention, class_maps, faces)["contrast"]
    assert term.item() == pytest.approx(sum(losses) / 4, abs=1e-4)


def test_contrast_is_least_for_the_own_classs_map():
    faces = batch()
    truth, _ = true_maps(faces)
    rows = torch.arange(4)
    own, other = truth[rows, faces.label].float(), truth[rows, faces.label.roll(1)].float()
    cost = [guide().confusion(maps, faces).item() for maps in (own, other)]
    assert cost[0] < math.log(7) < cost[1]


@pytest.mark.parametrize("centred", [False, True])
def test_only_the_given_places_are_compared(centred):
    # as if the other places did not exist: the left part alone, cut out
    maps, cues = shown()[0], shown(seed=2)[0]
    places = torch.zeros(4, 12, 12, dtype=torch.bool)
    places[:, :, :5] = True
    valid = torch.ones(4, dtype=torch.bool)
    alone = guide(centred=centred).misalignment(maps[:, :, :5], cues[:, :, :5], valid)
    torch.testing.assert_close(guide(centred=centred).misalignment(maps, cues, valid, places), alone)


def test_a_face_without_any_place_is_left_out():
    maps, cues = shown(2)[0].requires_grad_(), shown(2, seed=2)[0]
    places = torch.stack([torch.zeros(12, 12), torch.ones(12, 12)]).bool()
    valid = torch.ones(2, dtype=torch.bool)
    gap = guide(centred=True).misalignment(maps, cues, valid, places)
    torch.testing.assert_close(gap, guide(centred=True).misalignment(maps[1:], cues[1:], valid[1:]))
    gap.backward()
    assert maps.grad.isfinite().all()


@pytest.mark.parametrize("options", [{"centred": True}, {"on": "both"}, {"contrast": 1.0}])
def test_gradients(options, generator):
    faces = batch(LABELS[:2])
    faces = LabelledFaces(
        Faces(faces.faces.pixels.double(), faces.faces.landmarks.double()), faces.expression
    )
    attention = torch.rand(2, 3, 3, dtype=torch.double, generator=generator).requires_grad_()
    class_maps = torch.randn(2, 8, 3, 3, dtype=torch.double, generator=generator).requires_grad_()
    method = guide(**options)
    assert torch.autograd.gradcheck(
        lambda a, c: sum(method(a, c, faces).values()), (attention, class_maps), fast_mode=True
    )


@pytest.mark.parametrize("options", [{"weight": -1.0}, {"contrast": -0.1}, {"weight": math.nan}])
def test_negative_weights_are_refused(options):
    with pytest.raises(BadRecipe, match="0 or more"):
        guide(**options)
