"""A reading as plain data: all that may be said of a face, and nothing else."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import Any

from facsight.analysis.causes import Causes
from facsight.analysis.evidence import Evidence
from facsight.analysis.reading import Reading
from facsight.core.errors import BadFaces, BadTable
from facsight.words.from_face import left_share

_BY_UNIT = ("attention", "contrast", "units", "present", "hidden", "hidden_elsewhere")


@dataclass(frozen=True)
class Measured:
    """What was measured of one face, as numbers under names; what is not known is None, or left out.

    `expression` has calibrated probabilities, of which `label` is the largest. `attention` are shares of the
    reader's attention by action unit of the label, `elsewhere` the rest and `floor` what a perfect match
    would leave there; `agreement` and `rank` are those of `analysis.evidence.Evidence`, `left` the share on
    the person's left half, `tied` the label's action units by the codebook. `contrast` are shares of what
    spoke for the second expression. `units` and `present` are what a network of action units says. `hidden`
    is the label's probability with a unit's region hidden, `hidden_elsewhere` with as much hidden elsewhere.
    `pose` is in degrees, `time` in seconds. `BadFaces` for numbers that are none.
    """

    label: str
    expression: Mapping[str, float]
    attention: Mapping[int, float] = field(default_factory=dict)
    elsewhere: float | None = None
    floor: float | None = None
    agreement: float | None = None
    rank: int | None = None
    left: float | None = None
    tied: tuple[int, ...] = ()
    contrast: Mapping[int, float] = field(default_factory=dict)
    units: Mapping[int, float] = field(default_factory=dict)
    present: Mapping[int, bool] = field(default_factory=dict)
    hidden: Mapping[int, float] = field(default_factory=dict)
    hidden_elsewhere: Mapping[int, float] = field(default_factory=dict)
    pose: Mapping[str, float] = field(default_factory=dict)
    cautions: tuple[str, ...] = ()
    time: float | None = None

    def __post_init__(self):
        if self.label not in self.expression or max(self.expression.values()) != self.expression[self.label]:
            raise BadFaces(
                f"expected a reading whose label is its most probable expression, found {self.label!r} "
                f"of {dict(self.expression)}: read the photo again"
            )
        for name, value in asdict(self).items():
            numbers = value.values() if isinstance(value, dict) else [value] * isinstance(value, float)
            wrong = [one for one in numbers if not isinstance(one, int | float) or not isfinite(one)]
            if wrong:
                raise BadFaces(f"expected finite numbers in a reading, found {wrong[0]} for {name}")

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            name: {str(key): one for key, one in value.items()} if isinstance(value, dict) else value
            for name, value in asdict(self).items()
        }


def from_plain(told: Any) -> Measured:
    """A reading from what `plain` gave; `BadTable` for anything else."""
    try:
        units = {name: {int(unit): one for unit, one in told[name].items()} for name in _BY_UNIT}
        lists = {name: tuple(told[name]) for name in ("tied", "cautions")}
        return Measured(**{**told, **units, **lists})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadTable(f"expected a reading of `facsight explain --instructions`: {error!r}") from error


def measured(reading: Reading, *, causes: Causes | None = None, time: float | None = None) -> Measured:
    """What a reading measured; with `causes` (`reading.evidence.causes()`), what hiding places did, too.

    `time` is that of the frame, in seconds. `BadFaces` for a reading whose probabilities are not numbers.
    """
    evidence, chances = reading.evidence, reading.expression
    if not all(map(isfinite, chances.values())):
        raise BadFaces(f"expected a probability for each expression, found {chances}: read the photo again")
    second, chance = _second(chances, reading.label), chances[reading.label]
    effects = {} if causes is None else causes.units
    return Measured(
        label=reading.label,
        expression=dict(chances),
        attention=dict(evidence.action_units),
        elsewhere=_known(evidence.elsewhere),
        floor=_known(evidence.elsewhere_floor),
        agreement=_known(evidence.agreement),
        rank=evidence.rank,
        left=left_share(evidence.attention.astype(float)),
        tied=_tied(evidence),
        contrast={} if second is None else dict(evidence.about(second).action_units),
        units={one.action_unit: one.probability for one in reading.units},
        present={one.action_unit: one.present for one in reading.units if one.present is not None},
        hidden={unit: _part(chance - cause.effect) for unit, cause in effects.items()},
        hidden_elsewhere={unit: _part(chance - cause.control) for unit, cause in effects.items()},
        pose={} if reading.pose is None else {a: getattr(reading.pose, a) for a in ("yaw", "pitch", "roll")},
        cautions=tuple(reading.cautions),
        time=time,
    )


def _second(chances: Mapping[str, float], label: str) -> str | None:
    return max((name for name in chances if name != label), key=lambda name: chances[name], default=None)


def _tied(evidence: Evidence) -> tuple[int, ...]:
    """The action units of the label by the codebook, whether or not they could be placed."""
    source = evidence.source
    weights = source.weights[source.classes.index(evidence.label)].tolist()
    return tuple(u for u, weight in zip(source.units.action_units, weights, strict=True) if weight > 0)


def _known(number: float) -> float | None:
    """None for NaN, which says that something does not apply."""
    return None if number != number else float(number)


def _part(number: float) -> float:
    """A probability, without what rounding of floating-point numbers adds beyond 0 and 1."""
    return min(max(number, 0.0), 1.0)
