"""What makes a reading weak, under names that the table, the terminal and the page share."""

import numpy as np

from facsight.faces.align import Alignment
from facsight.faces.face import Face, HeadPose

#: The names and what they mean.
CAUTIONS = {
    "uncertain": "the reader is uncertain",
    "profile": "the head is turned far from the camera",
    "upside_down": "the head lies on its side or is upside down",
    "tiny": "the face has fewer pixels than the reader looks at",
    "cut": "part of the face lies outside the photo",
    "no_landmarks": "no facial landmarks were found, so the face was cut out by its box alone",
    "elsewhere": "most of the evidence lies outside the action units of this expression",
    "misfit": "the evidence fits the action units of another expression better",
}

#: Below this probability of the best class a reading is uncertain: more speaks against it than for it.
UNCERTAIN_BELOW = 0.5
#: Degrees of yaw or pitch beyond which one side of the face is hidden; training faces hardly go further.
PROFILE_BEYOND = 40.0
#: Degrees of roll beyond which a head no longer counts as upright.
UPSIDE_DOWN_BEYOND = 75.0
#: Share of the crop outside the photo beyond which the face counts as cut.
CUT_BEYOND = 0.2


def face_cautions(
    face: Face, alignment: Alignment, photo_size: tuple[int, int], probability: float
) -> tuple[str, ...]:
    """What to be careful about, by the names of CAUTIONS; `probability` is that of the best class."""
    found = {
        "uncertain": probability < UNCERTAIN_BELOW,
        "profile": _beyond(face.pose, ("yaw", "pitch"), PROFILE_BEYOND),
        "upside_down": _beyond(face.pose, ("roll",), UPSIDE_DOWN_BEYOND),
        "tiny": alignment.photo_pixels < 1,
        "cut": _outside(alignment, photo_size) > CUT_BEYOND,
        "no_landmarks": not np.isfinite(face.landmarks).all(),
    }
    return tuple(name for name, present in found.items() if present)


def evidence_cautions(elsewhere: float, floor: float, rank: int | None) -> tuple[str, ...]:
    """What to be careful about in evidence; NaN and None, which do not apply, give no caution.

    Most of the evidence lies elsewhere where the action units get less than half of what a perfect match,
    which leaves `floor` elsewhere, would give them.
    """
    found = {"elsewhere": 1 - elsewhere < (1 - floor) / 2, "misfit": rank is not None and rank > 1}
    return tuple(name for name, present in found.items() if present)


def _beyond(pose: HeadPose | None, angles: tuple[str, ...], limit: float) -> bool:
    return pose is not None and any(abs(getattr(pose, angle)) > limit for angle in angles)


def _outside(alignment: Alignment, photo_size: tuple[int, int]) -> float:
    """The share of the crop that has no photo under it, on a grid of 12 x 12 places."""
    steps = (np.arange(12) + 0.5) * (alignment.size / 12)
    places = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    x, y = alignment.to_photo(places).T
    height, width = photo_size
    return 1 - float(((x >= 0) & (x <= width) & (y >= 0) & (y <= height)).mean())
