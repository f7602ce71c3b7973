"""What an audit says in words: a claim, whether it holds, and because of what."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from facsight.metrics.classification import Interval

Answer = Literal["yes", "no", "undecided", "not examined"]


@dataclass(frozen=True)
class Verdict:
    """A claim about a reader's evidence and what the audit found."""

    claim: str
    answer: Answer
    because: str


def decide(margin: Interval | None) -> Answer:
    """Yes where the whole interval lies above 0, no where it lies below, otherwise undecided.

    >>> decide(Interval(0.2, 0.1, 0.3)), decide(Interval(0.1, -0.1, 0.3)), decide(None)
    ('yes', 'undecided', 'not examined')
    """
    if margin is None or margin.estimate != margin.estimate:
        return "not examined"
    if margin.low > 0:
        return "yes"
    return "no" if margin.high < 0 else "undecided"


def points_at_units(
    score: Interval | None, margin: Interval | None, floor: str, faces: int, *, what: str = "attention"
) -> Verdict:
    """Whether maps agree with the true class's action units better than any map that knows nothing.

    `score` is their mean centred cosine, `margin` its distance from that of the best floor, face by face.
    """
    return Verdict(
        f"Its {what} points at the action units of the true expression, better than maps that know nothing.",
        decide(margin),
        _nothing("no face has both a map and action units")
        if score is None or margin is None
        else f"The mean centred cosine is {told(score)}; that is {signed(margin)} against the best floor "
        f"({floor}), over {faces} faces.",
    )


def tells_classes_apart(
    score: Interval | None, margin: Interval | None, floor: str, chance: float, *, what: str = "attention"
) -> Verdict:
    """Whether maps fit their own class's action units better than those of the other classes."""
    return Verdict(
        f"Its {what} differs between expressions as their action units do.",
        decide(margin),
        _nothing("no face has both a map and action units")
        if score is None or margin is None
        else f"On {told(score)} of the faces the map fits its own expression best (chance {chance:.2f}); "
        f"that is {signed(margin)} against the best floor ({floor}).",
    )


def is_faithful(
    margins: Mapping[str, tuple[Interval, str]], faces: int, *, what: str = "attention"
) -> Verdict:
    """Whether removing the places that a map shows first hurts sooner than in the order of the best floor.

    `margins` are differences, positive where the map is the better guide, with the best floor's name: of
    deletion, insertion and ROAD. All must agree.
    """
    answers: set[Answer] = {decide(margin) for margin, _ in margins.values()}
    answer: Answer = answers.pop() if len(answers) == 1 else "undecided"
    parts = [f"{name} {signed(margin)} (against {floor})" for name, (margin, floor) in margins.items()]
    return Verdict(
        f"The decision depends most on the places that its {what} shows.",
        answer,
        f"How much better a guide it is than the best map that knows nothing: {'; '.join(parts)}; over "
        f"{faces} faces.",
    )


def rests_on_units(
    effect: Interval | None, control: Interval | None, margin: Interval | None, faces: int
) -> Verdict:
    """Whether removing the action unit regions lowers the decision more than removing as much elsewhere."""
    return Verdict(
        "Its decisions rest on the regions of the expression's action units.",
        decide(margin),
        _nothing("no face has landmarks")
        if effect is None or control is None or margin is None
        else f"Removing these regions lowers the probability by {told(effect)}, removing as much elsewhere "
        f"on the face by {told(control)}: a difference of {signed(margin)}, over {faces} faces.",
    )


def shares_agree(agreement: Interval | None, faces: int) -> Verdict:
    """Whether the units with most attention are those whose removal matters most."""
    return Verdict(
        "The shares of its attention rank action units as their removal does.",
        decide(agreement),
        _nothing("too few units could be compared")
        if agreement is None
        else f"The mean rank correlation over an expression's units is {told(agreement)}, "
        f"over {faces} faces.",
    )


def depends_on_weights(
    similarity: Interval | None, *, what: str = "attention", limit: float = 0.5
) -> Verdict:
    """Whether maps change when what was learnt is replaced by random weights."""
    margin = None if similarity is None else Interval(*(limit - end for end in _turned(similarity)))
    return Verdict(
        f"Its {what} comes from what was learnt, not from the picture or the architecture alone.",
        decide(margin),
        _nothing("the maps of the random network are not defined")
        if similarity is None
        else f"With random weights in every layer, maps correlate with the trained ones by "
        f"{told(similarity)} (over {limit:g} would say that training hardly matters).",
    )


def is_calibrated(error: float, limit: float = 0.05) -> Verdict:
    """Whether it is right as often as it is sure."""
    return Verdict(
        "Its probabilities mean what they say.",
        "yes" if error <= limit else "no",
        f"The expected calibration error is {error:.3f} (at most {limit:g} is taken as good).",
    )


def told(interval: Interval) -> str:
    """An estimate with its interval, in words."""
    return f"{interval.estimate:.3f} ({interval.low:.3f} to {interval.high:.3f})"


def signed(interval: Interval) -> str:
    """A difference with its interval, in words."""
    return f"{interval.estimate:+.3f} ({interval.low:+.3f} to {interval.high:+.3f})"


def _turned(interval: Interval) -> tuple[float, float, float]:
    """The order in which an interval's ends are subtracted from something."""
    return interval.estimate, interval.high, interval.low


def _nothing(reason: str) -> str:
    return f"Not available: {reason}."
