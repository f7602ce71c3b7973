"""Steps of post-processing: what they are called, what options they have, and the file that they stand in.

Filters over time are those of `functional`; a step may name the `columns` that it is for (a label space's own
names: `valence`, `AU06`, `expression` for all of its probabilities). Adjustments have a table `of` with
a number for every action unit, a log-bias for every class, or scale and offset for every value.
"""

import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import Parameter, signature
from math import inf, isfinite
from pathlib import Path
from typing import Any

from facsight.core.errors import BadRecipe, did_you_mean
from facsight.core.labels import LabelSpace
from facsight.functional.temporal import Values, gaussian, one_euro
from facsight.functional.windows import Times, box, fill_gaps, median, savgol


def filter_one_euro(
    time: Times, values: Values, *, min_cutoff: float, beta: float, longest_gap: float = inf
) -> Values:
    """The one-euro filter from the beginning of every series; it looks back only, and lags."""
    return one_euro(time, values, min_cutoff=min_cutoff, beta=beta, longest_gap=longest_gap)[0]


#: Filters over time: each a function (time, values, options) -> values.
FILTERS: Mapping[str, Callable[..., Values]] = {
    "fill": fill_gaps,
    "box": box,
    "gaussian": gaussian,
    "median": median,
    "savgol": savgol,
    "one_euro": filter_one_euro,
}
#: Adjustments of single rows, and the kinds of label space that each is for.
ADJUSTMENTS: Mapping[str, tuple[str, ...]] = {
    "threshold": ("units",),
    "bias": ("classes",),
    "scale": ("values", "levels"),
}
_WORDS = ("method", "padding")
_KEYS = ("about", "chosen_on", "fps", "step")
_NAMED = 3


@dataclass(frozen=True)
class Step:
    """A step by name, with its options; `columns` is empty where it is for all.

    >>> str(Step("box", {"seconds": 1.5}, ("valence",)))
    'box seconds=1.5 (valence)'
    """

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    columns: tuple[str, ...] = ()

    def __str__(self) -> str:
        told = [f"{key}={_told(value)}" for key, value in self.flat.items()]
        named = ", ".join(self.columns[:_NAMED])
        more = f" and {len(self.columns) - _NAMED} more" if len(self.columns) > _NAMED else ""
        return " ".join([self.name, *told, *([f"({named}{more})"] if named else [])])

    @property
    def flat(self) -> Mapping[str, Any]:
        return self.options["of"] if self.name in ADJUSTMENTS else self.options

    def columns_of(self, space: LabelSpace) -> tuple[str, ...]:
        """The columns of a label space that the step is for; of classes, the space's own or none."""
        if self.name not in ADJUSTMENTS:
            return tuple(name for name in space.columns if not self.columns or name in self.columns)
        if space.kind not in ADJUSTMENTS[self.name]:
            return ()
        if space.kind == "classes":
            return space.columns
        return tuple(name for name in space.columns if name in self.flat)


@dataclass(frozen=True)
class Steps:
    """Steps in their order, and the frames a second of the videos that they are for.

    `chosen_on` are the labels that they were chosen on, where they were: on these they score too high.
    """

    steps: tuple[Step, ...]
    fps: float | None = None
    about: str = ""
    chosen_on: str = ""

    def __str__(self) -> str:
        rate = f" at {self.fps:g} frames a second" if self.fps and self.needs_time else ""
        return ("; ".join(map(str, self.steps)) or "nothing") + rate

    @property
    def needs_time(self) -> bool:
        return any(step.name in FILTERS for step in self.steps)

    def to_toml(self) -> str:
        """As TOML that `read_steps` reads back to equal steps."""
        words = {"about": self.about, "chosen_on": self.chosen_on}
        lines = [f"{key} = {json.dumps(word, ensure_ascii=False)}" for key, word in words.items() if word]
        lines += [f"fps = {self.fps!r}"] if self.fps else []
        for step in self.steps:
            lines += ["", "[[step]]", f"name = {json.dumps(step.name)}"]
            lines += [f"columns = {json.dumps(step.columns)}"] if step.columns else []
            lines += ["[step.of]"] if step.name in ADJUSTMENTS else []
            lines += [f"{json.dumps(key)} = {json.dumps(value)}" for key, value in step.flat.items()]
        return "\n".join(lines) + "\n"


