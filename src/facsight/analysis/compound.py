"""Which compound expression each face of a photo, or each person in a stretch of a video, shows, and why.

Made from the tables of a folder that `facsight analyze` wrote; nothing is read again. "rules": a pair rule on
the probabilities of basic expressions (`facs.compound`), beside which stands what the action units under the
reader's attention fit best. "model": the reader's own classes are compound expressions.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl
import torch

from facsight.analysis.columns import Column
from facsight.analysis.in_time import unit_of
from facsight.analysis.run import load_run
from facsight.analysis.segments import segments_of_video
from facsight.analysis.study import ABOUT as STUDY
from facsight.analysis.study import load_study
from facsight.analysis.time_columns import END, FILE, LABEL, START, TIER, TRACK, schema, series_names
from facsight.analysis.wording import percent
from facsight.core.errors import BadRecipe, BadTable
from facsight.core.labels import LabelSpace
from facsight.core.saving import whole_file
from facsight.faces.align import align
from facsight.facs.codebook import COMPOUND_CODEBOOK, COMPOUND_EXPRESSIONS, load_codebook
from facsight.facs.compound import WHY, attention_fit, decide_pair, pair_scores

How = Literal["rules", "model"]

TABLE, ABOUT = "compound.csv", "compound.json"
#: Seconds of a stretch of a video, where no segments are given.
STRETCH = 4.0
#: Frames of a stretch, evenly spread, whose attention is compared with action units.
LOOKED_AT = 8

_PLACE_IN_PHOTO = (FILE, Column("face", "integer", "", "1, 2, ...", "number of the face in its photo"))
_DECIDED = (
    Column("compound", "text", "", "a class", "the compound expression; empty: none can be said, see why"),
    Column("why", "text", "", f"{', '.join(WHY)}, model", "why it is said, or why none is"),
    Column("first", "text", "", "a class", "the more probable of the two basic expressions"),
    Column("second", "text", "", "a class", "the other one"),
    Column("first_probability", "number", "probability", "0 to 1", "its mean probability"),
    Column("second_probability", "number", "probability", "0 to 1", "that of the other"),
    Column("score", "number", "", "0 to 1", "rules: the sum of the two; model: the compound's probability"),
    Column("runner_up", "text", "", "a class", "the compound that comes next; empty: none is open"),
    Column("runner_up_score", "number", "", "0 to 1", "its score"),
)
_BESIDE = (
    Column("by_weighted_sum", "text", "", "a class", "what the weighted pair rule says; it always says one"),
    Column(
        "by_attention",
        "text",
        "",
        "a class",
        f"whose action units ({COMPOUND_CODEBOOK}) the reader's attention fits best; evidence, not the truth",
    ),
    Column("attention_fit", "number", "", "-1 to 1", "how well: the centred cosine of the two maps"),
)
_SENTENCE = Column("sentence", "text", "", "", "all of this in words")


@dataclass(frozen=True)
class Compounds:
    """A row a face, or a person and stretch of time, and what is to be known of them as plain data."""

    table: pl.DataFrame
    about: Mapping[str, Any]


def compound_columns(how: How, *, photos: bool, unit: Column = TRACK) -> tuple[Column, ...]:
    """The columns of `compound.csv`; `unit` is what a person of a video is."""
    frames = Column("frames", "integer", "", "1 ...", "readings of the person in the stretch")
    placed = _PLACE_IN_PHOTO if photos else (FILE, unit, TIER, LABEL, START, END, frames)
    beside = _BESIDE if how == "rules" else ()
    return (*placed, *_DECIDED, *beside, _SENTENCE)


def read_compounds(
    folder: Path, how: How, space: LabelSpace, segments: pl.DataFrame | None = None
) -> Compounds:
    """Say which compound each face or stretch shows, and write `compound.csv` and `compound.json`.

    `space` has the compounds that may be said, by "rules"; `segments` are those of
    `segments.read_segments`, else stretches of 4 s are taken. What `check_compounds` refuses is refused here.
    """
    photos = not (folder / STUDY).is_file()
    records, about = load_run(folder) if photos else load_study(folder)
    classes: Sequence[str] = about["reader"]["classes"]
    check_compounds(how, classes, space)
    unit = TRACK if photos else unit_of(records)
    columns = compound_columns(how, photos=photos, unit=unit)
    decide = _ByModel(classes) if how == "model" else _ByRules(classes, space, _crop_size(about))
    groups = _faces(records) if photos else _stretches(records, unit, segments)
    rows = [{**place, **decide(some)} for place, some in groups]
    table = pl.DataFrame(rows, schema=schema(columns), orient="row")
    told = {
        "how": how,
        "space": {"name": space.name, "classes": list(space.classes)} if how == "rules" else None,
        "reader_classes": list(classes),
        "above": 1 / len(classes),
        "codebook": load_codebook(COMPOUND_CODEBOOK).identity if how == "rules" else None,
        "columns": [column.describe() for column in columns],
    }
    _write(folder, table, told)
    return Compounds(table, told)


def check_compounds(how: How, classes: Sequence[str], space: LabelSpace) -> None:
    """Refuse, before anything is read, what a reader of these classes cannot say.

    `BadRecipe` where they are not compounds, by "model"; `BadLabels` where the space is not of compounds, or
    a basic expression of its pairs is not among the classes, by "rules".
    """
    if how == "rules":
        pair_scores(np.ones(len(classes)), classes, space.classes)
    elif not set(classes) <= set(COMPOUND_EXPRESSIONS):
        raise BadRecipe(
            "a model of compounds has compound expressions as classes, and those of this reader "
            f"are {', '.join(classes)}: train one on rafdb_compound and give its --weights, or say rules"
        )


def load_compounds(folder: Path) -> Compounds | None:
    """What a folder says of compound expressions; None where nobody asked. `BadTable` for half of it."""
    if not (folder / ABOUT).exists() and not (folder / TABLE).exists():
        return None
    try:
        told = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        return Compounds(pl.DataFrame(told.pop("rows"), infer_schema_length=None), told)
    except (OSError, ValueError, KeyError, pl.exceptions.PolarsError) as error:
        raise BadTable(
            f"{folder} has no whole {TABLE} and {ABOUT}: remove them, or run `facsight analyze` again"
        ) from error


def forget_compounds(folder: Path) -> None:
    """Remove what an earlier run said: it may be of other readings."""
    for name in (TABLE, ABOUT):
        (folder / name).unlink(missing_ok=True)


def _write(folder: Path, table: pl.DataFrame, told: Mapping[str, Any]) -> None:
    with whole_file(folder / TABLE) as partial:
        table.write_csv(partial, float_precision=6)
    with whole_file(folder / ABOUT) as partial:
        whole = json.dumps({**told, "rows": table.to_dicts()}, indent=1, ensure_ascii=False, allow_nan=False)
        partial.write_text(whole + "\n", encoding="utf-8")


def _crop_size(about: Mapping[str, Any]) -> int | None:
    size = about["reader"]["card"].get("crop_size")
    return None if size is None else int(size)


def _faces(records: pl.LazyFrame) -> Iterator[tuple[dict[str, Any], pl.DataFrame]]:
    """Each face of the photos, with its one row."""
    for some in records.filter(pl.col("status") == "ok").collect().iter_slices(1):
        yield some.select("file", "face").row(0, named=True), some


def _stretches(
    records: pl.LazyFrame, unit: Column, segments: pl.DataFrame | None
) -> Iterator[tuple[dict[str, Any], pl.DataFrame]]:
    """The rows of each person in each segment, or stretch of `STRETCH` seconds, of each video."""
    seen = records.filter(pl.col("status") == "ok").collect()
    files = seen["file"].unique(maintain_order=True).to_list()
    for video in seen.partition_by("file", maintain_order=True):
        for place in _places(video, files, segments):
            inside = video.filter(pl.col("time") >= place["start"], pl.col("time") < place["end"])
            for some in inside.sort(unit.name, "frame").partition_by(unit.name, maintain_order=True):
                yield place | {unit.name: some[unit.name][0], "frames": len(some)}, some


def _places(video: pl.DataFrame, files: Sequence[str], segments: pl.DataFrame | None) -> list[dict[str, Any]]:
    file = video["file"][0]
    if segments is not None:
        columns = ("file", "tier", "label", "start", "end")
        return segments_of_video(segments, file, files).select(columns).to_dicts()
    numbers = (video["time"] / STRETCH).floor().unique().sort().to_list()
    return [
        {"file": file, "tier": None, "label": None, "start": n * STRETCH, "end": (n + 1) * STRETCH}
        for n in numbers
    ]


class _ByModel:
    """The mean probabilities of compound classes decide."""

    def __init__(self, classes: Sequence[str]):
        self.classes = classes

    def __call__(self, rows: pl.DataFrame) -> dict[str, Any]:
        shares = _means(rows, self.classes)
        best, *others = sorted(shares, key=lambda name: -shares[name])
        second = others[0] if others else None
        told = f"Looks most like {best} ({percent(shares[best])}), by the model's own classes"
        told += f"; then {second} ({percent(shares[second])})." if second else "."
        return {
            "compound": best,
            "why": "model",
            "score": shares[best],
            "runner_up": second,
            "runner_up_score": None if second is None else shares[second],
            "sentence": told,
        }


class _ByRules:
    """The pair rules decide on mean probabilities; what the attention fits stands beside."""

    def __init__(self, classes: Sequence[str], space: LabelSpace, crop_size: int | None):
        self.classes, self.compounds, self.crop_size = classes, space.classes, crop_size
        self.book = load_codebook(COMPOUND_CODEBOOK)

    def __call__(self, rows: pl.DataFrame) -> dict[str, Any]:
        shares = _means(rows, self.classes)
        told = decide_pair(shares, self.compounds)
        values = np.array([shares[name] for name in self.classes])
        weighted = pair_scores(values, self.classes, self.compounds, "weighted_sum")
        fits, fit = self._attention(rows)
        row = {
            "compound": told.compound,
            "why": told.why,
            "first": told.parts[0],
            "second": told.parts[1],
            "first_probability": told.probabilities[0],
            "second_probability": told.probabilities[1],
            "score": told.score,
            "runner_up": told.runner_up,
            "runner_up_score": told.runner_up_score,
            "by_weighted_sum": self.compounds[int(weighted.argmax())],
            "by_attention": fits,
            "attention_fit": fit,
        }
        return row | {"sentence": in_words(row)}

    def _attention(self, rows: pl.DataFrame) -> tuple[str | None, float | None]:
        """Whose units the attention fits best, on average over some frames, and how well."""
        if self.crop_size is None or not {"attention", "landmarks"} <= set(rows.columns):
            return None, None
        known = rows.filter(pl.col("attention").is_not_null(), pl.col("landmarks").is_not_null())
        known = known.filter(pl.col("landmarks").list.eval(pl.element().is_finite()).list.all())
        if known.is_empty():
            return None, None
        spread = np.unique(np.linspace(0, len(known) - 1, min(LOOKED_AT, len(known))).round().astype(int))
        maps = known[spread.tolist()]
        points = np.array(maps["landmarks"].to_list(), np.float64).reshape(-1, 68, 2)
        points = np.stack([align(face, self.crop_size).to_crop(face) for face in points])
        cells = torch.tensor(maps["attention"].to_list(), dtype=torch.float32)
        width = int(maps["map_width"][0]) if "map_width" in maps.columns else round(cells.shape[1] ** 0.5)
        looked = cells.reshape(len(cells), -1, width)
        landmarks = torch.from_numpy(points).float()
        fits = attention_fit(looked, landmarks, self.crop_size, self.compounds, self.book)
        mean = torch.where(fits.isfinite(), fits, 0.0).mean(dim=0)
        if not fits.isfinite().any():
            return None, None
        best = int(mean.argmax())
        return self.compounds[best], float(mean[best])


def in_words(row: Mapping[str, Any]) -> str:
    """The decision by rules, and, where one is said, what the attention fits best, if that is known."""
    both = " and ".join(
        f"{row[name]} ({percent(row[f'{name}_probability'])})" for name in ("first", "second")
    )
    if row["compound"] is not None:
        told = f"Shows {row['compound']}: {both} stand out together"
        second = row["runner_up"]
        told += f"; next comes {second}." if second else "."
    else:
        reasons = {
            "single": f"no second expression stands out; most probable of the basic ones are {both}",
            "no_pair": f"{both} stand out, which are no pair of the label space",
            "outweighed": f"another expression outweighs {both}",
            "not_known": "there is no reading",
        }
        told = f"Nothing compound can be said: {reasons[row['why']]}."
    if row["compound"] is not None and row["by_attention"] is not None:
        fit = f"{row['attention_fit']:.2f}"
        told += f" The reader's attention lies most like the action units of {row['by_attention']} ({fit})."
    return told


def _means(rows: pl.DataFrame, classes: Sequence[str]) -> dict[str, float]:
    means = rows.select(pl.col(series_names("expression", classes)).mean()).row(0)
    return {name: float("nan") if m is None else m for name, m in zip(classes, means, strict=True)}
