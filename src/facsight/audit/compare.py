"""Runs side by side: the same faces under each, and how sure their differences are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import torch

from facsight.audit.alike import MAPS, UNITS, Alike, alike, read_maps
from facsight.core.errors import BadFaces, MissingData, did_you_mean
from facsight.metrics.classification import Interval
from facsight.metrics.resampling import mean_intervals, resample_counts

#: The faces of an audited run, a row each, with every score of each of them.
TABLE = "audit-{split}.parquet"


@dataclass(frozen=True)
class Comparison:
    """One score of several runs over the faces that all of them have.

    `values` are each run's own means; `differences` those to the first run, face by face, with intervals.
    """

    score: str
    faces: int
    values: tuple[Interval, ...]
    differences: tuple[Interval, ...]


def compare(
    runs: Sequence[Path], *, split: str = "val", by: str | None = None, seed: int = 0
) -> list[Comparison]:
    """Compare audited runs, the first with each other one, on the same faces.

    Differences are means over paired faces with 95 % bootstrap intervals; `by` names a column of the tables,
    such as a person, whose values are resampled together. `MissingData` names a run that was not audited,
    `BadFaces` says when runs have no face in common.
    """
    tables = [_read(run, split) for run in runs]
    shared = set.intersection(*(set(table["face"]) for table in tables))
    if not shared:
        raise BadFaces(f"{', '.join(map(str, runs))} have no face in common: compare runs on the same data")
    aligned = [table.filter(pl.col("face").is_in(list(shared))).sort("face") for table in tables]
    groups = _groups(aligned[0], by)
    names = [name for name in _scores(aligned[0]) if all(name in table.columns for table in aligned)]
    columns = {
        name: [torch.tensor(table[name].to_list(), dtype=torch.float64) for table in aligned]
        for name in names
    }
    return [_compared(name, values, groups, seed) for name, values in columns.items()]


def compare_maps(runs: Mapping[str, Path], *, split: str = "val") -> Alike | None:
    """How alike the maps of audited runs are on the faces that all of them have, and the action units' own.

    `runs` are folders by the name that their maps get. `MissingData` names a run whose audit saved no maps.
    """
    found: dict[str, torch.Tensor] = {}
    tables = {name: _read(run, split) for name, run in runs.items()}
    shared = set.intersection(*(set(table["face"]) for table in tables.values()))
    for name, run in runs.items():
        path = _home(run) / MAPS.format(split=split)
        if not path.is_file():
            raise MissingData(f"{run} has no {path.name}: run `facsight audit {run} --on {split}` again")
        rows = tables[name].with_row_index("row").filter(pl.col("face").is_in(list(shared))).sort("face")
        maps = read_maps(path, torch.tensor(rows["row"].to_list(), dtype=torch.long))
        found |= {source if source == UNITS else f"{name}: {source}": one for source, one in maps.items()}
    return alike(found)


def as_rows(comparisons: Sequence[Comparison], runs: Sequence[str]) -> list[Mapping[str, object]]:
    """Comparisons as plain data, for JSON."""
    return [
        {
            "score": c.score,
            "faces": c.faces,
            "values": {run: [i.estimate, i.low, i.high] for run, i in zip(runs, c.values, strict=True)},
            "differences": {
                run: [i.estimate, i.low, i.high] for run, i in zip(runs[1:], c.differences, strict=True)
            },
        }
        for c in comparisons
    ]


def _compared(
    name: str, values: Sequence[torch.Tensor], groups: torch.Tensor | None, seed: int
) -> Comparison:
    known = torch.stack([column.isfinite() for column in values]).all(dim=0)
    columns = torch.stack([*values, *(column - values[0] for column in values[1:])], dim=1)[known]
    generator = torch.Generator().manual_seed(seed)
    if groups is None:
        counts = resample_counts(len(columns), generator=generator)
    else:
        _, member = groups[known].unique(return_inverse=True)
        counts = resample_counts(int(member.max()) + 1 if len(member) else 0, generator=generator)[:, member]
    found = mean_intervals(columns, counts)
    return Comparison(name, int(known.sum()), tuple(found[: len(values)]), tuple(found[len(values) :]))


def _read(run: Path, split: str) -> pl.DataFrame:
    path = _home(run) / TABLE.format(split=split)
    if not path.is_file():
        raise MissingData(f"{run} has no {path.name}: run `facsight audit {run} --on {split}` first")
    return pl.read_parquet(path)


def _home(run: Path) -> Path:
    """The folder that an audit writes into: a run's own, or that of a weights file."""
    return run if run.is_dir() else run.parent


def _groups(table: pl.DataFrame, by: str | None) -> torch.Tensor | None:
    if by is None:
        return None
    if by not in table.columns:
        raise MissingData(f"the tables have no column {by!r}: {did_you_mean(by, table.columns)}")
    return torch.tensor(table[by].rank("dense").to_list()) - 1


def _scores(table: pl.DataFrame) -> list[str]:
    return [name for name, kind in table.schema.items() if kind.is_numeric()]
