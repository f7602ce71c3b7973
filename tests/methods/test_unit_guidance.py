import pytest
import torch

from facsight.core.errors import BadRecipe
from facsight.core.labels import FERPLUS
from facsight.facs.au_maps import render_au_maps
from facsight.facs.codebook import load_codebook
from facsight.facs.guide import Guide
from facsight.functional.similarity import cosine
from facsight.methods.guided.unit_maps import UnitGuidance, overlap
from facsight.nn.weights import build_network
from planted_batch import batch, face_points

UNITS = load_codebook("facsight").action_units


def taught(guidance=1.0, head="per_unit", units=None, **options):
    torch.manual_seed(0)
    extra = {} if units is None else {"units": units}
    network = build_network(8, head=head, widths=(8, 12, 16), blocks=(1, 1, 1), stem=4, dropout=0.0, **extra)
    return UnitGuidance(network, Guide(FERPLUS.classes, weight=guidance, **options))


def shown(n, generator):
    return torch.rand(n, len(UNITS), 12, 12, generator=generator)


def test_every_unit_of_the_label_is_aligned_with_its_own_map(generator):
    method, faces = taught(), batch(("happiness", "anger"))
    maps, book = shown(2, generator).double(), load_codebook("facsight")
    truth = render_au_maps(faces.faces.landmarks, (12, 12), extent=(48, 48), action_units=UNITS).maps.double()
    weighted, total = 0.0, 0.0
    for i, name in enumerate(("happiness", "anger")):
        for unit, weight in book.expressions[name].items():
            a, b = maps[i, UNITS.index(unit)], truth[i, UNITS.index(unit)]
            weighted += weight * (1 - 2 * (a * b).sum() / (a.norm() ** 2 + b.norm() ** 2)).item()
            total += weight
    found = method.misalignment(maps.float(), faces).item()
    assert found == pytest.approx(weighted / total, abs=1e-5)


def test_the_other_units_are_pushed_to_nothing(generator):
    method, maps = taught(), shown(1, generator)
    absent = [
        i for i, unit in enumerate(UNITS) if unit not in load_codebook("facsight").expressions["happiness"]
    ]
    expected = maps[0, absent].mean()
    torch.testing.assert_close(method.intrusion(maps, batch(("happiness",))), expected)


def test_overlap_is_the_cosine_of_maps_that_are_equally_strong(generator):
    one, other = shown(2, generator).flatten(0, 1).unbind()[:2]
    other = other * one.norm() / other.norm()
    torch.testing.assert_close(overlap(one, other), cosine(one, other))
    assert overlap(one, 3 * other) < overlap(one, other)


def test_perfect_maps_cost_nothing():
    method, faces = taught(), batch()
    truth = render_au_maps(faces.faces.landmarks, (12, 12), extent=(48, 48), action_units=UNITS).maps
    own = truth * (method.guide.unit_weights[faces.label] > 0)[..., None, None]
    assert method.misalignment(own, faces).item() == pytest.approx(0, abs=1e-5)
    assert method.intrusion(own, faces).item() == 0


def test_neutral_and_faces_without_landmarks(generator):
    method = taught()
    faces = batch(("neutral", "happiness"), landmarks=torch.full((2, 68, 2), torch.nan))
    maps = shown(2, generator).requires_grad_()
    gap = method.misalignment(maps, faces)
    assert gap.item() == 0
    # what must not show needs no landmarks; neutral has no entry in the codebook
    torch.testing.assert_close(
        method.intrusion(maps, faces), method.intrusion(maps[1:], batch(("happiness",)))
    )
    (gap + method.intrusion(maps, faces)).backward()
    assert maps.grad.isfinite().all()
    assert maps.grad[0].eq(0).all()


def test_one_missing_face_does_not_count(generator):
    points = face_points().repeat(3, 1, 1)
    points[2] = torch.nan
    maps = shown(3, generator)
    found = taught().misalignment(maps, batch(("fear", "anger", "sadness"), landmarks=points))
    torch.testing.assert_close(found, taught().misalignment(maps[:2], batch(("fear", "anger"))))


def test_without_guidance_only_the_label_teaches():
    assert taught(guidance=0.0).objective(batch(), 0.0).keys() == {"expression"}


@pytest.mark.parametrize("term", ["guidance", "absent"])
def test_terms_move_maps_and_backbone_but_not_the_decision(term):
    method = taught()
    method.objective(batch(), 0.0)[term].backward()
    assert method.network.head.maps.weight.grad.abs().sum() > 0
    assert method.network.backbone.stem[0].weight.grad.abs().sum() > 0
    assert method.network.head.decide.weight.grad is None


def test_gradients(generator):
    method, faces = taught(), batch(("happiness",))
    faces = type(faces)(
        type(faces.faces)(faces.faces.pixels.double(), faces.faces.landmarks.double()), faces.expression
    )
    maps = torch.rand(1, len(UNITS), 3, 3, dtype=torch.double, generator=generator).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda m: method.misalignment(m, faces) + method.intrusion(m, faces), maps, fast_mode=True
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"head": "gap"}, 'head = "per_unit"'),
        ({"units": [6, 12]}, r"network\.units"),
        ({"on": "class_map"}, r"guidance\.on"),
        ({"contrast": 1.0}, "contrast"),
        ({"centred": True}, "centred"),
    ],
)
def test_what_does_not_go_together(options, message):
    with pytest.raises(BadRecipe, match=message):
        taught(**options)
