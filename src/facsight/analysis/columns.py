"""The columns of a readings table, described once for the table, its sidecar file, the page and the docs."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Literal

from facsight.analysis.cautions import CAUTIONS
from facsight.analysis.wording import unit_name


@dataclass(frozen=True)
class Column:
    """A column's name, what kind of value it holds, its unit and range, and what it means."""

    name: str
    kind: Literal["text", "integer", "number", "numbers"]
    unit: str
    range: str
    meaning: str

    def describe(self) -> dict[str, str]:
        """As plain data, for JSON."""
        return asdict(self)


FILE = Column("file", "text", "", "", "the photo, as it was named when the table was made")
FACE = Column(
    "face", "integer", "", "1, 2, ...", "number of the face in its photo, largest first; empty: no face"
)
STATUS = Column(
    "status", "text", "", "ok, no_face, failed", "whether the photo was read and a face was found"
)
REASON = Column("reason", "text", "", "", "why a photo failed; empty for all others")
PHOTO_SIZE = (
    Column("photo_width", "integer", "pixel", "1 ...", "width of the photo, turned upright"),
    Column("photo_height", "integer", "pixel", "1 ...", "height of the photo, turned upright"),
)
FRAME = Column(
    "frame", "integer", "", "0, 1, ...", "number of the frame in its video, in the order of showing"
)
TIME = Column(
    "time",
    "number",
    "second",
    "",
    "when the frame is shown, on the video's own clock: not the number over a rate, which may vary",
)
SHOT = Column("shot", "integer", "", "1, 2, ...", "stretch of the video between two cuts")
TRACK = Column(
    "track",
    "integer",
    "",
    "1, 2, ...",
    "the person, as long as the face is followed; a cut ends all tracks; empty: no face",
)
DETECTED = Column(
    "detected",
    "integer",
    "",
    "0, 1",
    "1: the detector saw the face in this frame; 0: it was followed from the frame before",
)
FRAME_SIZE = (
    Column("frame_width", "integer", "pixel", "1 ...", "width of the frame, turned upright"),
    Column("frame_height", "integer", "pixel", "1 ...", "height of the frame, turned upright"),
)
BOX = tuple(
    Column(f"box_{end}", "number", "pixel", "may lie outside the photo", f"{edge} edge of the face's box")
    for end, edge in zip(("x0", "y0", "x1", "y1"), ("left", "top", "right", "bottom"), strict=True)
)
CONFIDENCE = Column("confidence", "number", "", "0 to 1", "how sure the face finder is that this is a face")
VISIBLE = Column(
    "visible",
    "number",
    "share",
    "0 to 1",
    "of the 68 points, how many lie in the picture and on the near side of the head; hands and hair hide "
    "points unseen",
)
POSE = (
    Column(
        "yaw",
        "number",
        "degree",
        "-90 to 90",
        "head turn; positive: to the person's right, the picture's left",
    ),
    Column("pitch", "number", "degree", "-90 to 90", "head raised (positive) or lowered"),
    Column(
        "roll",
        "number",
        "degree",
        "-180 to 180",
        "head tilt; positive: towards the person's right shoulder, counter-clockwise in the picture",
    ),
)
LABEL = Column("label", "text", "", "a class", "the expression with the largest probability")
UNCERTAINTY = Column(
    "uncertainty",
    "number",
    "",
    "0 to 1",
    "entropy of the probabilities over that of an even spread: 0 sure, 1 no idea",
)
ELSEWHERE = Column(
    "evidence_elsewhere",
    "number",
    "share",
    "0 to 1",
    "attention outside the action units of the label; with the evidence_AU columns it sums to 1",
)
FLOOR = Column(
    "evidence_elsewhere_floor",
    "number",
    "share",
    "0 to 1",
    "what evidence_elsewhere would be if the attention were the action-unit map itself: regions fade out",
)
AGREEMENT = Column(
    "evidence_agreement",
    "number",
    "",
    "-1 to 1",
    "centred cosine (correlation over places) of the attention with the label's action-unit map",
)
RANK = Column(
    "evidence_rank",
    "integer",
    "",
    "1 ... number of classes",
    "place of the label when the action-unit maps of all classes are sorted by their agreement; 1: fits best",
)
CAUTION = Column("cautions", "text", "", ", ".join(CAUTIONS), "what to be careful about, separated by spaces")
SENTENCE = Column("sentence", "text", "", "", "the reading and its evidence in words")


