"""The page of a folder of videos: each video's timeline, person by person, and its summary."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from facsight.analysis.study import load_study
from facsight.analysis.wording import percent, unit_name
from facsight.report.page import write_page
from facsight.report.timeline import HUES, Timeline, binned, clock, edges_of, timeline

#: People of a video that get a timeline, those seen longest; the table has them all.
PEOPLE_SHOWN = 6
#: Seconds and frames that a face must be seen to get one: many a texture is taken for a face for a moment.
SEEN_FOR, SEEN_IN = 0.5, 5
#: Action units that get a lane, those with the largest mean share of the person's attention.
UNITS_SHOWN = 5


def write_study_report(folder: Path, *, photos: int = 0, pictures: bool = False) -> Path:
    """Write `report.html` from the table in a folder of videos. No picture of a face is on it.

    `photos` and `pictures` are there for `facsight report`, which gives them to every kind of page.
    """
    table, about = load_study(folder)
    classes = about["reader"]["classes"]
    videos = [
        _video(table.filter(pl.col("file") == told["file"]), told, classes, about["reader"]["action_units"])
        for told in about["videos"]
    ]
    return write_page(
        folder / "report.html",
        "study.html",
        made=about["made"].replace("T", " ").removesuffix("+00:00") + " UTC",
        videos=videos,
        legend=[{"name": name, "hue": _hue(number)} for number, name in enumerate(classes)],
        hues=[_hue(number) for number in range(len(classes))],
        reader=about["reader"],
        sampling=_sampling(about),
    )


def _video(
    table: pl.LazyFrame, told: Mapping[str, Any], classes: Sequence[str], units: Sequence[int]
) -> dict[str, Any]:
    folder, _, name = told["file"].rpartition("/")
    shown = {"told": told, "name": name, "folder": folder, "timeline": None, "people": [], "others": 0}
    if not told["frames"]:
        return shown
    rows = table.select(
        "time",
        "shot",
        "track",
        "label",
        *_expressions(classes),
        *(f"evidence_AU{unit:02d}" for unit in units),
    ).collect()
    seen = rows.drop_nulls("track").group_by("track").agg(pl.len(), last=_span("time"))
    lasting = seen.filter((pl.col("last") >= SEEN_FOR) & (pl.col("len") >= SEEN_IN))
    longest = lasting.sort("len", "track", descending=[True, False]).head(PEOPLE_SHOWN)
    tracks = longest["track"].sort().to_list()
    people = [_person(rows.filter(pl.col("track") == track), track, classes) for track in tracks]
    return shown | {
        "length": clock(rows["time"].max() - rows["time"].min()),  # pyright: ignore
        "timeline": _drawn(rows, tracks, classes, units) if tracks else None,
        "people": people,
        "others": len(seen) - len(tracks),
    }


def _drawn(
    rows: pl.DataFrame, tracks: Sequence[int], classes: Sequence[str], units: Sequence[int]
) -> Timeline:
    times = rows["time"].to_numpy()
    edges = edges_of(float(times.min()), float(times.max()), rows["time"].n_unique())
    people = {}
    for track in tracks:
        own = rows.filter(pl.col("track") == track)
        time = own["time"].to_numpy()
        shares = binned(time, own.select(_expressions(classes)).to_numpy(), edges)
        shown = own.select(f"evidence_AU{unit:02d}" for unit in units).fill_null(0.0).to_numpy()
        lanes = binned(time, shown.astype(float), edges)
        largest = np.argsort(-shown.mean(axis=0), kind="stable")[:UNITS_SHOWN]
        named = {unit_name(units[n]): lanes[:, n] for n in sorted(largest) if shown[:, n].any()}
        people[f"person {track}"] = (shares, named)
    first = rows.group_by("shot").agg(pl.col("time").min()).sort("shot")["time"].to_list()
    return timeline("Expressions over time", people, edges, first[1:])


def _person(rows: pl.DataFrame, track: int, classes: Sequence[str]) -> dict[str, Any]:
    counts = dict(rows.group_by("label").len().iter_rows())
    order = sorted(classes, key=lambda name: -counts.get(name, 0))
    return {
        "name": f"person {track}",
        "frames": len(rows),
        "from": clock(rows["time"].min()),  # pyright: ignore
        "to": clock(rows["time"].max()),  # pyright: ignore
        "read_as": ", ".join(f"{n} {percent(counts[n] / len(rows))}" for n in order if n in counts),
    }


def _span(name: str) -> pl.Expr:
    return pl.col(name).max() - pl.col(name).min()


def _expressions(classes: Sequence[str]) -> list[str]:
    return [f"expression_{name.replace(' ', '_')}" for name in classes]


def _hue(number: int) -> str:
    return HUES[number % len(HUES)]


def _sampling(about: Mapping[str, Any]) -> str:
    if about["rate"] is not None:
        return f"at most {about['rate']:g} frames a second"
    return "every frame" if about["every"] == 1 else f"every {about['every']}th frame"
