"""Column names of other tools, for analysis scripts that already exist.

A tool's own names are used for what it measures in the same way, converted to its units, origin and signs.
What facsight does not measure (gaze, AU intensities and presence, depth in millimetres) is absent, not made
up; what the tool has no name for follows under facsight's names. `other_tables` reads such tables back.
"""

from collections.abc import Callable, Sequence

from facsight.analysis.columns import frame_columns, reading_columns
from facsight.analysis.tools import openface, pyfeat
from facsight.analysis.tools.convention import Convention, own, points
from facsight.core.errors import UnknownName, did_you_mean

_Arrange = Callable[[Sequence[str], Sequence[int]], Convention]

#: The tools' conventions, which always have landmarks: of photos, and of frames of videos.
_OF_TOOLS: dict[str, tuple[_Arrange, _Arrange]] = {
    "openface": (openface.arrange_photos, openface.arrange_frames),
    "pyfeat": (pyfeat.arrange_photos, pyfeat.arrange_frames),
}
CONVENTIONS = ("facsight", *_OF_TOOLS)


def arrange(
    name: str, classes: Sequence[str], action_units: Sequence[int], *, landmarks: bool = False
) -> Convention:
    """The columns of a table of photos: "facsight", "openface" or "pyfeat", the latter two with landmarks."""
    check_convention(name)
    if name in _OF_TOOLS:
        return _OF_TOOLS[name][0](classes, action_units)
    shown = points(shift=0.0, origin="the photo's corner") if landmarks else ()
    return Convention(_about("photo"), (*own(reading_columns(classes, action_units)), *shown))


def arrange_frames(
    name: str, classes: Sequence[str], action_units: Sequence[int], *, landmarks: bool = False
) -> Convention:
    """The columns of a table of videos, by the same names."""
    check_convention(name)
    if name in _OF_TOOLS:
        return _OF_TOOLS[name][1](classes, action_units)
    shown = points(shift=0.0, origin="the frame's corner") if landmarks else ()
    return Convention(_about("frame"), (*own(frame_columns(classes, action_units)), *shown))


def check_convention(name: str) -> None:
    """`UnknownName` unless there is a convention of this name."""
    if name not in CONVENTIONS:
        raise UnknownName(f"there is no column convention {name!r}: {did_you_mean(name, CONVENTIONS)}")


def _about(picture: str) -> str:
    origin = f"pixels count from the {picture}'s corner (the centre of the first pixel is 0.5)"
    return f"facsight's own names; {origin}"
