"""Recordings of a face with labels of three tasks: what they share and how good labels are is planted."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from facsight.core.errors import BadLabels, did_you_mean
from facsight.core.labels import LabelSpace
from facsight.data.sequence_set import Recording, SequenceSet
from facsight.data.simulated.recordings import EACH, SIGNS, STEP, style, waves

Overlap = Literal["shared", "apart"]

#: The label space of each task: classes, values and units.
TASKS = {
    "expression": LabelSpace("planted_expression", ("calm", "tense", "sad", "glad")),
    "affect": LabelSpace("planted_affect", ("valence", "arousal"), kind="values", low=-1.0, high=1.0),
    "units": LabelSpace("planted_units", ("AU05", "AU12", "AU15", "AU43"), kind="units"),
}
#: Features of a step, and the bent looks at the causes that they are mixed from.
FEATURES, LOOKS = 24, 48
#: How much of a cause shows a unit: of a standard normal cause in 31 % of the steps.
SHOWN = 0.5


def simulate_tasks(
    recordings: int,
    *,
    generator: torch.Generator,
    overlap: Overlap = "shared",
    steps: int = 64,
    noise: float = 0.5,
    labelled: Mapping[str, float] | None = None,
    doubt: Mapping[str, float] | None = None,
    fast: Sequence[str] = (),
    people: int = 0,
    name: str = "simulated-tasks",
) -> SequenceSet:
    r"""Recordings of one modality, "face", three a person, numbered from person `people` on.

    Six causes :math:`u` of standard deviation 1, a pair for each task, lie behind :math:`x = B \sin(A u + b)`
    plus noise of standard deviation `noise` and what a person's features are like. A task is told by a pair
    of causes: expression is their quadrant, affect the hyperbolic tangent of each, and a unit is shown where
    one is above `SHOWN` or below the opposite. `overlap` "apart": each task by its own pair, "shared": all by
    the pair of affect, the others being there, too, and telling nothing.

    Causes are slow waves; those of the tasks in `fast` are new in every step. Of each task exactly the share
    `labelled` of the recordings has labels, drawn for each task by itself, and a share `doubt` of these steps
    has the label of another step.
    """
    for given in (labelled or {}, doubt or {}, fast):
        _check_names(given)
    if overlap == "shared" and fast:
        raise BadLabels(
            f"tasks with shared causes are all as slow: expected no fast ones, found {list(fast)}"
        )
    made = [
        _recording(f"recording {k}", people + k // EACH, steps, noise, (overlap, fast), generator)
        for k in range(recordings)
    ]
    for task in TASKS:
        made = _doubted(made, task, (doubt or {}).get(task, 0.0), generator)
        made = _kept(made, task, (labelled or {}).get(task, 1.0), generator)
    return SequenceSet(name, STEP, tuple(TASKS.values()), tuple(made))


def _check_names(tasks: Collection[str]) -> None:
    for task in tasks:
        if task not in TASKS:
            raise BadLabels(f"there is no planted task {task!r}: {did_you_mean(task, TASKS)}")


def _recording(
    name: str,
    person: int,
    steps: int,
    noise: float,
    told: tuple[Overlap, Collection[str]],
    generator: torch.Generator,
) -> Recording:
    overlap, fast = told
    causes = {
        task: torch.randn(steps, 2, generator=generator) if task in fast else waves(steps, generator)
        for task in TASKS
    }
    look = _look(torch.cat(list(causes.values()), dim=1))
    look = look + noise * torch.randn(look.shape, generator=generator) + style(person, FEATURES)
    truth = {
        space.name: _labels(task, causes["affect" if overlap == "shared" else task])
        for task, space in TASKS.items()
    }
    return Recording(
        name, f"person {person}", {"face": look}, {"face": torch.ones(steps, dtype=torch.bool)}, truth
    )


def _look(causes: Float[Tensor, "step cause=6"]) -> Float[Tensor, "step feature"]:
    """What the causes look like: each feature has a standard deviation of about 1."""
    fixed = torch.Generator().manual_seed(20_260)  # the same features in training and test
    turn = torch.randn(causes.shape[1], LOOKS, generator=fixed) * 0.7
    shift = 2 * torch.pi * torch.rand(LOOKS, generator=fixed)
    mix = torch.randn(LOOKS, FEATURES, generator=fixed) * (2 / LOOKS) ** 0.5
    return torch.sin(causes @ turn + shift) @ mix


def _labels(task: str, causes: Float[Tensor, "step 2"]) -> Float[Tensor, "step column"]:
    if task == "affect":
        return causes.tanh()
    if task == "expression":
        same = (causes > 0)[:, None] == (torch.tensor(SIGNS) > 0)
        return same.all(dim=2).float()
    valence, arousal = causes.unbind(dim=1)
    return (torch.stack([arousal, valence, -valence, -arousal], dim=1) > SHOWN).float()


def _doubted(made: list[Recording], task: str, share: float, generator: torch.Generator) -> list[Recording]:
    """The recordings with the labels of a share of all steps dealt out among these steps."""
    if not share:
        return made
    space = TASKS[task].name
    labels = torch.cat([one.truth[space] for one in made])
    wrong = torch.randperm(len(labels), generator=generator)[: round(share * len(labels))]
    labels[wrong] = labels[wrong[torch.randperm(len(wrong), generator=generator)]]
    parts = labels.split([one.steps for one in made])
    return [replace(one, truth={**one.truth, space: part}) for one, part in zip(made, parts, strict=True)]


def _kept(made: list[Recording], task: str, share: float, generator: torch.Generator) -> list[Recording]:
    """The recordings of which only a share has labels of the task."""
    space = TASKS[task].name
    kept = set(torch.randperm(len(made), generator=generator)[: round(share * len(made))].tolist())
    return [
        one
        if k in kept
        else replace(one, truth={**one.truth, space: torch.full_like(one.truth[space], torch.nan)})
        for k, one in enumerate(made)
    ]
