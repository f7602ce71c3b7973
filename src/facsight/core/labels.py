"""Expression names and the orders in which datasets list them. A space is never mapped by position."""

from collections.abc import Sequence
from dataclasses import dataclass

from facsight.core.errors import BadLabels, did_you_mean

#: The eight expressions, in canonical order (that of FER+). Everything facsight writes uses these words.
EXPRESSIONS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")

#: Other tools' and datasets' words for the same expressions.
ALIASES = {
    "happy": "happiness",
    "joy": "happiness",
    "surprised": "surprise",
    "sad": "sadness",
    "angry": "anger",
    "disgusted": "disgust",
    "fearful": "fear",
    "afraid": "fear",
    "contemptuous": "contempt",
}


def canonical(name: str) -> str:
    """The canonical word for an expression, whatever the spelling of the source.

    >>> canonical("Happy"), canonical(" fear ")
    ('happiness', 'fear')
    """
    word = name.strip().lower()
    word = ALIASES.get(word, word)
    if word not in EXPRESSIONS:
        raise BadLabels(f"{name!r} is not an expression: {did_you_mean(word, EXPRESSIONS)}")
    return word


@dataclass(frozen=True)
class LabelSpace:
    """A named, ordered set of classes.

    >>> FERPLUS.index("anger")
    4
    """

    name: str
    classes: tuple[str, ...]

    def __post_init__(self):
        if len(set(self.classes)) != len(self.classes) or not self.classes:
            raise BadLabels(f"label space {self.name!r} needs distinct classes, found {self.classes}")

    def __len__(self) -> int:
        return len(self.classes)

    def index(self, name: str) -> int:
        """Position of a class, by its name; `BadLabels` names the nearest class where there is none."""
        word = ALIASES.get(name.strip().lower(), name.strip().lower())
        if word not in self.classes:
            raise BadLabels(f"{name!r} is not a class of {self.name}: {did_you_mean(word, self.classes)}")
        return self.classes.index(word)

    def order_from(self, classes: Sequence[str]) -> list[int]:
        """For each of our classes, its position in `classes`: reorders another tool's columns by name."""
        theirs = [ALIASES.get(c.strip().lower(), c.strip().lower()) for c in classes]
        missing = [c for c in self.classes if c not in theirs]
        if missing:
            raise BadLabels(f"{self.name} needs {missing}, which {list(classes)} does not have")
        return [theirs.index(c) for c in self.classes]


FERPLUS = LabelSpace("ferplus8", EXPRESSIONS)
