"""Drawn clips: a face at rest that shows an expression in a short part of a long recording."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from facsight.core.errors import BadLabels, did_you_mean
from facsight.data.drawn.conditions import Conditions, draw_scene
from facsight.data.drawn.expressions import PROTOTYPES, probabilities
from facsight.data.drawn.faces import SCENARIO_SPACE
from facsight.data.drawn.persons import average
from facsight.data.drawn.portrait import paint
from facsight.data.sequence_set import Recording, SequenceSet

#: Poses that a clip moves between, and steps that it stays in one.
POSES, STAY = 4, 6
#: Seconds of a step, and the fewest and most steps of an expression, its half-shown first and last included.
STEP, SHORTEST, LONGEST = 0.04, 8, 12
#: Action units that a face of a class shows: those that more than this share of its prototypes do, in full.
SURE = 0.55
#: By how much faces are larger than drawn ones usually are, to be told apart in few pixels.
CLOSER = 1.15
SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class DrawnClips:
    """Recordings of one modality, "face", of pictures (side, side) from 0 to 255, and where their part is.

    `part` is the first step of each expression and the step after its last.
    """

    recordings: SequenceSet
    part: Int[Tensor, "n 2"]


def draw_clips(
    n: int,
    *,
    generator: torch.Generator,
    steps: int = 96,
    size: int = 20,
    noise: float = 4.0,
    name: str = "drawn-clips",
) -> DrawnClips:
    """Clips of four expressions, each of 8 to 12 steps somewhere in so many; the rest is a face at rest.

    Everybody looks the same: what is to be learnt is when something happens, and what. The pose, the light
    and `noise`, in grey levels, vary. About 8 drawings a clip, however long.

    >>> drawn = draw_clips(2, generator=torch.Generator().manual_seed(0), steps=16)
    >>> drawn.recordings.recordings[0].streams["face"].shape, drawn.part.shape
    (torch.Size([16, 20, 20]), torch.Size([2, 2]))
    """
    if steps < LONGEST:
        raise BadLabels(f"a clip has room for an expression of {LONGEST} steps, found {steps} steps")
    label = torch.randint(len(SCENARIO_SPACE), (n,), generator=generator)
    rest, shown = _pictures(label, size, generator)
    length = torch.randint(SHORTEST, LONGEST + 1, (n,), generator=generator)
    start = (torch.rand(n, generator=generator) * (steps - length + 1)).long()
    part = torch.stack([start, start + length], dim=1)
    made = []
    for k in range(n):
        pose = torch.randint(POSES, (-(-steps // STAY),), generator=generator).repeat_interleave(STAY)[:steps]
        strength = _strength(part[k], steps)[:, None, None]
        faces = torch.lerp(rest[k, pose], shown[k, pose], strength)
        faces = (faces + noise * torch.randn(faces.shape, generator=generator)).clamp(0, 255)
        truth = {SCENARIO_SPACE.name: torch.eye(len(SCENARIO_SPACE))[label[k]]}
        known = {"face": torch.ones(steps, dtype=torch.bool)}
        made.append(Recording(f"clip {k}", None, {"face": faces}, known, truth))
    return DrawnClips(SequenceSet(name, STEP, (SCENARIO_SPACE,), tuple(made)), part)


def load_drawn_clips(
    *, split: str, clips: int = 160, steps: int = 96, size: int = 20, series: int = 0
) -> SequenceSet:
    """Drawn clips for recipes; the same numbers give the same ones.

    `clips` is the number for training, the other splits have half of it; `series` draws others.
    """
    if split not in SPLITS:
        raise BadLabels(f"drawn clips have no split {split!r}: {did_you_mean(split, SPLITS)}")
    generator = torch.Generator().manual_seed(10 * series + SPLITS.index(split))
    count = clips if split == "train" else max(1, clips // 2)
    drawn = draw_clips(count, generator=generator, steps=steps, size=size, name=f"drawn-clips-{split}")
    return drawn.recordings


def _pictures(
    label: Int[Tensor, "n"], size: int, generator: torch.Generator
) -> tuple[Float[Tensor, "n pose h w"], Float[Tensor, "n pose h w"]]:
    """Each clip's poses, at rest and with its expression."""
    table = probabilities(PROTOTYPES, SCENARIO_SPACE.classes)
    intensities = (table * (table > SURE))[label].repeat_interleave(POSES, dim=0)
    scene = draw_scene(
        average(len(intensities)), torch.zeros_like(intensities), Conditions.at(0.0), generator
    )
    scene = replace(scene, placement=scene.placement * torch.tensor([1.0, 1.0, CLOSER]))
    both = [paint(one, size=size)[0][:, 0] for one in (scene, replace(scene, intensities=intensities))]
    rest, shown = (pictures.unflatten(0, (-1, POSES)) for pictures in both)
    return rest, shown


def _strength(part: Int[Tensor, "2"], steps: int) -> Float[Tensor, "step"]:
    """1 where the expression is shown, half of it in its first and last step, 0 elsewhere."""
    time = torch.arange(steps)
    first, last = int(part[0]), int(part[1]) - 1
    full = ((time >= first) & (time <= last)).float()
    return full - 0.5 * ((time == first) | (time == last)).float()
