"""What every method of the catalogue must keep, before its author writes a test."""

import inspect

import pytest
import torch

from facsight import catalog
from facsight.core.batch import Faces, LabelledFaces
from facsight.core.labels import FERPLUS
from facsight.nn.weights import build_network
from planted_batch import batch

NAMES = sorted(catalog.METHODS)


def build(name):
    method = catalog.load("methods", name)
    torch.manual_seed(0)
    network = build_network(8, widths=(8, 12, 16), blocks=(1, 1, 1), stem=4)
    options = {"classes": FERPLUS.classes} if "classes" in inspect.signature(method).parameters else {}
    return method(network, **options)


@pytest.mark.parametrize("name", NAMES)
def test_objective_is_finite_named_and_scalar(name):
    terms = build(name).objective(batch(), 0.5)
    assert terms
    assert all(term.shape == () and term.isfinite() for term in terms.values())


@pytest.mark.parametrize("name", NAMES)
def test_two_steps_move_every_parameter(name):
    method = build(name)
    optimizer = torch.optim.SGD(method.parameters(), 0.1)
    before = {key: parameter.clone() for key, parameter in method.named_parameters()}
    for _ in range(2):  # blocks start as the identity: the first step opens them, the second moves them
        method.update(batch(), optimizer, 0.0)
    still = [key for key, parameter in method.named_parameters() if torch.equal(parameter, before[key])]
    assert not still


@pytest.mark.parametrize("name", NAMES)
def test_prediction_does_not_depend_on_the_batch(name):
    method, faces = build(name).eval(), batch().faces
    alone = method.predict(Faces(faces.pixels[1:2], faces.landmarks[1:2]))
    torch.testing.assert_close(method.predict(faces).logits[1:2], alone.logits)


@pytest.mark.parametrize("name", NAMES)
def test_learns_four_faces_by_heart(name):
    method = build(name)
    optimizer = torch.optim.Adam(method.parameters(), 0.01)
    faces = batch()
    for _ in range(40):
        method.update(faces, optimizer, 0.0)
    assert (method.predict(faces.faces).label == faces.label).all()


@pytest.mark.parametrize("name", NAMES)
def test_state_survives_a_round_trip(name):
    method, other = build(name).eval(), build(name).eval()
    method.update(batch(), torch.optim.SGD(method.parameters(), 0.1), 0.0)
    other.load_state_dict(method.state_dict())
    faces = batch().faces
    torch.testing.assert_close(other.predict(faces).logits, method.predict(faces).logits)


@pytest.mark.parametrize("name", NAMES)
def test_votes_are_used_not_only_their_winner(name):
    method, faces = build(name), batch()
    shared = LabelledFaces(faces.faces, 0.6 * faces.expression + 0.4 / 8)
    assert not torch.equal(
        method.objective(faces, 0.0)["expression"], method.objective(shared, 0.0)["expression"]
    )
