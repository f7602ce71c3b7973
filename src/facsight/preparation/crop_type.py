"""Which crops of faces these are: their size, how they are aligned, and who found the faces.

Scores on crops of one kind say nothing of another (`facsight score` shows it), so it goes with everything
that is made from crops.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

from facsight.core.errors import BadRecipe
from facsight.core.landmarks import RIGID, RIGID_TEMPLATE
from facsight.faces.finder import DEFAULT
from facsight.hub import MODELS, model_of_finder

#: Crops of other sizes are refused.
LEAST, MOST = 8, 1024


@dataclass(frozen=True)
class CropType:
    """Square crops of `size` pixels, aligned by a similarity that puts eyes and nose on the template.

    `template` is a checksum of the template's points; `finder` found the faces, in its `finder_version`.
    What lies beyond the picture repeats its border; a face without landmarks is cut out by its box, with no
    margin about it.
    """

    size: int
    finder: str
    finder_version: str
    template: str

    def describe(self) -> dict[str, Any]:
        """The same as plain data."""
        return asdict(self) | {"margin": "that of the template; none about boxes"}

    def __str__(self) -> str:
        return (
            f"{self.size} px, aligned by a similarity on eyes and nose (template {self.template}), "
            f"faces by {self.finder} {self.finder_version}"
        )


def crop_type(size: int, finder: str = DEFAULT) -> CropType:
    """Crops of a size by the finder of that name; `BadRecipe` for a size that no crop has.

    >>> crop_type(112).size, len(crop_type(112).template)
    (112, 8)
    """
    if not LEAST <= size <= MOST:
        raise BadRecipe(f"expected crops of {LEAST} to {MOST} pixels a side, found {size}")
    points = json.dumps([RIGID, RIGID_TEMPLATE])
    return CropType(size, finder, _version(finder), hashlib.sha256(points.encode()).hexdigest()[:8])


def _version(finder: str) -> str:
    """Of the library or the model file that finds faces."""
    model = model_of_finder(finder)
    if model is not None:
        return f"(model {MODELS[model].sha256[:8]})"
    return version("mediapipe") if finder == DEFAULT else "(of its own)"
