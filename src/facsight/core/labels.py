"""Label spaces: which classes, units or values a dataset labels, under which codes. Never mapped by position.

The spaces of datasets are data: the files in `core/spaces`. Here is what can be done with them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from facsight.core.errors import BadLabels, did_you_mean
from facsight.core.space_files import KINDS, parse_spaces, shipped_files

#: The eight expressions, in canonical order (that of FER+). Everything facsight writes uses these words.
EXPRESSIONS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")

_PARSED = [parse_spaces(text, name) for name, text in shipped_files()]

#: Other words for the same classes, of all datasets.
_MEANT = {word: meant for _, aliases in _PARSED for word, meant in aliases.items()}

#: Other tools' and datasets' words for the eight expressions.
ALIASES = {word: meant for word, meant in _MEANT.items() if meant in EXPRESSIONS}


def canonical(name: str) -> str:
    """The canonical word for an expression, whatever the spelling of the source.

    >>> canonical("Happy"), canonical(" fear ")
    ('happiness', 'fear')
    """
    word = _word(name)
    if word not in EXPRESSIONS:
        raise BadLabels(f"{name!r} is not an expression: {did_you_mean(word, EXPRESSIONS)}")
    return word


def _plain(name: str) -> str:
    """Lower case, with single blanks; an action unit as `AU06`.

    >>> _plain(" Fearfully_Surprised"), _plain("AU6")
    ('fearfully surprised', 'AU06')
    """
    word = " ".join(re.split(r"[\s_-]+", name.strip().lower()))
    unit = re.fullmatch(r"au ?(\d+)", word)
    return f"AU{int(unit[1]):02d}" if unit else word


def _word(name: str) -> str:
    word = _plain(name)
    return _MEANT.get(word, word)


@dataclass(frozen=True)
class LabelSpace:
    """A named, ordered set of classes, action units or quantities.

    `kind`: "classes" (one of them), "units" (each there or not), "levels" (each with an intensity) or
    "values" (real numbers). `column` is the table's column of classes. `codes` are a dataset's own numbers or
    letters, one a class, and `invalid` its marks for no label. `low` and `high` bound levels and values.
    `takes` are classes of other spaces that count as one of these when labels are converted.

    >>> FERPLUS.index("anger")
    4
    >>> label_space("rafdb7").from_code(5)
    'sadness'
    """

    name: str
    classes: tuple[str, ...]
    kind: str = "classes"
    column: str = "expression"
    codes: tuple[int | str, ...] = ()
    invalid: tuple[int | float | str, ...] = ()
    low: float | None = None
    high: float | None = None
    takes: tuple[tuple[str, str], ...] = ()
    about: str = ""

    def __post_init__(self):
        where = f"label space {self.name!r}"
        if len(set(self.classes)) != len(self.classes) or not self.classes:
            raise BadLabels(f"{where} needs distinct classes, found {self.classes}")
        if self.kind not in KINDS:
            raise BadLabels(f"{where}: kind {self.kind!r}: {did_you_mean(self.kind, KINDS)}")
        if self.codes and len(set(self.codes)) != len(self.classes):
            raise BadLabels(
                f"{where} needs a code of its own for each of {len(self.classes)} classes, found {self.codes}"
            )
        if set(self.codes) & set(self.invalid):
            raise BadLabels(
                f"{where}: a code is either a class or invalid, found {self.codes}, {self.invalid}"
            )
        if self.kind in ("levels", "values") and (
            self.low is None or self.high is None or self.low >= self.high
        ):
            raise BadLabels(f"{where} needs a range, low below high, found {self.low} to {self.high}")
        strange = {meant for _, meant in self.takes} - set(self.classes)
        if strange:
            raise BadLabels(f"{where} takes others as {sorted(strange)}, which are no classes of it")

    def __len__(self) -> int:
        return len(self.classes)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a table that hold labels of this space.

        >>> label_space("cexpr7").columns, label_space("disfa12_intensity").columns[:2]
        (('compound',), ('AU01_intensity', 'AU02_intensity'))
        """
        if self.kind == "classes":
            return (self.column,)
        ending = "_intensity" if self.kind == "levels" else ""
        return tuple(f"{name.replace(' ', '_')}{ending}" for name in self.classes)

    @property
    def shares(self) -> tuple[str, ...]:
        """The columns of a table that hold how many of the annotators chose each class.

        >>> label_space("rafdb_compound11").shares[0]
        'share_of_happily_surprised'
        """
        return tuple(f"share_of_{name.replace(' ', '_')}" for name in self.classes)

    def index(self, name: str) -> int:
        """Position of a class, by its name; `BadLabels` names the nearest class where there is none."""
        word = self._own(name)
        if word not in self.classes:
            raise BadLabels(f"{name!r} is not a class of {self.name}: {did_you_mean(word, self.classes)}")
        return self.classes.index(word)

    def from_code(self, code: int | str) -> str | None:
        """The class of a dataset's own number or letters, None where it marks no label.

        >>> label_space("affwild2_expr8").from_code(-1) is None
        True
        """
        if code in self.invalid:
            return None
        if code not in self.codes:
            known = ", ".join(f"{code} {name}" for code, name in zip(self.codes, self.classes, strict=False))
            raise BadLabels(f"{self.name} has no code {code!r}; it has {known or 'no codes'}")
        return self.classes[self.codes.index(code)]

    def order_from(self, classes: Sequence[str]) -> list[int]:
        """For each of our classes, its position in `classes`: reorders another tool's columns by name."""
        theirs = [self._own(c) for c in classes]
        missing = [c for c in self.classes if c not in theirs]
        if missing:
            raise BadLabels(f"{self.name} needs {missing}, which {list(classes)} does not have")
        return [theirs.index(c) for c in self.classes]

    def _own(self, name: str) -> str:
        """A class as spelt here: by facsight's own word, unless the space tells a word from its alias."""
        return next((word for word in (name, _plain(name)) if word in self.classes), _word(name))


