"""Which column of a table of predictions tells what: found by name, never by position.

The sample: `sample`, or another of `SAMPLE_NAMES`. Of a space of classes: the answer in a column called as
that of the space (`expression`), `prediction` or `label`; or a probability for every class, in columns called
as the classes, with `p_`, `prob_`, `probability_` or `probability_of_` before or not. Of values, action units
and intensities: columns called as these are; `AU1`, `AU01` and `AU01_c` are the same, so are `Empathic Pain`
and `empathic_pain`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from facsight.core.errors import BadLabels, BadTable, did_you_mean
from facsight.core.labels import LabelSpace, label_space, label_space_names

#: Other tools' and challenges' names for the column of the sample, in lower case.
SAMPLE_NAMES = (
    "sample",
    "image_location",
    "image",
    "image_name",
    "filename",
    "file_name",
    "file",
    "file_id",
    "path",
    "video_path",
    "video_id",
    "clip",
    "utterance",
    "name",
    "id",
)
ANSWER_NAMES = ("prediction", "predicted", "pred", "label", "class")
_SAID = re.compile(r"^(?:predicted|prediction|pred)_|_(?:predicted|prediction|pred)$")
_PROBABILITY = re.compile(r"^(?:p|prob|probs|probability_of|probability)_")
_UNIT = re.compile(r"^au_?0*(\d+)(?:_(c|r|intensity|present|probability))?$")


@dataclass(frozen=True)
class Columns:
    """Names of a table's columns by what they tell.

    `answers`: the column of a space of classes -> the table's. `probabilities`: the same -> a class -> the
    table's. `numbers`: a column of values, units or intensities -> the table's. `beyond`: probabilities of
    classes that the space does not have.
    """

    sample: str
    answers: Mapping[str, str] = field(default_factory=dict)
    probabilities: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    numbers: Mapping[str, str] = field(default_factory=dict)
    beyond: tuple[str, ...] = ()

    @property
    def used(self) -> tuple[str, ...]:
        named = [name for classes in self.probabilities.values() for name in classes.values()]
        every = (self.sample, *self.answers.values(), *named, *self.numbers.values(), *self.beyond)
        return tuple(dict.fromkeys(every))


def find_columns(names: Sequence[str], spaces: Sequence[LabelSpace], where: str) -> Columns:
    """The columns that hold predictions of every one of `spaces`; `BadTable` says what is lacking."""
    left = [name for name in names if name != (sample := find_sample(names, where))]
    answers, probabilities, numbers, beyond = {}, {}, {}, ()
    for space in spaces:
        if space.kind != "classes":
            numbers |= _numbers(left, space, where)
            continue
        chances, others = _probabilities(left, space)
        answer = _answer(left, space, where)
        if answer is None and chances is None:
            raise BadTable(_lacking(names, space, where))
        if answer is not None:
            answers[space.column] = answer
        if chances is not None:
            probabilities[space.column], beyond = chances, (*beyond, *others)
    return Columns(sample, answers, probabilities, numbers, beyond)


def find_sample(names: Sequence[str], where: str) -> str:
    """The column that names the sample; `BadTable` where there is none, or several could be meant."""
    if "sample" in names:
        return "sample"
    could = [name for name in names if plain(name) in SAMPLE_NAMES]
    if len(could) == 1:
        return could[0]
    if could:
        raise BadTable(
            f"{where}: {', '.join(could)} could all name the sample; call the one that does `sample`"
        )
    raise BadTable(
        f"{where}: expected a column that names the sample, one of {', '.join(SAMPLE_NAMES)}; found "
        f"{', '.join(names)[:200]}"
    )


def plain(name: str) -> str:
    """A column's name in lower case with underscores.

    >>> plain("Empathic Pain"), plain("image-location")
    ('empathic_pain', 'image_location')
    """
    return re.sub(r"[\s-]+", "_", name.strip().lower())


def _answer(names: Sequence[str], space: LabelSpace, where: str) -> str | None:
    exact = [name for name in names if _SAID.sub("", plain(name)) == space.column]
    could = exact or [name for name in names if plain(name) in ANSWER_NAMES]
    if len(could) > 1:
        raise BadTable(f"{where}: {', '.join(could)} could all be the answer; call the one `{space.column}`")
    return could[0] if could else None


def _probabilities(names: Sequence[str], space: LabelSpace) -> tuple[dict[str, str] | None, tuple[str, ...]]:
    """The column of every class, if all are there, and the columns of classes that the space lacks."""
    found, others = {}, []
    for name in names:
        word = _PROBABILITY.sub("", plain(name))
        own = _class(word, space)
        if own is not None:
            found.setdefault(own, name)
        elif _elsewhere(word, space):
            others.append(name)
    enough = len(found) == len(space) or (len(space) == 2 and len(found) == 1)
    return (found, tuple(others)) if enough else (None, ())


def _class(word: str, space: LabelSpace) -> str | None:
    try:
        return space.classes[space.index(word)]
    except BadLabels:
        return None


def _elsewhere(word: str, space: LabelSpace) -> bool:
    """Whether another space of the same column has such a class."""
    spaces = (label_space(name) for name in label_space_names())
    return any(s.kind == "classes" and s.column == space.column and _class(word, s) for s in spaces)


def _numbers(names: Sequence[str], space: LabelSpace, where: str) -> dict[str, str]:
    theirs = {key: name for name in reversed(names) for key in _meanings(name, space)}
    missing = [column for column in space.columns if column not in theirs]
    if missing:
        raise BadTable(
            f"{where}: {space.name} needs the columns {', '.join(space.columns)}; lacks "
            f"{', '.join(missing)}: {did_you_mean(missing[0], names)}"
        )
    return {column: theirs[column] for column in space.columns}


def _meanings(name: str, space: LabelSpace) -> list[str]:
    """The columns of a space that a name can stand for."""
    word = _SAID.sub("", plain(name))
    unit = _UNIT.match(word)
    if unit is None:
        return [word]
    ours = f"AU{int(unit[1]):02d}"
    if space.kind == "levels":
        return [f"{ours}_intensity"] if unit[2] in (None, "r", "intensity") else []
    return [ours] if unit[2] != "r" and unit[2] != "intensity" else []


def _lacking(names: Sequence[str], space: LabelSpace, where: str) -> str:
    return (
        f"{where}: {space.name} needs its answers in a column `{space.column}`, `prediction` or `label`, or "
        f"probabilities of all classes in columns {', '.join(space.classes)}; found {', '.join(names)[:200]}"
    )