def read_steps(path: str | Path, spaces: Sequence[LabelSpace]) -> Steps:
    """The steps of a file, checked against functions and label spaces; `BadRecipe` says what is wrong."""
    path = Path(path)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadRecipe(f"{path} cannot be read as steps of post-processing in TOML: {error}") from error
    for key in content:
        if key not in _KEYS:
            raise BadRecipe(f"{path}: unknown key {key!r}: {did_you_mean(key, _KEYS)}")
    entries, fps = content.get("step", []), content.get("fps")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BadRecipe(f"{path}: expected steps as [[step]], each with a name and options")
    steps = tuple(_step(dict(entry), f"{path}, step {k}") for k, entry in enumerate(entries, 1))
    check_steps(steps, spaces, str(path))
    words = [str(content.get(key, "")) for key in ("about", "chosen_on")]
    return Steps(steps, None if fps is None else check_fps(fps), *words)


def check_fps(fps: object) -> float:
    """Frames a second as a number; `BadRecipe` unless it is above 0."""
    if isinstance(fps, bool) or not isinstance(fps, int | float) or not (fps > 0 and isfinite(fps)):
        raise BadRecipe(f"expected frames a second above 0, such as 30, found {fps!r}")
    return float(fps)


def check_steps(steps: Sequence[Step], spaces: Sequence[LabelSpace], where: str) -> None:
    """`BadRecipe` for a step, an option or a column that does not exist, or a number that cannot be."""
    columns = {name: space for space in spaces for name in space.columns}
    for number, step in enumerate(steps, 1):
        place = f"{where}, step {number}"
        known = [*FILTERS, *ADJUSTMENTS]
        if step.name not in known:
            raise BadRecipe(f"{place}: {step.name!r} is no step: {did_you_mean(step.name, known)}")
        for name in step.columns:
            if name not in columns:
                raise BadRecipe(f"{place}: no column {name!r}: {did_you_mean(name, columns)}")
        if step.name in FILTERS:
            _check_filter(step, place)
        else:
            _check_adjustment(step, spaces, place)


def _step(entry: dict[str, Any], place: str) -> Step:
    name, columns = entry.pop("name", None), entry.pop("columns", [])
    if not isinstance(name, str):
        raise BadRecipe(f"{place}: expected a name, one of {', '.join([*FILTERS, *ADJUSTMENTS])}")
    if not isinstance(columns, list) or not all(isinstance(one, str) for one in columns):
        raise BadRecipe(f"{place}: expected columns as a list of names, found {columns!r}")
    return Step(name, entry, tuple(columns))


def _check_filter(step: Step, place: str) -> None:
    taken = dict(list(signature(FILTERS[step.name]).parameters.items())[2:])
    for key, value in step.options.items():
        if key not in taken or key == "state":
            raise BadRecipe(f"{place}: {step.name} has no option {key!r}: {did_you_mean(key, taken)}")
        if not (isinstance(value, str) if key in _WORDS else _is_number(value)):
            kind = "a word" if key in _WORDS else "a number"
            raise BadRecipe(f"{place}: expected {kind} for {key}, found {value!r}")
    for key, parameter in taken.items():
        if parameter.default is Parameter.empty and key not in step.options:
            raise BadRecipe(f"{place}: {step.name} needs {key}")


def _check_adjustment(step: Step, spaces: Sequence[LabelSpace], place: str) -> None:
    mine = [space for space in spaces if space.kind in ADJUSTMENTS[step.name]]
    known = [name for space in mine for name in (space.classes if space.kind == "classes" else space.columns)]
    if not mine or step.columns or set(step.options) != {"of"} or not isinstance(step.options["of"], dict):
        raise BadRecipe(
            f"{place}: expected {step.name} with a table [step.of] of {' or '.join(ADJUSTMENTS[step.name])}"
        )
    for key, value in step.flat.items():
        if key not in known:
            raise BadRecipe(f"{place}: no {key!r} to adjust: {did_you_mean(key, known)}")
        pair = step.name == "scale"
        numbers = list(value) if isinstance(value, list | tuple) and pair else [value]
        if len(numbers) != 1 + pair or not all(_is_number(one) for one in numbers):
            wanted = "two numbers, scale and offset," if pair else "a number"
            raise BadRecipe(f"{place}: expected {wanted} for {key}, found {value!r}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _told(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"{value[0]:.3g}x{value[1]:+.3g}"
    return f"{value:g}" if isinstance(value, int | float) else str(value)
