"""Drawn faces whose action units go together in a known way, some of them hidden, and known to be."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from facsight.data.drawn.conditions import Conditions, draw_scene
from facsight.data.drawn.cooccurrence import Cooccurrence
from facsight.data.drawn.faces import DrawnFaces
from facsight.data.drawn.persons import people as people_of
from facsight.data.drawn.portrait import as_bytes, paint
from facsight.data.drawn.scene import Scene
from facsight.data.drawn.template import ACTION_UNITS
from facsight.data.unit_set import UnitSet

#: Ten units. Each pair has one unit above and one below the nose, so that what hides one leaves the other;
#: the two that are in no pair are controls. The pairs are ours, for drawing, and measure nothing.
PAIRED = Cooccurrence(
    action_units=(2, 4, 5, 6, 9, 12, 15, 17, 20, 26),
    pairs=((2, 26, 0.3), (4, 17, 0.3), (5, 20, 0.3), (6, 12, 0.3)),
    rate=0.35,
)


@dataclass(frozen=True)
class DrawnUnits:
    """A unit set, the scene behind each face, and which unit is hidden on it.

    `occluded` is a column of the set's units, -1 where nothing is hidden.
    """

    units: UnitSet
    scene: Scene
    occluded: Int[Tensor, "n"]

    def __len__(self) -> int:
        return len(self.units)

    @property
    def hidden(self) -> Bool[Tensor, "n unit"]:
        """The same as a table."""
        return self.occluded[:, None] == torch.arange(len(self.units.action_units))

    def subset(self, indices: Sequence[int] | Tensor) -> "DrawnUnits":
        """The faces at `indices`, in that order; a boolean tensor keeps the faces where it is true."""
        chosen = torch.as_tensor(indices)
        chosen = chosen.nonzero().squeeze(1) if chosen.dtype == torch.bool else chosen.long()
        return DrawnUnits(self.units.subset(chosen), self.scene.rows(chosen), self.occluded[chosen])


def draw_units(
    n: int,
    *,
    generator: torch.Generator,
    size: int = 48,
    table: Cooccurrence = PAIRED,
    people: Sequence[int] = range(1000),
    difficulty: float | Conditions = 0.3,
    occluded: float = 0.5,
) -> DrawnUnits:
    """Faces that show units by `table`; on a share `occluded` of them one unit, by lot, is hidden.

    What hides a unit is an opaque patch over every pixel that the unit changes on that face, and one more
    around: the picture is the same, to the last grey level, whether the unit is there or not. Other units
    whose places the patch covers are hidden in part. `presence` is 1 where the scene shows a unit, hidden or
    not; units shown have strengths from the conditions' weakest to 1, no others stray in. Two to three times
    the cost of `draw_faces`.

    >>> drawn = draw_units(4, generator=torch.Generator().manual_seed(0), size=32, occluded=1.0)
    >>> drawn.units.presence.shape, bool((drawn.occluded >= 0).all())
    (torch.Size([4, 10]), True)
    """
    conditions = difficulty if isinstance(difficulty, Conditions) else Conditions.at(difficulty)
    numbers = torch.tensor(list(people))
    sitters = people_of(numbers[torch.randint(len(numbers), (n,), generator=generator)])
    shown = table.draw(n, generator)
    strength = conditions.weakest + (1 - conditions.weakest) * torch.rand(shown.shape, generator=generator)
    columns = [ACTION_UNITS.index(unit) for unit in table.action_units]
    intensities = torch.zeros(n, len(ACTION_UNITS))
    intensities[:, columns] = strength * shown
    scene = draw_scene(sitters, intensities, conditions, generator)
    which = torch.randint(len(columns), (n,), generator=generator)
    occluded_unit = torch.where(torch.rand(n, generator=generator) < occluded, which, -1)
    tone = 255 * torch.rand(n, 1, 1, 1, generator=generator)
    noise = conditions.noise * torch.randn(n, 1, size, size, generator=generator)
    pictures, landmarks = paint(scene, size=size)
    patch = _patches(scene, occluded_unit, columns, strength, size)
    units = UnitSet(
        name="drawn-units",
        action_units=table.action_units,
        images=as_bytes(torch.where(patch, tone, pictures) + noise),
        landmarks=landmarks,
        presence=shown.float(),
        person=sitters.identity,
        ids=tuple(f"drawn/{row}-person{person}" for row, person in enumerate(sitters.identity.tolist())),
    )
    return DrawnUnits(units, scene, occluded_unit)


def units_of(drawn: DrawnFaces, action_units: Sequence[int]) -> UnitSet:
    """The action units that faces drawn by expression show, strays too; the expression is known beside."""
    columns = [ACTION_UNITS.index(unit) for unit in action_units]
    return UnitSet(
        name=f"{drawn.faces.name}-units",
        action_units=tuple(action_units),
        images=drawn.faces.images,
        landmarks=drawn.faces.landmarks,
        presence=(drawn.intensities[:, columns] > 0).float(),
        person=drawn.identity,
        ids=drawn.faces.ids,
        space=drawn.faces.space,
        expression=drawn.faces.expression,
    )


def _patches(
    scene: Scene,
    occluded: Int[Tensor, "n"],
    columns: Sequence[int],
    strength: Float[Tensor, "n unit"],
    size: int,
) -> Bool[Tensor, "n 1 {size} {size}"]:
    """What the hidden unit changes, at the strength that it has or would have, and a pixel around."""
    patch = torch.zeros(len(scene), 1, size, size, dtype=torch.bool)
    rows = (occluded >= 0).nonzero().squeeze(1)
    if not len(rows):
        return patch
    unit, hidden = torch.tensor(columns)[occluded[rows]], scene.rows(rows)
    pictures = []
    for level in (torch.zeros(len(rows)), strength[rows, occluded[rows]]):
        intensities = hidden.intensities.clone()
        intensities[torch.arange(len(rows)), unit] = level
        pictures.append(paint(replace(hidden, intensities=intensities), size=size)[0])
    changed = (pictures[0] != pictures[1]).float()
    patch[rows] = torch.nn.functional.max_pool2d(changed, 3, stride=1, padding=1) > 0
    return patch
