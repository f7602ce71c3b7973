"""What every way of distilling keeps: it moves the student and never the teacher."""

import copy
import inspect

import pytest
import torch

from facsight import catalog
from facsight.core.errors import BadRecipe
from facsight.core.labels import LabelSpace
from facsight.core.sequences import LabelledSequences
from facsight.fusion.concatenation import Concatenation
from facsight.methods.distillation.optimal_transport import OptimalTransportDistillation
from facsight.nn.prevalent import PrevalentNetwork, imagining_cost, teach
from facsight.nn.sequence_network import SequenceNetwork
from fusion_windows import windows_of

SIZES = {"face": 4, "audio": 3}
SPACES = (
    LabelSpace("affect", ("valence", "arousal"), kind="values", low=-1.0, high=1.0),
    LabelSpace("mood", ("low", "high")),
    LabelSpace("units", ("AU01",), kind="units"),
)
DISTILLATIONS = [
    name
    for name in catalog.SEQUENCE_METHODS
    if "teacher" in inspect.signature(catalog.load("sequence_methods", name)).parameters
]
#: Those with a student that imagines, and their options for small batches.
IMAGINING = {"optimal_transport": {"anchors": 5}, "multi_teacher": {"anchors": 5}}
EVERY = pytest.mark.parametrize("name", DISTILLATIONS)


def whole(seed):
    torch.manual_seed(seed)
    fusion = Concatenation(SIZES, width=8, dropout=0.0)
    return SequenceNetwork(fusion, {space.name: len(space) for space in SPACES})


def made(name, **options):
    student = PrevalentNetwork(whole(1), SIZES, prevalent=["face"], imagine=name in IMAGINING)
    options = IMAGINING.get(name, {}) | options
    return catalog.load("sequence_methods", name)(student, spaces=SPACES, teacher=whole(2), **options)


def batch():
    windows = windows_of(SIZES, batch=6, generator=torch.Generator().manual_seed(0), dtype=torch.float32)
    shape = windows.inside.shape
    truth = {
        "affect": torch.randn(*shape, 2),
        "mood": torch.eye(2)[torch.randint(2, shape)],
        "units": torch.randint(2, (*shape, 1)).float(),
    }
    for labels in truth.values():
        labels[~windows.inside] = torch.nan
    return LabelledSequences(windows, truth)


@EVERY
def test_every_term_moves_the_student_and_none_the_teacher(name):
    method = made(name)
    before = copy.deepcopy(method.teacher[0].state_dict())
    terms = method(batch(), 0.0)
    assert set(terms) > {space.name for space in SPACES}
    for label, term in terms.items():
        gradients = torch.autograd.grad(term, list(method.parameters()), retain_graph=True, allow_unused=True)
        assert any(g is not None and g.abs().sum() > 0 for g in gradients), label
    optimizer = torch.optim.SGD(method.parameters(), lr=0.1)
    method.update(batch(), optimizer, 0.0)
    assert all(torch.equal(before[key], value) for key, value in method.teacher[0].state_dict().items())
    assert not [key for key in method.state_dict() if "teacher" in key]


@EVERY
def test_labels_that_are_not_known_leave_what_the_teacher_knows(name):
    method, data = made(name), batch()
    nothing = {space: torch.full_like(labels, torch.nan) for space, labels in data.truth.items()}
    terms = method(LabelledSequences(data.sequences, nothing), 0.0)
    assert all(terms[space.name] == 0 for space in SPACES)
    assert terms.total > 0


def test_a_student_that_says_what_its_teacher_says_pays_nothing_for_it():
    """Every cost of the teacher is at its least; for shares and probabilities that is their own entropy."""
    method, data = made("logit_distillation"), batch()
    method.network.network.load_state_dict(method.teacher[0].state_dict())
    seen = LabelledSequences(data.sequences.missing(["audio"]), data.truth)
    terms = method(seen, 0.0)
    assert terms["affect_taught"].item() == pytest.approx(0, abs=1e-10)
    assert terms["mood_taught"].item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("name", IMAGINING)
def test_too_few_points_for_the_anchors_are_told(name):
    with pytest.raises(BadRecipe, match="anchors among"):
        made(name, anchors=500)(batch(), 0.0)


@EVERY
def test_each_term_moves_what_it_is_about(name):
    """The labels and the teacher's knowledge reach the encoders and fusion; imagining only what imagines."""
    method = made(name)
    terms = method(batch(), 0.0)
    parts = {key.split(".")[1] for key, _ in method.named_parameters() if key.startswith("network.")}
    assert parts == ({"network", "imagined"} if name in IMAGINING else {"network"})
    for label, term in terms.items():
        moved = reached(term, method.network)
        if label == "imagining":
            assert {key.split(".")[0] for key in moved} == {"imagined"}
        else:
            assert any(key.startswith("network.fusion") for key in moved), label
            assert any(key.startswith("imagined") for key in moved) == (name in IMAGINING), label


def reached(term, network):
    """The parameters that a term has a gradient for."""
    names, parameters = zip(*network.named_parameters(), strict=True)
    gradients = torch.autograd.grad(term, parameters, retain_graph=True, allow_unused=True)
    return [key for key, g in zip(names, gradients, strict=True) if g is not None and g.abs().sum() > 0]


@EVERY
def test_the_teacher_is_in_evaluation_whatever_the_student_is(name):
    method = made(name).train()
    method.update(batch(), torch.optim.SGD(method.parameters(), lr=0.1), 0.0)
    assert not method.teacher[0].training
    assert all(parameter.grad is None for parameter in method.teacher[0].parameters())
    teachers = set(map(id, method.teacher[0].parameters()))
    assert not teachers & set(map(id, method.parameters()))


@EVERY
def test_the_student_is_asked_without_what_it_will_not_have(name):
    method, seen = made(name).eval(), batch().sequences
    with torch.no_grad():
        whole_said, alone = method.predict(seen), method.predict(seen.only(["face"]))
    for space in SPACES:
        assert torch.equal(whole_said.outputs[space.name], alone.outputs[space.name])


def test_imagining_the_mean_costs_one():
    student, data = made("optimal_transport").network, batch().sequences
    known, _ = teach(whole(3), data)
    for layers in student.imagined.values():
        torch.nn.init.zeros_(layers.layers[-1].weight)
        there = data.known["audio"] & data.known["face"]
        with torch.no_grad():
            layers.layers[-1].bias.copy_(known.streams["audio"][there].mean(dim=0))
    assert imagining_cost(student, student.encode(data), known).item() == pytest.approx(1.0, abs=1e-5)


def test_what_is_imagined_learns_what_can_be_known():
    """Planted: the voice is a linear function of the face, so imagining it must beat the mean by far."""
    torch.manual_seed(0)
    student = PrevalentNetwork(whole(1), SIZES, prevalent=["face"], imagine=True)
    mix, teacher = torch.randn(4, 3), whole(2)
    optimizer = torch.optim.Adam(student.parameters(), lr=1e-2)
    for step in range(150):
        data = windows_of(
            SIZES, batch=16, generator=torch.Generator().manual_seed(step), dtype=torch.float32, gaps=False
        )
        data = data.encoded({"face": data.streams["face"], "audio": data.streams["face"] @ mix})
        known, _ = teach(teacher, data)
        cost = imagining_cost(student, student.encode(data), known)
        optimizer.zero_grad()
        cost.backward()
        optimizer.step()
    assert cost.item() < 0.1


def test_the_method_is_saved_with_its_student_only():
    method = made("optimal_transport")
    assert isinstance(method, OptimalTransportDistillation)
    assert {key.split(".")[0] for key in method.state_dict()} == {"network"}