def label_space_names() -> tuple[str, ...]:
    """The label spaces that ship with facsight.

    >>> "affectnet8" in label_space_names()
    True
    """
    return tuple(sorted(_shipped()))


def label_space(name: str) -> LabelSpace:
    """A label space by name; `BadLabels` names the nearest where there is none.

    >>> label_space("affwild2_va").low
    -1.0
    """
    if name not in _shipped():
        raise BadLabels(f"there is no label space {name!r}: {did_you_mean(name, _shipped())}")
    return _shipped()[name]


@cache
def _shipped() -> dict[str, LabelSpace]:
    found: dict[str, LabelSpace] = {}
    for spaces, _ in _PARSED:
        for name, arguments in spaces.items():
            if name in found:
                raise BadLabels(f"label space {name!r} stands in two files of core/spaces")
            found[name] = LabelSpace(name=name, **arguments)
    return found


@dataclass(frozen=True)
class Conversion:
    """How labels of one space become labels of another, and what that costs.

    `to` gives the target's class for a class of the source. `lost` are classes of the source that the target
    does not have: such samples have no label afterwards. `never` are classes of the target that the source
    cannot give. `merged` are classes of the target that stand for several of the source. Values become
    `value * factor + offset`.
    """

    source: LabelSpace
    target: LabelSpace
    to: dict[str, str]
    factor: float = 1.0
    offset: float = 0.0

    @property
    def lost(self) -> tuple[str, ...]:
        return tuple(name for name in self.source.classes if name not in self.to)

    @property
    def never(self) -> tuple[str, ...]:
        return tuple(name for name in self.target.classes if name not in self.to.values())

    @property
    def merged(self) -> tuple[str, ...]:
        given = list(self.to.values())
        return tuple(name for name in self.target.classes if given.count(name) > 1)

    @property
    def lossy(self) -> bool:
        """Whether labels of the source cannot be had back."""
        return bool(self.lost or self.merged)

    def __str__(self) -> str:
        told = [f"{self.source.name} to {self.target.name}"]
        told += [f"lost: {', '.join(self.lost)}"] * bool(self.lost)
        told += [f"merged: {', '.join(self.merged)}"] * bool(self.merged)
        told += [f"never given: {', '.join(self.never)}"] * bool(self.never)
        if (self.factor, self.offset) != (1.0, 0.0):
            told.append(f"rescaled by {self.factor:g}, moved by {self.offset:g}")
        return "; ".join(told if len(told) > 1 else [*told, "nothing lost"])


def convert(source: str | LabelSpace, target: str | LabelSpace) -> Conversion:
    """How labels of `source` become labels of `target`: by the names of their classes, never by position.

    `BadLabels` where the kinds differ or no class has the same name.

    >>> print(convert("affectnet8", "rafdb7"))
    affectnet8 to rafdb7; lost: contempt
    >>> print(convert("rafdb7", "ferplus8"))
    rafdb7 to ferplus8; never given: contempt
    """
    source = label_space(source) if isinstance(source, str) else source
    target = label_space(target) if isinstance(target, str) else target
    if source.kind != target.kind:
        raise BadLabels(
            f"{source.name} holds {source.kind}, {target.name} {target.kind}: labels of one kind only"
        )
    taken = dict(target.takes)
    meant = {name: taken.get(name, target._own(name)) for name in source.classes}
    to = {name: word for name, word in meant.items() if word in target.classes}
    if not to:
        theirs, ours = ", ".join(source.classes), ", ".join(target.classes)
        raise BadLabels(f"{source.name} ({theirs}) and {target.name} ({ours}) have no class in common")
    factor, offset = _scale(source, target)
    return Conversion(source, target, to, factor, offset)


def _scale(source: LabelSpace, target: LabelSpace) -> tuple[float, float]:
    """The straight line that takes one range to the other."""
    if source.low is None or source.high is None or target.low is None or target.high is None:
        return 1.0, 0.0
    factor = (target.high - target.low) / (source.high - source.low)
    return factor, target.low - source.low * factor


#: The space of the shipped reader.
FERPLUS = label_space("ferplus8")
