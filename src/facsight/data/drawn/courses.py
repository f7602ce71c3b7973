"""Courses in time as landmarks: recordings that only the order of moments tells apart."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from facsight.core.errors import BadLabels, did_you_mean
from facsight.core.labels import LabelSpace
from facsight.data.drawn.expressions import PROTOTYPES, probabilities
from facsight.data.drawn.faces import SCENARIO_SPACE
from facsight.data.drawn.persons import people
from facsight.data.drawn.scene import STUDIO_PLACEMENT, studio
from facsight.data.drawn.shape import landmarks
from facsight.data.drawn.template import ACTION_UNITS
from facsight.data.sequence_set import Recording, SequenceSet
from facsight.functional.face_points import in_face_units

#: The modality has the name and the numbers that `facsight prepare --features face:landmarks` gives.
MODALITY = "face:landmarks"
#: Seconds of a step, and the first person of each split.
STEP = 0.04
FIRST = {"train": 0, "val": 100_000, "test": 200_000}

COURSES = LabelSpace("drawn_course", ("sudden", "gradual", "blinks", "closure"), column="course")
_RISE = (0.4, 0.8, 1.0, 1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)
_BLINK, _PAUSE = (0.5, 1.0, 0.5), (0.0,) * 5
#: How strongly a course shows what it shows, step by step. The first two are each other backwards; the last
#: two hold the same steps in another order.
SHOWN: dict[str, Sequence[float]] = {
    "sudden": _RISE,
    "gradual": _RISE[::-1],
    "blinks": (*_BLINK, *_PAUSE, *_BLINK, *_PAUSE, *_BLINK),
    "closure": (*(0.5,) * 3, *(1.0,) * 3, *(0.5,) * 3),
}
#: Pixels of the pictures that points are measured in, and largest turn and nod of a head, degrees.
_SIDE, _TURN = 100, (12.0, 8.0, 10.0)


def draw_courses(
    n: int,
    *,
    generator: torch.Generator,
    steps: int = 64,
    tremble: float = 0.01,
    first: int = 0,
    name: str = "drawn-courses",
) -> SequenceSet:
    """Landmarks of `n` people, from number `first` on, each with one course somewhere in so many steps.

    The first two courses show one of four expressions, which says nothing of the label; the others close the
    eyes. Heads turn slowly, and points `tremble` by so much of the distance between the eyes (a standard
    deviation).

    >>> drawn = draw_courses(2, generator=torch.Generator().manual_seed(0))
    >>> drawn.recordings[0].streams["face:landmarks"].shape
    torch.Size([64, 136])
    """
    longest = max(map(len, SHOWN.values()))
    if steps < longest:
        raise BadLabels(f"a recording has room for a course of {longest} steps, found {steps} steps")
    label = torch.randint(len(COURSES), (n,), generator=generator)
    shown = torch.stack([_course(COURSES.classes[k], steps, generator) for k in label.tolist()])
    points = _points(label, shown, first, generator)
    unit = _SIDE * STUDIO_PLACEMENT[2]
    points = points + tremble * unit * torch.randn(points.shape, generator=generator)
    streams = in_face_units(points).flatten(1).unflatten(0, (n, steps))
    made = [
        Recording(
            f"course {first + k}",
            f"person {first + k}",
            {MODALITY: streams[k]},
            {MODALITY: torch.ones(steps, dtype=torch.bool)},
            {COURSES.name: torch.eye(len(COURSES))[label[k]]},
        )
        for k in range(n)
    ]
    return SequenceSet(name, STEP, (COURSES,), tuple(made))


def load_drawn_courses(
    *, split: str, recordings: int = 240, steps: int = 64, tremble: float = 0.01, series: int = 0
) -> SequenceSet:
    """Drawn courses for recipes; the same numbers give the same ones, and nobody is in two splits.

    `recordings` is the number for training, the other splits have half of it; `series` draws others.
    """
    if split not in FIRST:
        raise BadLabels(f"drawn courses have no split {split!r}: {did_you_mean(split, FIRST)}")
    return draw_courses(
        recordings if split == "train" else max(1, recordings // 2),
        generator=torch.Generator().manual_seed(10 * series + list(FIRST).index(split)),
        steps=steps,
        tremble=tremble,
        first=FIRST[split],
        name=f"drawn-courses-{split}",
    )


def _course(name: str, steps: int, generator: torch.Generator) -> Float[Tensor, "step"]:
    """How strongly each step shows it: 0 but for the course, which begins anywhere."""
    shown = torch.tensor(SHOWN[name])
    start = int(torch.randint(steps - len(shown) + 1, (), generator=generator))
    return torch.nn.functional.pad(shown, (start, steps - len(shown) - start))


def _points(
    label: Tensor, shown: Float[Tensor, "n step"], first: int, generator: torch.Generator
) -> Float[Tensor, "n_step 68 2"]:
    """The points of every step, recording after recording, in pixels."""
    n, steps = shown.shape
    table = probabilities(PROTOTYPES, SCENARIO_SPACE.classes)
    full = (table * (table > 0.55))[torch.randint(len(table), (n,), generator=generator)]
    lids = torch.zeros(len(ACTION_UNITS))
    lids[ACTION_UNITS.index(45)] = 1.0
    full = torch.where((label >= COURSES.classes.index("blinks"))[:, None], lids, full)
    sitters = people(torch.arange(first, first + n).repeat_interleave(steps))
    scene = replace(
        studio(n * steps, people=sitters),
        intensities=(shown[:, :, None] * full[:, None]).flatten(0, 1),
        pose=_drift(n, steps, generator).flatten(0, 1),
    )
    return landmarks(scene, _SIDE)


def _drift(n: int, steps: int, generator: torch.Generator) -> Float[Tensor, "n step 3"]:
    """Yaw, pitch and roll that go from one pose to another."""
    ends = (2 * torch.rand(2, n, 1, 3, generator=generator) - 1) * torch.tensor(_TURN)
    return torch.lerp(ends[0], ends[1], torch.linspace(0, 1, steps)[:, None])
