"""Three tasks of planted overlap and label quality: learnt alone, together, from donors and along time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import nn

from facsight import catalog
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


@dataclass(frozen=True)
class Lessons:
    """What there is to learn from, and how: recordings of 16 s, of few of which affect is labelled."""

    overlap: str = "shared"
    labelled: Mapping[str, float] = field(default_factory=lambda: {"affect": 0.1, "expression": 0.1})
    doubt: Mapping[str, float] = field(default_factory=dict)
    fast: Sequence[str] = ()
    recordings: int = 60
    tested: int = 40
    noise: float = 0.3
    steps: int = 300
    batch: int = 8
    rate: float = 3e-3
    width: int = 32


def recordings(seed: int, plan: Lessons) -> tuple[SequenceSet, SequenceSet]:
    """Recordings for training, and whole ones of other people to be scored on."""
    draw = torch.Generator().manual_seed(seed)
    shared: dict[str, Any] = {
        "generator": draw,
        "overlap": plan.overlap,
        "noise": plan.noise,
        "fast": plan.fast,
    }
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
    windows, draw = Windows(train, WindowPlan()), torch.Generator().manual_seed(seed)
    for step in range(plan.steps):
        rows = torch.randperm(len(windows), generator=draw)[: plan.batch]
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
