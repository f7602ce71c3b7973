"""What the files look like that challenges take: header, values of a row, one file or one a video, archive.

A row has the sample's id and then the values of the label spaces, in the space's own order: a class as the
challenge's own number, action units as 0 or 1, other values as decimals. `certainty` says where it was read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from facsight.core.errors import UnknownName, did_you_mean
from facsight.core.labels import LabelSpace, label_space
from facsight.data.prediction_columns import Columns

_EXPRESSIONS = "Neutral,Anger,Disgust,Fear,Happiness,Sadness,Surprise,Other"
_UNITS = "AU1,AU2,AU4,AU6,AU7,AU10,AU12,AU15,AU23,AU24,AU25,AU26"
_FIRST_UNITS = "AU1,AU2,AU4,AU6,AU12,AU15,AU20,AU25"
_COMPOUND = (
    "Fearfully_Surprised,Happily_Surprised,Sadly_Surprised,Disgustedly_Surprised,Angrily_Surprised,"
    "Sadly_Fearful,Sadly_Angry"
)
_READ = "read in sample submissions or entrants' code"
_FOLDER = "layout and three decimals as entrants had them; the header, that of the label files, is assumed"


@dataclass(frozen=True)
class Format:
    """The format of one task's submission.

    `header` is the first line, empty where there is none; `spaces` are the label spaces that a row gives.
    `frames`: samples are frames of videos, whose names are those of their video, a slash, and a number.
    `frame` names the sample of a frame of a video in formats with a file for every video, in `folder`, with
    `ending`; `counted`: its rows begin with the frame's number. `chances`: before the answer a row gives the
    probability of every class, which are to sum to 1 exactly. `trials`: how many files may be handed in
    together, each called after its number. `ordered`: rows in another order than the list's are refused.
    """

    name: str
    header: str
    spaces: tuple[str, ...]
    file: str = "predictions.txt"
    decimals: int = 6
    frames: bool = True
    frame: str = ""
    folder: str = ""
    ending: str = ".txt"
    counted: bool = False
    chances: bool = False
    trials: int = 1
    zipped: bool = False
    ordered: bool = False
    certainty: str = _READ

    @property
    def per_video(self) -> bool:
        return bool(self.frame)

    @property
    def label_spaces(self) -> tuple[LabelSpace, ...]:
        return tuple(label_space(name) for name in self.spaces)

    @property
    def names(self) -> tuple[str, ...]:
        """A name for every field of a row: the sample, or the frame's number, first where there is one."""
        first = () if self.per_video and not self.counted else ("number" if self.per_video else "sample",)
        chances = self.chance_columns
        return (*first, *chances, *(column for space in self.label_spaces for column in space.columns))

    @property
    def chance_columns(self) -> tuple[str, ...]:
        if not self.chances:
            return ()
        return tuple(name.replace("share_of_", "probability_of_") for name in self.label_spaces[0].shares)

    @property
    def columns(self) -> Columns:
        """What the fields of a row tell, for reading a submission as predictions."""
        spaces = self.label_spaces
        answers = {space.column: space.column for space in spaces if space.kind == "classes"}
        numbers = {name: name for space in spaces if space.kind != "classes" for name in space.columns}
        chances = dict(zip(spaces[0].classes, self.chance_columns, strict=True)) if self.chances else {}
        return Columns("sample", answers, {spaces[0].column: chances} if chances else {}, numbers)

    @property
    def codes(self) -> str | None:
        """The label space whose codes answers are written in."""
        return next((space.name for space in self.label_spaces if space.kind == "classes"), None)

    def file_of(self, trial: int) -> str:
        return self.file.format(trial=trial)


#: A frame's video and number: what is before the last slash, and the last digits after it.
FRAME = r"^(?<video>.+)/[^/]*?(?<number>[0-9]+)(?:\.[A-Za-z]+)?$"
_AFFWILD2 = "{video}/{number:05d}.jpg"

FORMATS: Mapping[str, Format] = {
    one.name: one
    for one in (
        Format("va", "image_location,valence,arousal", ("affwild2_va",)),
        Format("expr", f"image_location,{_EXPRESSIONS}", ("affwild2_expr8",)),
        Format("au", f"image_location,{_UNITS}", ("affwild2_au12",)),
        Format(
            "mtl", "image,valence,arousal,expression,aus", ("affwild2_va", "affwild2_expr8", "affwild2_au12")
        ),
        Format("ce", f"image_location,{_COMPOUND}", ("cexpr7",)),
        Format(
            "lsd",
            "image,expression",
            ("lsd6",),
            frames=False,
            certainty="header as entrants had it; that classes are numbered in the folders' order is assumed",
        ),
        Format(
            "emi",
            "Filename,Admiration,Amusement,Determination,Empathic Pain,Excitement,Joy",
            ("emi6",),
            frames=False,
            file="predictions.csv",
        ),
        Format(
            "eri",
            "File_ID,Adoration,Amusement,Anxiety,Disgust,Empathic-Pain,Fear,Surprise",
            ("eri7",),
            frames=False,
            file="predictions.csv",
            certainty="assumed to be the header of the label file, which was not seen by us",
        ),
        Format("ah_frames", "", ("bah2",)),
        Format("ah", "video_path,pred", ("bah2",), frames=False, file="trial-{trial}.txt", trials=5),
        Format(
            "ah_private",
            "video_id,p0,p1,label",
            ("bah2",),
            frames=False,
            file="trial-{trial}.txt",
            decimals=16,
            chances=True,
            trials=5,
            zipped=True,
            ordered=True,
            certainty="as an entrant describes it: p0 + p1 exactly 1, the template's order, trials zipped",
        ),
        Format(
            "vd",
            "Frame_Number,Label",
            ("violence2",),
            frame="{video}/{number}",
            ending=".csv",
            counted=True,
            zipped=True,
        ),
        Format(
            "va_folder",
            "valence,arousal",
            ("affwild2_va",),
            decimals=3,
            frame=_AFFWILD2,
            folder="VA_Set",
            certainty=_FOLDER,
        ),
        Format(
            "expr_folder",
            _EXPRESSIONS.removesuffix(",Other"),
            ("abaw1_expr7",),
            frame=_AFFWILD2,
            folder="EXPR_Set",
            certainty=_FOLDER,
        ),
        Format(
            "au_folder", _FIRST_UNITS, ("abaw1_au8",), frame=_AFFWILD2, folder="AU_Set", certainty=_FOLDER
        ),
        Format(
            "au12_folder", _UNITS, ("affwild2_au12",), frame=_AFFWILD2, folder="AU_Set", certainty=_FOLDER
        ),
    )
}


def submission_format(name: str) -> Format:
    """A format by name; `UnknownName` tells the nearest where there is none."""
    if name not in FORMATS:
        raise UnknownName(f"no submission format is called {name!r}: {did_you_mean(name, FORMATS)}")
    return FORMATS[name]


def codes_of(space: LabelSpace) -> dict[str, Any]:
    """The challenge's number of every class."""
    return dict(zip(space.classes, space.codes, strict=True))
