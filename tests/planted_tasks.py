"""Three tasks of planted overlap and label quality: learnt alone, together, from donors and along time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import nn

from facsight import catalog
from facsight.core.sequences import SequencePrediction, Sequences
from facsight.data.joining import join
from facsight.data.samplers import sampling_weights
from facsight.data.sequence_parts import labelled_with
from facsight.data.sequence_set import SequenceSet
from facsight.data.simulated import TASKS, simulate_tasks
from facsight.data.windows import WindowPlan, Windows
from facsight.fusion.concatenation import Concatenation
from facsight.nn.donors import AnyNetwork, DonatedNetwork
from facsight.nn.sequence_network import SequenceNetwork
from facsight.nn.temporal.temporal_convergence import TemporalConvergence
from facsight.training.sequence_scoring import predict_windows, quick_scores

NAMES = tuple(TASKS)
#: The ways to weigh tasks that are compared; units, of which there are many labels, may weigh more.
WAYS: dict[str, dict[str, Any]] = {
    "weights 1": {},
    "units weigh 3": {"weights": {"planted_units": 3.0}},
    "uncertainty": {"method": "uncertainty_weights"},
    "gradient norm": {"method": "gradient_norm"},
}


@dataclass(frozen=True)
class Lessons:
    """What there is to learn from, and how: recordings of 16 s.

    Unless told otherwise units are labelled everywhere, affect in a tenth of the recordings, expression in a
    tenth and half of that wrongly. `datasets`: two of so many recordings, of different people, the first with
    labels of expression only, the second with those of affect; `balance` is how evenly they are drawn.
    """

    overlap: str = "shared"
    labelled: Mapping[str, float] = field(default_factory=lambda: {"affect": 0.1, "expression": 0.1})
    doubt: Mapping[str, float] = field(default_factory=lambda: {"expression": 0.5})
    fast: Sequence[str] = ()
    recordings: int = 60
    tested: int = 40
    noise: float = 0.3
    steps: int = 250
    batch: int = 8
    rate: float = 3e-3
    width: int = 96
    datasets: Mapping[str, int] = field(default_factory=dict)
    balance: float = 0.0


#: Every task is labelled in a few recordings, each in others.
SCARCE = Lessons(labelled=dict.fromkeys(NAMES, 0.15), doubt={})
#: Every task has causes of its own, and labels everywhere.
APART = Lessons(overlap="apart", labelled={}, doubt={})
#: The same with more noise, which time can average out, and units that are new in every step.
IN_TIME = replace(APART, noise=1.0, fast=("units",))

#: Two small datasets, each with labels of one task by the same causes.
TWO = Lessons(datasets={"expression": 12, "affect": 12})
#: One large and one small.
UNEQUAL = Lessons(datasets={"expression": 60, "affect": 6})
#: Nine noisy recordings with labels of expression, half of them wrong, and of affect: a weak donor has seen
#: what the network is trained on, and no more.
FEW = Lessons(labelled={}, doubt={"expression": 0.5}, recordings=9, noise=0.6)
#: The same with labels of expression that say nothing.
WRONG = replace(FEW, doubt={"expression": 1.0})
#: Recordings enough for a strong donor.
MANY = replace(FEW, doubt={}, recordings=60)


class Silent(nn.Module):
    """A donor that gives nothing: what is left are the two layers that come along with donors."""

    def __init__(self, like: AnyNetwork):
        super().__init__()
        self.like, self.size = like, like.size

    def forward(self, sequences: Sequences) -> SequencePrediction:
        said = self.like(sequences)
        return replace(said, fused=torch.zeros_like(said.fused))


def recordings(seed: int, plan: Lessons) -> tuple[SequenceSet, SequenceSet]:
    """Recordings for training, and whole ones of other people to be scored on."""
    draw = torch.Generator().manual_seed(seed)
    shared: dict[str, Any] = {
        "generator": draw,
        "overlap": plan.overlap,
        "noise": plan.noise,
        "fast": plan.fast,
    }
    if plan.datasets:
        own = {
            task: simulate_tasks(size, people=1000 * seed + 250 * k, **shared)
            for k, (task, size) in enumerate(plan.datasets.items())
        }
        train = join("two", {task: labelled_with(one, [TASKS[task].name]) for task, one in own.items()})
    else:
        train = simulate_tasks(
            plan.recordings, labelled=plan.labelled, doubt=plan.doubt, people=1000 * seed, **shared
        )
    return train, simulate_tasks(plan.tested, people=1000 * seed + 500, **shared)


def learnt(
    tasks: Sequence[str],
    seed: int,
    plan: Lessons,
    *,
    donors: Sequence[nn.Module] = (),
    temporal: bool = False,
    method: str = "supervised_sequences",
    **options: Any,
) -> AnyNetwork:
    """A network of some tasks, after a plain loop of its own over the recordings with a label of them."""
    train = labelled_with(recordings(seed, plan)[0], [TASKS[task].name for task in tasks])
    torch.manual_seed(seed)
    network: AnyNetwork = SequenceNetwork(
        Concatenation({"face": 24}, width=plan.width),
        {space.name: len(space) for space in train.spaces},
        temporal=TemporalConvergence(plan.width, size=plan.width) if temporal else None,
    )
    if donors:
        network = DonatedNetwork(network, donors)
    way = catalog.load("sequence_methods", method)(network, spaces=train.spaces, **options)
    trained = [p for p in way.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=plan.rate, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, plan.steps)
    windows = Windows(train, WindowPlan(), groups="tasks")
    draw = torch.Generator().manual_seed(seed)
    chances = sampling_weights(windows.labels(), balance=plan.balance)
    for step in range(plan.steps):
        rows = torch.randperm(len(windows), generator=draw)[: plan.batch]
        if plan.balance:
            rows = torch.multinomial(chances, plan.batch, generator=draw)
        way.train()
        way.update(windows(rows, draw), optimizer, step / plan.steps)
        schedule.step()
    return network.eval()


def scores(network: AnyNetwork, tasks: Sequence[str], seed: int, plan: Lessons) -> dict[str, float]:
    """By task: CCC, mean of valence and arousal; macro F1 of expression and of units."""
    test = recordings(seed, plan)[1]
    found = {}
    for task in tasks:
        own = replace(test, spaces=(TASKS[task],))
        said = quick_scores(predict_windows(network, Windows(own, WindowPlan())), own)
        found[task] = (
            (said["valence_ccc"] + said["arousal_ccc"]) / 2 if task == "affect" else said["macro_f1"]
        )
    return found


def score(task: str, seed: int, plan: Lessons, *, beside: Sequence[str] = (), **options: Any) -> float:
    """The score of a task that is learnt, with others beside it if there are any."""
    tasks = [task, *beside]
    return scores(learnt(tasks, seed, plan, **options), [task], seed, plan)[task]
