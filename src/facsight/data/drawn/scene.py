"""Everything that decides a drawn picture, a row a face."""

from dataclasses import dataclass, fields, replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from facsight.data.drawn.persons import LOOKS, People, average
from facsight.data.drawn.template import ACTION_UNITS

#: Plain lighting, placement and surroundings.
STUDIO_PLACEMENT = (0.5, 0.4, 0.265)
STUDIO_LIGHT = (0.0, -0.3, 0.25)
STUDIO_EXPOSURE = (0.0, 1.0)
STUDIO_BACKGROUND = (0.45, 0.0, 0.0)
BLOBS = 3


@dataclass(frozen=True)
class Scene:
    """Who shows which action units, in which pose, light and surroundings. No randomness is left in it.

    pose        yaw, pitch, roll in degrees, signs as in `faces.HeadPose`: positive turns the nose to the
                left of the picture, lifts the nose, tilts the head counter-clockwise in the picture
    placement   x and y of the point between the eyes, and the distance between the eyes: shares of the side
    gaze        shift of the irises, x and y, in units of the distance between the eyes
    light       where the light comes from (x, y), and how strongly it models the head (0 flat, 1 hard)
    exposure    shift and contrast of the finished picture (0 and 1 leave it)
    background  grey level (0 to 1), and its change from left to right and from top to bottom
    blobs       x, y, radius (shares of the side) and grey level of things behind the head
    mark        x, y, radius (template units; 0 for none) and grey level of a sticker on the skin
    """

    people: People
    intensities: Float[Tensor, "n au"]
    pose: Float[Tensor, "n 3"]
    placement: Float[Tensor, "n 3"]
    gaze: Float[Tensor, "n 2"]
    light: Float[Tensor, "n 3"]
    exposure: Float[Tensor, "n 2"]
    background: Float[Tensor, "n 3"]
    blobs: Float[Tensor, "n blob 4"]
    mark: Float[Tensor, "n 4"]

    def __len__(self) -> int:
        return len(self.intensities)

    def rows(self, indices: slice | Int[Tensor, "chosen"]) -> "Scene":
        """The faces at `indices`, in that order."""
        sitters = People(
            self.people.identity[indices], self.people.shape[indices], self.people.looks[indices]
        )
        rest = {f.name: getattr(self, f.name)[indices] for f in fields(self) if f.name != "people"}
        return Scene(people=sitters, **rest)

    def marked(self, mark: Float[Tensor, "n 4"]) -> "Scene":
        """The same scene with other stickers."""
        return replace(self, mark=mark)

    def mirrored(self) -> "Scene":
        """The scene whose picture is the mirror image."""
        looks = self.people.looks.clone()
        looks[:, LOOKS.index("parting")] = 1 - self.people.look("parting")
        return replace(
            self,
            people=replace(self.people, looks=looks),
            pose=_flip(self.pose, 0, 2),
            placement=_flip(self.placement, 0, about=1.0),
            gaze=_flip(self.gaze, 0),
            light=_flip(self.light, 0),
            background=_flip(self.background, 1),
            blobs=_flip(self.blobs, 0, about=1.0),
            mark=_flip(self.mark, 0),
        )


def studio(
    count: int = 1, *, people: People | None = None, action_units: dict[int, float] | None = None
) -> Scene:
    """Frontal faces in even light before a plain wall, all showing the same action units, or none."""
    intensities = torch.zeros(count, len(ACTION_UNITS))
    for number, intensity in (action_units or {}).items():
        intensities[:, ACTION_UNITS.index(number)] = intensity

    def everywhere(values: tuple[float, ...]) -> Tensor:
        return torch.tensor(values).repeat(count, 1)

    return Scene(
        people=people or average(count),
        intensities=intensities,
        pose=torch.zeros(count, 3),
        placement=everywhere(STUDIO_PLACEMENT),
        gaze=torch.zeros(count, 2),
        light=everywhere(STUDIO_LIGHT),
        exposure=everywhere(STUDIO_EXPOSURE),
        background=everywhere(STUDIO_BACKGROUND),
        blobs=torch.zeros(count, BLOBS, 4),
        mark=torch.zeros(count, 4),
    )


def _flip(values: Tensor, *columns: int, about: float = 0.0) -> Tensor:
    flipped = values.clone()
    for column in columns:
        flipped[..., column] = about - values[..., column]
    return flipped
