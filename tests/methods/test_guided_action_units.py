import pytest
import torch

from facsight.core.batch import Faces, LabelledFaces
from facsight.core.errors import BadRecipe
from facsight.core.labels import FERPLUS
from facsight.facs.au_maps import expression_maps, render_au_maps
from facsight.facs.codebook import load_codebook
from facsight.methods.guided.action_units import ActionUnitGuidance
from facsight.methods.supervised import Supervised
from facsight.nn.weights import build_network
from planted_batch import batch, face_points


def network(seed=0):
    torch.manual_seed(seed)
    return build_network(8, widths=(8, 12, 16), blocks=(1, 1, 1), stem=4, dropout=0.0)


def guided(**options):
    return ActionUnitGuidance(network(), classes=FERPLUS.classes, **options)


def test_the_term_is_one_minus_the_mean_cosine_of_attention_and_map():
    method, faces = guided(guidance=3.0), batch()
    attention = method.network(faces.faces.pixels).attention.detach().double()
    book = load_codebook("facsight")
    units = render_au_maps(faces.faces.landmarks, (12, 12), extent=(48, 48), action_units=book.action_units)
    maps, valid = expression_maps(units, book.weights(FERPLUS.classes, book.action_units))
    assert valid[range(4), faces.label].all()
    truth = maps[range(4), faces.label].double()
    cosine = [(a * t).sum() / (a.norm() * t.norm()) for a, t in zip(attention, truth, strict=True)]
    expected = 3.0 * (1 - torch.stack(cosine).mean())
    assert method.objective(faces, 0.0)["guidance"].item() == pytest.approx(expected.item(), abs=1e-5)


def test_without_guidance_it_is_the_baseline():
    faces = batch()
    plain = Supervised(network()).objective(faces, 0.0)
    unguided = guided(guidance=0.0).objective(faces, 0.0)
    assert unguided.keys() == {"expression"}
    torch.testing.assert_close(unguided.total, plain.total)


def test_guidance_moves_the_whole_backbone_and_leaves_the_head():
    method = guided()
    method.objective(batch(), 0.0)["guidance"].backward()
    for name, parameter in method.named_parameters():
        moved = parameter.grad is not None and parameter.grad.abs().sum() > 0
        # the last scale of each block starts at 0, so nothing reaches behind it in the very first step
        if "body" in name and "body.4" not in name:
            continue
        assert moved == ("head" not in name), name


def test_minimising_the_term_alone_aligns_attention():
    method, faces = guided(guidance=1.0), batch()
    optimizer = torch.optim.Adam(method.parameters(), 0.01)
    before = method.objective(faces, 0.0)["guidance"].item()
    for _ in range(60):
        optimizer.zero_grad()
        method.objective(faces, 0.0)["guidance"].backward()
        optimizer.step()
    after = method.objective(faces, 0.0)["guidance"].item()
    assert after < 0.6 * before


@pytest.mark.parametrize("missing", ["neutral", "landmarks"])
def test_faces_without_a_map_are_left_out_not_counted_as_zero(missing):
    labels = ["happiness", "anger", "sadness"]
    complete = batch(labels)
    if missing == "neutral":
        extended = batch([*labels, "neutral"])
    else:
        points = face_points().repeat(4, 1, 1)
        points[3] = torch.nan
        extended = batch([*labels, "fear"], landmarks=points)
    # the same first three faces; evaluation mode, so that the fourth does not touch the normalisation
    first_three = Faces(extended.faces.pixels[:3], complete.faces.landmarks)
    complete = LabelledFaces(first_three, complete.expression)
    method = guided().eval()
    alone = method.objective(complete, 0.0)["guidance"]
    torch.testing.assert_close(method.objective(extended, 0.0)["guidance"], alone)


def test_a_batch_without_any_map_costs_nothing_and_has_finite_gradients():
    method = guided()
    terms = method.objective(batch(["neutral", "neutral"]), 0.0)
    assert terms["guidance"].item() == 0
    terms.total.backward()
    assert all(p.grad.isfinite().all() for p in method.parameters() if p.grad is not None)


def test_one_face_without_landmarks_does_not_poison_the_gradients():
    points = face_points().repeat(4, 1, 1)
    points[2] = torch.nan
    method = guided(centred=True)
    method.objective(batch(landmarks=points), 0.0).total.backward()
    assert all(p.grad.isfinite().all() for p in method.parameters() if p.grad is not None)


def test_neutral_is_guided_by_all_units_when_asked():
    faces = batch(["neutral", "neutral"])
    assert guided(invalid="all_units").objective(faces, 0.0)["guidance"].item() > 0


def test_centred_guidance_gives_a_uniform_offset_nothing():
    method, faces = guided(centred=True), batch()
    attention = torch.rand(4, 12, 12, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(
        method.misalignment(attention + 5, faces), method.misalignment(attention, faces), atol=1e-5, rtol=0
    )


def test_another_layer_has_another_resolution():
    finest = guided(layer=0).objective(batch(), 0.0)["guidance"]
    assert finest.item() != guided(layer=-1).objective(batch(), 0.0)["guidance"].item()


def test_negative_guidance_is_refused():
    with pytest.raises(BadRecipe, match="0 or more"):
        guided(guidance=-1.0)
