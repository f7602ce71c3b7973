"""Explanations against reference explanations: which action units, clues and labels both name, as sets."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from facsight.core.errors import BadLabels

#: What is compared, each as a set a text.
KINDS = ("units", "clues", "labels")


@dataclass(frozen=True)
class Mentions:
    """What a text names: action units by number, clues (such as regions of the face), labels."""

    units: frozenset[int] = frozenset()
    clues: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Overlap:
    """Precision, recall and F1 over all mentions of all texts, and the mean over texts of each one's F1.

    With `shared` mentions of `said` and of `reference` ones: shared / said, shared / reference, and
    2 shared / (said + reference). A text names a thing once, however often. Texts of which neither side names
    anything are left out of the mean. NaN where nothing is to be divided by.
    """

    precision: float
    recall: float
    f1: float
    mean_f1: float
    said: int
    reference: int
    shared: int


@dataclass(frozen=True)
class ExplanationScore:
    """An `Overlap` for action units, clues and labels, over so many texts."""

    units: Overlap
    clues: Overlap
    labels: Overlap
    texts: int


@dataclass
class _Counts:
    said: int = 0
    reference: int = 0
    shared: int = 0
    summed_f1: float = 0.0
    texts: int = 0


@dataclass
class ExplanationOverlap:
    """`ExplanationScore` over pairs of an explanation and its reference.

    It says how alike two texts are in what they name, not whether either is true of the face.

    >>> overlap = ExplanationOverlap()
    >>> overlap.update(Mentions(units=frozenset({6, 12, 4})), Mentions(units=frozenset({6, 12, 25, 26})))
    >>> overlap.compute().units.shared, round(overlap.compute().units.f1, 3)
    (2, 0.571)
    """

    counts: Mapping[str, _Counts] = field(default_factory=lambda: {kind: _Counts() for kind in KINDS})
    texts: int = 0

    def update(self, said: Mentions, reference: Mentions) -> None:
        """Add a text and its reference."""
        self.texts += 1
        for kind, counts in self.counts.items():
            own, other = getattr(said, kind), getattr(reference, kind)
            if isinstance(own, str) or isinstance(other, str):
                raise BadLabels(f"expected {kind} one by one, found a text")
            shared, total = len(own & other), len(own) + len(other)
            counts.said += len(own)
            counts.reference += len(other)
            counts.shared += shared
            counts.summed_f1 += 2 * shared / total if total else 0.0
            counts.texts += total > 0

    def compute(self) -> ExplanationScore:
        """The score of everything so far."""
        return ExplanationScore(**{kind: _overlap(self.counts[kind]) for kind in KINDS}, texts=self.texts)


def _overlap(counts: _Counts) -> Overlap:
    return Overlap(
        precision=_part(counts.shared, counts.said),
        recall=_part(counts.shared, counts.reference),
        f1=_part(2 * counts.shared, counts.said + counts.reference),
        mean_f1=_part(counts.summed_f1, counts.texts),
        said=counts.said,
        reference=counts.reference,
        shared=counts.shared,
    )


def _part(some: float | int, whole: int) -> float:
    return some / whole if whole else float("nan")
