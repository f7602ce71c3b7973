"""Emotions in free words: sets of words against sets of words, after words that mean the same are grouped."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from facsight.core.errors import BadLabels

Unknown = Literal["own", "drop"]


@dataclass(frozen=True)
class SetScore:
    """Precision and recall of sets, averaged over samples, and what challenges make of both.

    `average`, the mean of the two averages, ranks MER 2024; `f1`, their harmonic mean, is AffectGPT's F_s.
    Neither is a mean of the samples' own. NaN without samples that count.
    """

    precision: float
    recall: float
    average: float
    f1: float
    samples: int
    empty_truth: int


class OpenVocabulary:
    """`SetScore` over samples, each two sets of words.

    `groups` maps words to the name of their group, a synonym set or a place on an emotion wheel; the score
    depends on it, so name it with the score. A word in no group stands for itself (`unknown="own"`, MER 2024)
    or is left out (`unknown="drop"`, the emotion wheels of AffectGPT). Case and spaces around do not matter.
    A sample without words in truth, once grouped, cannot be judged and is counted apart; one without
    predicted words has precision and recall 0.

    Lian et al., "MER 2024", arXiv 2404.17113; Lian et al., "AffectGPT", ICML 2025, arXiv 2501.16566.

    >>> score = OpenVocabulary({"happy": "joy", "joyful": "joy"})
    >>> score.update(["Happy", "calm"], ["joyful", "proud", "joy"])
    >>> score.compute().precision, score.compute().recall
    (0.5, 0.5)
    """

    def __init__(self, groups: Mapping[str, str], *, unknown: Unknown = "own") -> None:
        self.groups = {_plain(word): _plain(group) for word, group in groups.items()}
        self.unknown = unknown
        self.precisions = self.recalls = 0.0
        self.samples = self.empty_truth = 0

    def update(self, predicted: Iterable[str], truth: Iterable[str]) -> None:
        """Add a sample: the words predicted, and those that are true. A text instead of words is refused."""
        if isinstance(predicted, str) or isinstance(truth, str):
            raise BadLabels("expected words one by one, found a text: split it into a list of words")
        answered, true = self.grouped(predicted), self.grouped(truth)
        if not true:
            self.empty_truth += 1
            return
        shared = len(answered & true)
        self.samples += 1
        self.precisions += shared / len(answered) if answered else 0.0
        self.recalls += shared / len(true)

    def grouped(self, words: Iterable[str]) -> set[str]:
        """The groups that words belong to."""
        plain = {_plain(word) for word in words} - {""}
        known = {self.groups[word] for word in plain if word in self.groups}
        left = {word for word in plain if word not in self.groups} if self.unknown == "own" else set()
        return known | left

    def merge(self, other: "OpenVocabulary") -> None:
        """Add what another has counted of other samples; both group words alike."""
        if (self.groups, self.unknown) != (other.groups, other.unknown):
            raise BadLabels("two counts of sets can be added only where both group words alike")
        self.precisions += other.precisions
        self.recalls += other.recalls
        self.samples += other.samples
        self.empty_truth += other.empty_truth

    def compute(self) -> SetScore:
        """The score of everything so far."""
        if self.samples == 0:
            return SetScore(*[float("nan")] * 4, samples=0, empty_truth=self.empty_truth)
        precision, recall = self.precisions / self.samples, self.recalls / self.samples
        f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
        return SetScore(precision, recall, (precision + recall) / 2, f1, self.samples, self.empty_truth)


def mean_over_groupings(scores: Iterable[SetScore]) -> SetScore:
    """Each number averaged over several groupings, as AffectGPT averages five emotion wheels."""
    found = list(scores)
    if not found:
        raise BadLabels("expected the scores of at least one grouping, found none")
    columns = {
        name: fmean(getattr(score, name) for score in found)
        for name in ("precision", "recall", "average", "f1")
    }
    return SetScore(
        **columns,
        samples=min(score.samples for score in found),
        empty_truth=max(score.empty_truth for score in found),
    )


def _plain(word: str) -> str:
    return word.strip().casefold()
