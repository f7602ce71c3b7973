import math

import pytest
import torch

from facsight import catalog
from facsight.core.batch import Faces, LabelledUnits
from facsight.core.errors import BadRecipe
from facsight.data.crops import UnitCropper
from facsight.data.drawn import Cooccurrence, draw_units
from facsight.methods.action_units.detection import UnitDetection
from facsight.nn.pixels import standardise
from facsight.nn.unit_weights import build_unit_network
from planted_batch import batch

NAN = float("nan")
UNITS = (1, 12, 26)
SMALL = {"widths": (8, 12, 16), "blocks": (1, 1, 1), "stem": 4, "dropout": 0.0}
CODED = torch.tensor([[1.0, 0.0, NAN], [0.0, 1.0, 0.4], [NAN, NAN, NAN], [1.0, 1.0, 0.0]])


def coded(presence=CODED) -> LabelledUnits:
    faces = batch().faces
    keep = Faces(faces.pixels[: len(presence)], faces.landmarks[: len(presence)])
    return LabelledUnits(keep, presence, torch.zeros(len(presence), dtype=torch.long))


def method(**options) -> UnitDetection:
    torch.manual_seed(0)
    return UnitDetection(build_unit_network(UNITS, **SMALL), **options)


def test_an_undecided_network_pays_log_2_a_coded_cell():
    undecided = method()
    with torch.no_grad():
        undecided.network.head.weight.zero_()
    assert undecided.objective(coded(), 0.0)["units"].item() == pytest.approx(math.log(2), abs=1e-6)


def test_importance_is_a_weight_of_what_is_there():
    # one face, all units there, decided at z = 0: log 2 times the mean weight
    undecided = method(importance=[1.0, 2.0, 6.0])
    with torch.no_grad():
        undecided.network.head.weight.zero_()
    told = undecided.objective(coded(torch.ones(2, 3)), 0.0)
    assert told["units"].item() == pytest.approx(3 * math.log(2), abs=1e-6)


def test_a_batch_without_labels_costs_nothing_and_moves_nothing():
    unlabelled = method()
    terms = unlabelled.objective(coded(torch.full((4, 3), NAN)), 0.0)
    terms.total.backward()
    assert terms.total.item() == 0
    assert all((p.grad == 0).all() for p in unlabelled.parameters() if p.grad is not None)


def test_a_row_without_labels_changes_nothing_of_the_others():
    # batch normalisation sees all rows: in evaluation mode rows do not hear of one another
    still = method().eval()
    labelled = torch.tensor([0, 1, 3])
    whole, faces = coded(), coded().faces
    some = LabelledUnits(Faces(faces.pixels[labelled], faces.landmarks[labelled]), CODED[labelled], labelled)
    torch.testing.assert_close(still.objective(whole, 0.0).total, still.objective(some, 0.0).total)


def test_alignment_is_a_term_that_moves_the_look_and_not_the_decision():
    aligned = method(alignment=2.0)
    terms = aligned.objective(coded(), 0.0)
    assert terms.keys() == {"units", "alignment"}
    head = aligned.network.head
    look, decision = torch.autograd.grad(
        terms["alignment"], [head.look.weight, head.weight], allow_unused=True
    )
    assert look.abs().sum() > 0
    assert decision is None
    assert method().objective(coded(), 0.0).keys() == {"units"}


def test_it_learns_four_faces_by_heart():
    learning, given = (
        method(alignment=0.5),
        coded(torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0]])),
    )
    optimizer = torch.optim.Adam(learning.parameters(), 0.01)
    for _ in range(80):
        learning.update(given, optimizer, 0.0)
    said = learning.eval().predict(given.faces).probabilities
    assert ((said > 0.5) == (given.presence > 0.5)).all()


def test_every_parameter_moves():
    learning = method(alignment=1.0)
    before = {key: value.clone() for key, value in learning.named_parameters()}
    optimizer = torch.optim.SGD(learning.parameters(), 0.1)
    for _ in range(4):
        learning.update(coded(), optimizer, 0.0)
    assert not [key for key, value in learning.named_parameters() if torch.equal(value, before[key])]


def test_options_that_cannot_be_are_refused():
    with pytest.raises(BadRecipe, match="0 or more, found -1"):
        method(alignment=-1.0)
    with pytest.raises(BadRecipe, match="importance of 3 action units, found 2"):
        method(importance=[1.0, 2.0])


def test_it_is_in_the_catalogue():
    assert catalog.load("unit_methods", "unit_detection") is UnitDetection


@pytest.mark.parametrize(("prior", "expected"), [("labels", 1.0), ("", 0.0)])
def test_training_labels_give_a_graph_its_prior_where_it_asks(prior, expected, generator):
    faces = draw_units(
        8, generator=generator, size=16, table=Cooccurrence((1, 12), ((1, 12, 0.5),), 0.5)
    ).units
    network = build_unit_network((1, 12), head="relation_graph", prior=prior, **SMALL)
    given = UnitCropper(faces, size=16, standardise=standardise)
    assert UnitDetection(network).examples(given) is given
    assert network.head.prior[0, 1].item() == expected
