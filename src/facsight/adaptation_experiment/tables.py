"""Results of adaptation as tables: one line a target, method and seed; what that is of people, by method."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import polars as pl
import torch

from facsight.catalog import BOUNDS
from facsight.core.errors import BadPeople, BadTraining
from facsight.core.people import People
from facsight.metrics.personal_gain import PersonalGain, personal_gain
from facsight.recipe import read_recipe
from facsight.training.run_folder import RECIPE, read_json, write_whole

RESULT, RESULTS, CLIPS = "result.json", "results.csv", "clips.csv"

Role: TypeAlias = Literal["bound", "baseline", "method"]
ScoreName: TypeAlias = Literal["accuracy", "balanced_accuracy", "macro_f1"]


@dataclass(frozen=True)
class Result:
    """What one method says of one target under one seed, on clips that it was not adapted to.

    Scores are over rows; classes that a target neither has nor is said to have are left out of the macro F1.
    """

    target: str
    method: str
    role: Role
    sees: str
    seed: int
    rows: int
    clips: int
    accuracy: float
    balanced_accuracy: float
    macro_f1: float
    seconds: float

    def as_data(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return asdict(self)


def read_result(folder: Path) -> Result:
    """A finished result of a folder."""
    return Result(**read_json(folder / RESULT))


def read_results(run: Path) -> list[Result]:
    """All results of a run folder, in the order of their training. `BadTraining` where it is not finished."""
    if not (run / RESULTS).is_file():
        raise BadTraining(
            f"{run} holds no {RESULTS}: it is no run of a recipe for people, or not finished; `facsight "
            "train` with the same recipe goes on"
        )
    return [Result(**row) for row in pl.read_csv(run / RESULTS, schema_overrides=_SCHEMA).to_dicts()]


def write_results(run: Path, results: Sequence[Result]) -> None:
    """All results as one table, whole or not at all."""
    write_whole(run / RESULTS, pl.DataFrame([one.as_data() for one in results], schema=_SCHEMA).write_csv())


def clips_of(adapting: People, scored: People, *, seed: int, neutral: int | None) -> pl.DataFrame:
    """A row a clip of a target: whether it is adapted to or scored, whether neutral, and its rows."""
    return pl.concat(
        pl.DataFrame(
            {
                "target": [side.names[one] for one in side.person.tolist()],
                "seed": seed,
                "clip": side.clip.tolist(),
                "part": part,
                "neutral": (side.label == neutral).tolist() if neutral is not None else False,
            },
            schema_overrides=_CLIPS,
        )
        .group_by("target", "seed", "clip", "part", maintain_order=True)
        .agg(pl.col("neutral").any(), rows=pl.len().cast(pl.Int64))
        for part, side in (("adapted", adapting), ("scored", scored))
    )


def read_clips(run: Path) -> pl.DataFrame | None:
    """Which clips were adapted to and which scored; None for a run from before that was written down."""
    path = run / CLIPS
    return pl.read_csv(path, schema_overrides=_CLIPS) if path.is_file() else None


def holds_people(run: Path) -> bool:
    """Whether a folder is a run of a recipe for people."""
    return (run / RECIPE).is_file() and read_recipe(run / RECIPE).kind == "people"


def ranking(
    results: Sequence[Result], *, score: ScoreName = "accuracy", bounds: Sequence[str] = ()
) -> list[str]:
    """Methods by their mean over people, best first. What sees labels must be named as a bound.

    `BadPeople` for results of a bound that is not in `bounds`: it would be taken for a method.
    """
    for one in results:
        if one.method in BOUNDS and one.method not in bounds:
            raise BadPeople(
                f"{one.method!r} sees labels of the target and cannot stand in a ranking unless it is named "
                "as a bound: give bounds, or leave its results out"
            )
    scores = by_person(results, score)
    means = {name: sum(sum(own) / len(own) for own in of.values()) / len(of) for name, of in scores.items()}
    return sorted(means, key=lambda name: -means[name])


def by_person(results: Sequence[Result], score: ScoreName) -> dict[str, dict[str, list[float]]]:
    """Of each method and person the score under each seed."""
    found: dict[str, dict[str, list[float]]] = {}
    for one in results:
        found.setdefault(one.method, {}).setdefault(one.target, []).append(getattr(one, score))
    return found


def adaptation_table(
    results: Sequence[Result], *, score: ScoreName = "accuracy", tolerance: float = 0.0
) -> Mapping[str, PersonalGain]:
    """What each method does for people beside the unadapted network and the oracle, best method first."""
    scores = by_person(results, score)
    lower = next(one.method for one in results if one.role == "bound" and one.method not in BOUNDS)
    upper = next((name for name in scores if name in BOUNDS), None)
    return {
        name: personal_gain(
            scores[name],
            scores[lower],
            scores[upper] if upper else None,
            generator=torch.Generator().manual_seed(0),
            tolerance=tolerance,
        )
        for name in ranking(results, score=score, bounds=tuple(BOUNDS))
    }


def person_table(results: Sequence[Result], *, score: ScoreName = "accuracy") -> pl.DataFrame:
    """A row a person and a column a method: the score, the mean over seeds."""
    rows = pl.DataFrame([one.as_data() for one in results], schema=_SCHEMA)
    return rows.pivot("method", index="target", values=score, aggregate_function="mean")


_SCHEMA = {
    "target": pl.String,
    "method": pl.String,
    "role": pl.String,
    "sees": pl.String,
    "seed": pl.Int64,
    "rows": pl.Int64,
    "clips": pl.Int64,
    "accuracy": pl.Float64,
    "balanced_accuracy": pl.Float64,
    "macro_f1": pl.Float64,
    "seconds": pl.Float64,
}
_CLIPS = {"target": pl.String, "seed": pl.Int64, "clip": pl.Int64, "part": pl.String, "neutral": pl.Boolean}
