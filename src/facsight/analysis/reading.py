"""What the reader says about a face and about a photo, as plain data."""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float32

from facsight.analysis.evidence import Evidence
from facsight.analysis.unit_reader import UnitReading
from facsight.faces.face import HeadPose


@dataclass(frozen=True, eq=False)
class Reading:
    """What the reader says about one face.

    `box` is (x0, y0, x1, y1), `landmarks` the 68 points of iBUG, both in photo pixels with the origin at the
    corner; `pose` in degrees; `confidence` the finder's, in [0, 1]; `visible` and `detected` are those of
    `faces.face.Face`. `expression` gives each class a
    calibrated probability (they sum to 1) and `label` is the largest. `uncertainty` is their entropy over
    that of an even spread: 0 sure, 1 no idea. These are facial expressions as people label them, not
    feelings. `unadapted` are the probabilities without the person, where the reader reads one person; `units`
    is what a network of action units says, where one was asked.
    """

    box: tuple[float, float, float, float]
    confidence: float
    landmarks: Float32[np.ndarray, "68 2"]
    pose: HeadPose | None
    expression: dict[str, float]
    label: str
    uncertainty: float
    evidence: Evidence = field(repr=False)
    visible: Bool[np.ndarray, "68"] = field(repr=False)
    detected: bool = True
    unadapted: dict[str, float] | None = field(default=None, repr=False)
    units: tuple[UnitReading, ...] = field(default=(), repr=False)

    @property
    def cautions(self) -> tuple[str, ...]:
        """What to be careful about, by the names of `facsight.analysis.cautions.CAUTIONS`."""
        return self.evidence.cautions


@dataclass(frozen=True, eq=False)
class PhotoResult:
    """What came of one photo of many: readings (perhaps none), or the reason why it could not be read.

    `size` is (height, width) of the upright photo, None where it could not be read.
    """

    name: str
    size: tuple[int, int] | None
    readings: list[Reading]
    error: str | None = None
