"""What every method of the catalogue must keep, before its author writes a test."""

import pytest
import torch

from facsight import catalog
from facsight.core.batch import Faces, LabelledFaces
from facsight.core.labels import FERPLUS
from facsight.facs.guide import Guide
from facsight.nn.weights import HEADS, build_network
from facsight.recipe import takes_guide
from planted_batch import batch

RESNET = {"name": "small_resnet", "widths": (8, 12, 16), "blocks": (1, 1, 1), "stem": 4}
DEIT = {"name": "small_deit", "width": 16, "depth": 2, "heads": 2}
#: What needs a vision transformer.
TOKENS = {"ts_cam", "masked_autoencoder"}
#: Methods that need a head of their own; the others work under any.
OWN_HEAD = {"acol": "two_branches", "unit_guidance": "per_unit"}
#: Heads that plain guidance trains in full: a second branch only learns by its own method.
PLAIN_HEADS = sorted(HEADS.keys() - {"two_branches"})

METHODS = [(name, OWN_HEAD.get(name, "gap")) for name in sorted(catalog.METHODS)]
PAIRS = METHODS + [("action_units", head) for head in PLAIN_HEADS if head != "gap"]
NAMES = [
    pytest.param((name, head, weight), id=f"{name}-{head}-{weight}")
    for name, head in PAIRS
    for weight in ((0.0, 2.0) if takes_guide(catalog.load("methods", name)) else (0.0,))
]


def build(case):
    name, head, weight = case
    torch.manual_seed(0)
    network = build_network(8, head=head, dropout=0.1, **(DEIT if {name, head} & TOKENS else RESNET))
    method = catalog.load("methods", name)
    return method(network, Guide(FERPLUS.classes, weight=weight)) if takes_guide(method) else method(network)


@pytest.mark.parametrize("name", NAMES)
def test_objective_is_finite_named_and_scalar(name):
    terms = build(name).objective(batch(), 0.5)
    assert ("guidance" in terms) == (name[2] > 0)
    assert all(term.shape == () and term.isfinite() for term in terms.values())


@pytest.mark.parametrize("name", NAMES)
def test_a_few_steps_move_every_parameter(name):
    method = build(name)
    optimizer = torch.optim.SGD(method.parameters(), 0.1)
    before = {key: parameter.clone() for key, parameter in method.named_parameters()}
    # blocks start as the identity: the first step opens them, a later one moves them; one may erase or drop
    for _ in range(4):
        method.update(batch(), optimizer, 0.0)
    still = [key for key, parameter in method.named_parameters() if torch.equal(parameter, before[key])]
    assert not still


@pytest.mark.parametrize("name", NAMES)
def test_prediction_does_not_depend_on_the_batch(name):
    method, faces = build(name).eval(), batch().faces
    alone = method.predict(Faces(faces.pixels[1:2], faces.landmarks[1:2]))
    torch.testing.assert_close(method.predict(faces).logits[1:2], alone.logits)


@pytest.mark.parametrize("name", [case for case in NAMES if "masked_autoencoder" not in str(case.id)])
def test_learns_four_faces_by_heart(name):
    method = build(name)
    optimizer = torch.optim.Adam(method.parameters(), 0.01)
    faces = batch()
    for _ in range(150 if "per_unit" in name else 60):  # a bottleneck of soft maps opens slowly
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
    method, faces = build(name).eval(), batch()
    shared = LabelledFaces(faces.faces, 0.6 * faces.expression + 0.4 / 8)
    losses = []
    for given in (faces, shared):
        torch.manual_seed(0)
        losses.append(method.objective(given, 0.0)["expression"].item())
    assert losses[0] != losses[1]


@pytest.mark.parametrize("name", NAMES)
def test_randomness_follows_the_state_that_training_seeds(name):
    # so that a run that was killed goes on to the very same weights
    method, faces = build(name), batch()
    totals = []
    for seed in (1, 1):
        torch.manual_seed(seed)
        totals.append(method.objective(faces, 0.0).total.item())
    assert totals[0] == totals[1]


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_without_cues_can_still_be_learnt_from(name):
    faces = batch(("neutral", "neutral"), landmarks=torch.full((2, 68, 2), torch.nan))
    method = build(name)
    terms = method.objective(faces, 0.0)
    assert terms.get("guidance", torch.zeros(())).item() == 0
    terms.total.backward()
    assert all(p.grad.isfinite().all() for p in method.parameters() if p.grad is not None)
