"""Folds in which nobody is on both sides: by person, by video, official, or a published list of targets.

    folds = group_folds(table, 5, dataset="my-faces", stratify="expression", seed=0)
    for fold in folds:
        train, test = fold["train"], fold["test"]         # rows of the table
    write_folds(folds, "my-faces-5.csv")                  # data/fold_files: a file that can be published

A table has a row a sample: `sample` (a text of its own), and any of `subject`, `video`, `near_copies`,
`split` and labels. Nothing depends on the order of the rows, on the platform or on a random number generator.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal, TypeAlias, get_args

import polars as pl

from facsight.core.errors import BadFolds, UnknownName, did_you_mean
from facsight.data.balance import share_out
from facsight.data.groups import (
    KEPT_APART,
    Unknown,
    apart_columns,
    check_samples,
    group_samples,
    keys,
    listed,
)
from facsight.data.leaks import refuse_leaks

#: How places become folds: each is the test once, and the training part are all others ("rest") or the place
#: "train" ("train"); or there is one fold whose parts are the places ("parts").
Scheme: TypeAlias = Literal["rest", "train", "parts"]
_SCHEMES = get_args(Scheme)


@dataclass(frozen=True)
class Fold:
    """Parts of a dataset, as tables, that share nothing in the columns `apart`, nor a sample.

    `apart` None: every one of subject, video and near copies that the tables know. `BadFolds` names what is
    shared, and the parts.

    >>> one, two = (pl.DataFrame({"sample": [id], "subject": ["ann"]}) for id in "12")
    >>> try:
    ...     Fold("0", {"train": one, "test": two})
    ... except BadFolds as error:
    ...     print(str(error).split(". ")[0])
    fold '0': expected nobody and nothing on two sides, found subject 'ann' in test (1) and train (1)
    """

    name: str
    parts: Mapping[str, pl.DataFrame]
    apart: tuple[str, ...] | None = None

    def __post_init__(self):
        needed = ("sample", *KEPT_APART, *(self.apart or ()))
        sides = [
            part.select(
                pl.lit(name).alias("split"), *(c for c in part.columns if c in needed and c != "split")
            )
            for name, part in self.parts.items()
        ]
        if not sides:
            raise BadFolds(f"fold {self.name!r}: expected parts, found none")
        whole = pl.concat(sides, how="diagonal_relaxed")
        refuse_leaks(whole, apart_columns(whole, self.apart), f"fold {self.name!r}")

    def __getitem__(self, part: str) -> pl.DataFrame:
        if part not in self.parts:
            raise BadFolds(f"fold {self.name!r} has no part {part!r}: {did_you_mean(part, self.parts)}")
        return self.parts[part]


@dataclass(frozen=True)
class Folds:
    """The folds of a dataset, in order: a place for every sample, and what the places mean.

    `places` has the columns `sample` and `place` (null: in no fold); `made` says how, in words and numbers
    that a file can hold. Iterating gives a `Fold` a name; `folds["3"]` gives one.
    """

    dataset: str
    table: pl.DataFrame
    places: pl.DataFrame
    names: tuple[str, ...]
    scheme: Scheme
    apart: tuple[str, ...]
    made: Mapping[str, str | int | None]

    def __post_init__(self):
        what = f"folds of {self.dataset}"
        if self.scheme not in _SCHEMES:
            raise BadFolds(f"{what}: expected a scheme of {', '.join(_SCHEMES)}, found {self.scheme!r}")
        held = self.places.rename({"place": "split"})
        refuse_leaks(keys(self.table, self.apart).join(held, on="sample"), self.apart, what)
        if self.scheme != "parts":
            empty = sorted(set(self.names) - set(self.places["place"].drop_nulls()))
            if empty:
                raise BadFolds(f"{what}: expected samples in every fold, found none in {listed(empty)}")

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[Fold]:
        return (self[name] for name in self.names)

    def __getitem__(self, name: str) -> Fold:
        if name not in self.names:
            raise BadFolds(f"{self.dataset} has no fold {name!r}: {did_you_mean(name, self.names)}")
        placed = self.table.join(self.places, on="sample", how="left", maintain_order="left")
        if self.scheme == "parts":
            parts = sorted(placed["place"].drop_nulls().unique())
            chosen = {part: pl.col("place") == part for part in parts}
        else:
            others = pl.col("place") == "train" if self.scheme == "train" else pl.col("place") != name
            chosen = {"train": others, "test": pl.col("place") == name}
        parts = {part: placed.filter(rows).drop("place") for part, rows in chosen.items()}
        return Fold(name, parts, self.apart)


def group_folds(
    table: pl.DataFrame,
    folds: int,
    *,
    dataset: str,
    apart: str | Sequence[str] | None = None,
    stratify: str | Sequence[str] = (),
    seed: int | None = 0,
    unknown: Unknown = "refuse",
) -> Folds:
    """Folds of whole groups, of like size, or of like shares of every class of the columns `stratify`.

    Groups are those of `groups.group_samples`: by default samples stay together that share a subject, a
    video or near copies. Each is tested once. Large groups are placed first, each into the fold that has
    least of what it brings (`balance.share_out`). `seed` changes who goes where; None: nothing is left to
    chance.
    """
    groups = group_samples(table, apart, unknown=unknown)
    classes = (stratify,) if isinstance(stratify, str) else tuple(stratify)
    grouped = table.join(groups, on="sample", how="left", maintain_order="left")
    place = share_out(grouped.filter(pl.col("group").is_not_null()), folds, classes, seed)
    places = groups.join(place, on="group", how="left", maintain_order="left").select("sample", "place")
    made = {"how": "group folds", "folds": folds, "stratify": "+".join(classes) or None, "seed": seed}
    return Folds(
        dataset=dataset,
        table=table,
        places=places,
        names=tuple(str(number) for number in range(folds)),
        scheme="rest",
        apart=apart_columns(table, apart),
        made={**made, "unknown": unknown},
    )


def leave_one_out(
    table: pl.DataFrame,
    *,
    dataset: str,
    apart: str | Sequence[str] | None = None,
    unknown: Unknown = "refuse",
) -> Folds:
    """A fold for every group, called after it: leave one subject (or pair, or video) out."""
    places = group_samples(table, apart, unknown=unknown).rename({"group": "place"})
    names = tuple(places["place"].drop_nulls().unique().sort())
    if len(names) < 2:
        raise BadFolds(
            f"{dataset}: expected at least two groups to leave one out, found {len(names)}: {listed(names)}; "
            "samples that share any of the columns kept apart are one group"
        )
    columns = apart_columns(table, apart)
    return Folds(
        dataset, table, places, names, "rest", columns, {"how": "leave one group out", "unknown": unknown}
    )


def official_folds(table: pl.DataFrame, *, dataset: str, apart: str | Sequence[str] | None = None) -> Folds:
    """One fold, "official", whose parts are the values of the column `split`.

    Where an official split itself has persons, videos or near copies on both sides, `BadFolds` says so; to
    use it all the same, name in `apart` what it does keep apart (or nothing: `()`).
    """
    places = check_samples(table).select("sample", *(["split"] if "split" in table.columns else []))
    if places.width < 2 or places["split"].null_count():
        lacking = places.filter(pl.last().is_null())["sample"] if places.width > 1 else places["sample"]
        raise BadFolds(f"{dataset}: expected a split for every sample, found none for {listed(lacking)}")
    return Folds(
        dataset=dataset,
        table=table,
        places=places.select("sample", pl.col("split").cast(pl.String).alias("place")),
        names=("official",),
        scheme="parts",
        apart=apart_columns(table, apart),
        made={"how": "official split"},
    )


@cache
def published_targets() -> dict[str, dict]:
    """The published lists of target subjects, by name: dataset, source, number of sources, subjects.

    >>> len(published_targets()["biovid-10"]["subjects"])
    10
    """
    file = resources.files("facsight.data").joinpath("target_subjects.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))


def target_folds(table: pl.DataFrame, targets: str | Sequence[str], *, dataset: str) -> Folds:
    """A fold a target subject: that subject is the test, people who are no target are the training part.

    `targets`: the name of a published list (`published_targets`), which then must find as many source people
    as it was published with, or ids of subjects.
    """
    subjects, sources = _targets(targets)
    groups = group_samples(table, "subject").rename({"group": "place"})
    people = set(groups["place"])
    if absent := [subject for subject in subjects if subject not in people]:
        raise BadFolds(f"{dataset}: expected the target subjects in the dataset, found no {listed(absent)}")
    found = len(people) - len(subjects)
    if found != (sources or found) or not found:
        raise BadFolds(
            f"{dataset}: {targets!r} expects {sources or 'some'} source subjects, found {found}; if the "
            "dataset is meant to be other than published, give the subjects of the list themselves"
        )
    place = pl.when(pl.col("place").is_in(subjects)).then("place").otherwise(pl.lit("train"))
    made = {"how": "target subjects", "list": targets if isinstance(targets, str) else None}
    columns = apart_columns(table, None)
    return Folds(dataset, table, groups.with_columns(place), tuple(subjects), "train", columns, made)


def _targets(targets: str | Sequence[str]) -> tuple[list[str], int | None]:
    if not isinstance(targets, str):
        return list(targets), None
    known = published_targets()
    if targets not in known:
        raise UnknownName(f"no list of target subjects is called {targets!r}: {did_you_mean(targets, known)}")
    return known[targets]["subjects"], known[targets]["sources"]