def expression_columns(classes: Sequence[str]) -> tuple[Column, ...]:
    """One probability per class."""
    return tuple(
        Column(
            f"expression_{name.replace(' ', '_')}",
            "number",
            "probability",
            "0 to 1",
            f"calibrated probability of {name}; the expression columns of a row sum to 1",
        )
        for name in classes
    )


def unadapted_columns(classes: Sequence[str]) -> tuple[Column, ...]:
    """What a reader says of one person's face when it knows nothing of the person."""
    return (
        Column("unadapted_label", "text", "", "a class", "the label without the adaptation to the person"),
        *(
            Column(
                column.name.replace("expression_", "unadapted_", 1),
                "number",
                "probability",
                "0 to 1",
                f"calibrated probability of {name} without the adaptation to the person",
            )
            for column, name in zip(expression_columns(classes), classes, strict=True)
        ),
    )


def unit_columns(action_units: Sequence[int]) -> tuple[Column, ...]:
    """One share of the attention per action unit."""
    return tuple(
        Column(
            f"evidence_AU{unit:02d}",
            "number",
            "share",
            "0 to 1",
            f"attention where {unit_name(unit)} acts; empty where the codebook does not tie it to the label",
        )
        for unit in action_units
    )


def landmark_columns() -> tuple[Column, ...]:
    """The 68 points, x first, as other tools order them."""
    return tuple(
        Column(
            f"{axis}_{point}", "number", "pixel", "may lie outside the photo", f"{axis} of iBUG point {point}"
        )
        for axis in "xy"
        for point in range(68)
    )


def reading_columns(classes: Sequence[str], action_units: Sequence[int]) -> tuple[Column, ...]:
    """The columns of a readings table, in order."""
    return (
        *(FILE, FACE, STATUS, REASON, *PHOTO_SIZE, *BOX, CONFIDENCE, VISIBLE, *POSE),
        *expression_columns(classes),
        *(
            LABEL,
            UNCERTAINTY,
            *unit_columns(action_units),
            ELSEWHERE,
            FLOOR,
            AGREEMENT,
            RANK,
            CAUTION,
            SENTENCE,
        ),
    )


def frame_columns(classes: Sequence[str], action_units: Sequence[int]) -> tuple[Column, ...]:
    """The columns of a table of videos, in order: those of photos with what only frames have."""
    of_photos = {"file", "face", "status", "reason", "sentence", *(column.name for column in PHOTO_SIZE)}
    shared = [column for column in reading_columns(classes, action_units) if column.name not in of_photos]
    return (
        replace(FILE, meaning="the video, as it was named when the table was made"),
        *(FRAME, TIME, SHOT, TRACK),
        replace(FACE, meaning="number of the face in its frame, largest first; empty: none"),
        replace(STATUS, meaning="whether the frame shows a face; failed: see reason"),
        replace(REASON, meaning="why a video could not be read; empty for all others"),
        *FRAME_SIZE,
        *shared[: shared.index(VISIBLE)],
        DETECTED,
        *shared[shared.index(VISIBLE) :],
    )


def as_markdown(columns: Sequence[Column]) -> str:
    """The columns as a Markdown table, for the docs."""
    rows = [f"| `{c.name}` | {c.unit} | {c.range} | {c.meaning} |" for c in columns]
    return "\n".join(["| column | unit | range | meaning |", "|---|---|---|---|", *rows]) + "\n"
