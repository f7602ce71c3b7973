"""Every exception that facsight raises on purpose: what was expected, what came, what to do."""

from collections.abc import Iterable
from difflib import get_close_matches

#: So many names can still be read at a glance.
LISTED = 30


class FacsightError(Exception):
    """Root of our own errors: something the user can mend, told in one message."""


class BadMedia(FacsightError):
    """A photo, video or sound file cannot be read as what it claims to be."""


class NoPictures(BadMedia):
    """A media file is whole, but holds no moving pictures."""


class NoSound(BadMedia):
    """A media file is whole, but holds no sound that can be decoded."""


class BadTable(FacsightError):
    """A table is of no known tool, is not what its columns promise, or shares no face with another."""


class BadFaces(FacsightError):
    """Faces, landmarks or pixels have a shape, range or value that no face has."""


class BadLabels(FacsightError):
    """A label is outside its label space, or two spaces do not match."""


class BadPeople(FacsightError):
    """Inputs, labels, persons and clips do not fit together, or are not what adapting to a person needs."""


class BadCodebook(FacsightError):
    """A codebook file breaks its own rules."""


class BadRecipe(FacsightError):
    """A recipe has an unknown key, a missing key or a value of the wrong kind."""


class BadFolds(FacsightError):
    """A person, video or picture is on both sides of a split, or folds do not fit the dataset."""


class MissingData(FacsightError):
    """A dataset folder or a model file is not where it was expected."""


class BadCheckpoint(FacsightError):
    """Weights are damaged, or belong to another architecture."""


class BadTraining(FacsightError):
    """Training cannot go on: a term is not finite, or the run folder belongs to another recipe."""


class BadOutput(FacsightError):
    """Results cannot be written where they were asked for: no room, no permission, or not a folder."""


class WorkerLost(FacsightError):
    """Processes that shared the work died again and again."""


class BadTimes(FacsightError):
    """Rows or samples whose times no single video has: out of order, not finite, or of several videos."""


class BadAnnotations(FacsightError):
    """A file of annotations cannot be read as what it claims to be, or does not fit the videos."""


class BadProtocol(FacsightError):
    """A file of protocols breaks its own rules."""


class UnknownName(FacsightError):
    """A name is not in the catalogue."""


def did_you_mean(found: str, known: Iterable[str]) -> str:
    """Advice for a name that is not known: the nearest known one, and all, or the three nearest of many.

    >>> did_you_mean("wieght", ["weight", "layer"])
    "did you mean 'weight'? Known: layer, weight"
    """
    known = sorted(known)
    nearest = get_close_matches(found, known, n=3)
    hint = f"did you mean {nearest[0]!r}? " if nearest else ""
    listed = known if len(known) <= LISTED else nearest or known[:LISTED]
    rest = f" and {len(known) - len(listed)} more" if len(listed) < len(known) else ""
    return f"{hint}Known: {', '.join(listed) or 'none'}{rest}"


def counted(number: int, thing: str) -> str:
    """A number of things, in the singular where there is one.

    >>> counted(1, "face"), counted(0, "face")
    ('1 face', '0 faces')
    """
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
