"""Students of a noisy face whose teachers also hear a clean voice, where labels are few."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import torch
from torch import nn

from facsight import catalog
from facsight.core.method import SequenceMethod
from facsight.core.sequences import LabelledSequences
from facsight.data.sequence_set import SequenceSet
from facsight.data.simulated import simulate
from facsight.data.simulated.recordings import AFFECT
from facsight.data.windows import WindowPlan, Windows
from facsight.functional.agreement import concordance
from facsight.fusion.concatenation import Concatenation
from facsight.nn.prevalent import PrevalentNetwork
from facsight.nn.sequence_network import SequenceNetwork

SIZES = {"face": 16, "voice": 12}
SPACES = (AFFECT,)
#: Options of PKDOT that were best on other seeds (100 to 102) than those that are reported.
TUNED = {"weight": 20.0, "select": "all", "points": 128}


@dataclass(frozen=True)
class Lessons:
    """How much there is to learn from: recordings with both modalities, few of them with labels.

    A step of training sees all labelled recordings and `beside` of the others. The face's noise has `noise`
    times the standard deviation of what it shows.
    """

    recordings: int = 48
    labelled: int = 1
    beside: int = 6
    tested: int = 40
    noise: float = 3.0
    steps: int = 200
    rate: float = 3e-3
    width: int = 32


@dataclass(frozen=True)
class Student:
    """How a student is taught: the method, its options, and by whom.

    `teacher` is the method that it was trained by, "random" (it knows nothing) or "none".
    """

    method: str
    imagine: bool = False
    teacher: str = "supervised_sequences"
    options: Mapping[str, Any] = field(default_factory=dict)


def pkdot(teacher: str = "supervised_sequences", **options: Any) -> Student:
    """A student that imagines the voice; 64 steps stand for a batch unless told otherwise."""
    return Student("optimal_transport", True, teacher, {"points": 64} | options)


STUDENTS = {
    "no teacher": Student("supervised_sequences", teacher="none"),
    "logits": Student("logit_distillation"),
    "logits, tuned": Student("logit_distillation", options={"weight": 10.0}),
    "features": Student("feature_distillation"),
    "similarity": Student("similarity_distillation"),
    "similarity, tuned": Student("similarity_distillation", options={"weight": 30.0}),
    "PKDOT": pkdot(),
    "PKDOT, weight 20": pkdot(weight=20.0),
    "PKDOT, weight 20, least alike": pkdot(weight=20.0, select="least"),
    "PKDOT, tuned": pkdot(**TUNED),
    "imagination alone": pkdot(weight=0.0),
    "structure alone, weight 20": pkdot(weight=20.0, imagining=0.0),
    "multi-teacher, weight 20": Student(
        "multi_teacher", True, "teacher_alignment", {"weight": 20.0, "points": 64}
    ),
    "logits, random teacher": Student("logit_distillation", teacher="random"),
    "PKDOT, random teacher": pkdot("random"),
    "PKDOT, tuned, random teacher": pkdot("random", **TUNED),
}


def batch_of(recordings: SequenceSet) -> LabelledSequences:
    """All recordings at once, whole."""
    return next(Windows(recordings, WindowPlan()).batches(len(recordings)))


@cache
def lessons(seed: int, plan: Lessons) -> tuple[LabelledSequences, LabelledSequences]:
    """Training and test recordings, of other people; only the first few for training have labels."""
    generator = torch.Generator().manual_seed(seed)
    options: dict[str, Any] = {"scenario": "privileged", "noise": plan.noise, "generator": generator}
    train = batch_of(simulate(plan.recordings, people=1000 * seed, **options))
    test = batch_of(simulate(plan.tested, people=1000 * seed + 500, **options))
    truth = train.truth[AFFECT.name].clone()
    truth[plan.labelled :] = torch.nan
    return replace(train, truth={AFFECT.name: truth}), test


def whole(plan: Lessons) -> SequenceNetwork:
    return SequenceNetwork(Concatenation(SIZES, width=plan.width), {AFFECT.name: len(AFFECT)})


def trained(method: SequenceMethod, data: LabelledSequences, plan: Lessons, seed: int) -> SequenceMethod:
    """A plain loop of its own: the labelled recordings and some of the others, step by step."""
    optimizer = torch.optim.AdamW(method.parameters(), lr=plan.rate, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, plan.steps)
    generator = torch.Generator().manual_seed(seed)
    for step in range(plan.steps):
        others = torch.randperm(len(data) - plan.labelled, generator=generator)[: plan.beside]
        rows = torch.cat([torch.arange(plan.labelled), plan.labelled + others])
        method.train()
        method.update(some(data, rows), optimizer, step / plan.steps)
        schedule.step()
    return method.eval()


def some(data: LabelledSequences, rows: torch.Tensor) -> LabelledSequences:
    """The recordings with these numbers."""
    seen = data.sequences
    return LabelledSequences(
        replace(
            seen,
            streams={name: stream[rows] for name, stream in seen.streams.items()},
            known={name: known[rows] for name, known in seen.known.items()},
            inside=seen.inside[rows],
        ),
        {name: truth[rows] for name, truth in data.truth.items()},
    )


@cache
def teacher(seed: int, plan: Lessons, method: str = "supervised_sequences") -> SequenceNetwork:
    """A network of both modalities, trained on the labelled recordings."""
    torch.manual_seed(seed)
    network = whole(plan)
    trained(
        catalog.load("sequence_methods", method)(network, spaces=SPACES), lessons(seed, plan)[0], plan, seed
    )
    return network


def taught(student: Student, seed: int, plan: Lessons) -> nn.Module:
    """The student's network after its lessons."""
    torch.manual_seed(1000 + seed)
    network = PrevalentNetwork(whole(plan), SIZES, prevalent=["face"], imagine=student.imagine, width=64)
    options = dict(student.options)
    if student.teacher != "none":
        options["teacher"] = (
            whole(plan) if student.teacher == "random" else teacher(seed, plan, student.teacher)
        )
    method = catalog.load("sequence_methods", student.method)(network, spaces=SPACES, **options)
    trained(method, lessons(seed, plan)[0], plan, seed)
    return network


def score(network: nn.Module, seed: int, plan: Lessons) -> float:
    """Pooled concordance with the labels of the test recordings, mean of valence and arousal."""
    test = lessons(seed, plan)[1]
    with torch.no_grad():
        said = network(test.sequences).outputs[AFFECT.name]
    truth = test.truth[AFFECT.name]
    return float(concordance(said.flatten(0, 1).T, truth.flatten(0, 1).T).mean())
