"""The page of a folder of videos: each video's timeline, person by person, and its summary."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
from polars import selectors as cs

from facsight.analysis.wording import percent, unit_name
from facsight.report.by_model import model_section, model_values
from facsight.report.chart_data import (
    chart_data,
    damage_places,
    expression_names,
    hues,
    known_units,
    strongest,
    unit_names,
)
from facsight.report.compound import compound_list, compound_values
from facsight.report.moments import Moment, moments
from facsight.report.opened_study import Study, open_study
from facsight.report.page import write_page
from facsight.report.personal import personal_section, personal_values
from facsight.report.script import as_json, script
from facsight.report.stills import drawn_face, stills
from facsight.report.timeline import Timeline, binned, clock, edges_of, timeline
from facsight.report.video_units import units_by, units_of

#: People of a video that get a timeline, those seen longest; the table has them all.
PEOPLE_SHOWN = 6
#: Seconds and frames that a face must be seen to get one: many a texture is taken for a face for a moment.
SEEN_FOR, SEEN_IN = 0.5, 5
#: Action units that get a lane, those with the largest mean share of the person's attention.
UNITS_SHOWN = 5
#: Videos that get pictures of faces, by default.
VIDEOS_PICTURED = 40
#: Rows that a page holds frame by frame: nine hours of two people at 30 frames a second, about 26 megabytes.
ROWS_HELD = 2_000_000

CHART = ("timeline_data.js", "timeline_draw.js", "timeline_readout.js", "timeline.js")


def write_study_report(folder: Path, *, photos: int = VIDEOS_PICTURED, pictures: bool = True) -> Path:
    """Write `report.html` from the table in a folder of videos, and from the videos where they still are.

    Faces are shown of the first `photos` videos at most; with `pictures` False no picture is on the page.
    """
    study = open_study(folder)
    held, videos = 0, []
    for number in range(len(study.videos)):
        rows = study.rows(number)
        held += len(rows)
        section = video_section(study, number, rows, interactive=held <= ROWS_HELD)
        with_faces = pictures and number < photos
        videos.append(with_pictures(study, number, rows, section, pictures=with_faces))
    return write_page(folder / "report.html", "study.html", **page_values(study, videos))


def page_values(study: Study, videos: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What every page about a study says."""
    about = study.about
    return {
        "made": about["made"].replace("T", " ").removesuffix("+00:00") + " UTC",
        "videos": videos,
        "legend": [
            {"name": n, "hue": hue} for n, hue in zip(study.classes, hues(study.classes), strict=True)
        ],
        "hues": hues(study.classes),
        "reader": about["reader"],
        "told_apart": about.get("people"),
        "sampling": _sampling(about),
        "model": model_values(study.by_model),
        "compound": compound_values(study.compounds),
        "person": personal_values(about["reader"]),
        "units_by": units_by(about["reader"]),
        "script": script(*CHART, "study.js"),
        "watch": None,
    }


def video_section(
    study: Study, number: int, rows: pl.DataFrame, *, interactive: bool = True, boxes: bool = False
) -> dict[str, Any]:
    """What the template shows of a video: a picture of its timeline, the data of the chart, a table."""
    told = study.videos[number]
    folder, _, name = told["file"].rpartition("/")
    shown = {"number": number + 1, "told": told, "name": name, "folder": folder, "timeline": None}
    shown |= {"length": None, "people": [], "others": 0, "data": None, "held": interactive}
    shown |= {"personal": None, "by_model": model_section(study.by_model, told["file"])}
    shown |= {"compounds": compound_list(study.compounds, told["file"])}
    if rows.is_empty():
        return shown
    tracks, others = _longest(rows)
    section = shown | {
        "length": clock(rows["time"].max() - rows["time"].min()),  # pyright: ignore
        "timeline": _drawn(rows, told, tracks, study) if tracks else None,
        "people": [_person(rows, track, study.classes) for track in tracks],
        "others": others,
        "personal": personal_section(rows, tracks, study.classes),
    }
    if interactive and tracks:
        options = {"lanes": UNITS_SHOWN, "events": study.events_of(number), "boxes": boxes}
        section["data"] = as_json(chart_data(rows, told, tracks, study.classes, study.units, **options))
    return section


def with_pictures(
    study: Study, number: int, rows: pl.DataFrame, section: Mapping[str, Any], *, pictures: bool
) -> dict[str, Any]:
    """A video's section with its moments, and with the maps of each person's own action units."""
    people = section["people"]
    return {
        **section,
        "faces": faces_of(study, number, rows, people, pictures=pictures),
        "own_units": units_of(study, number, rows, people, pictures=pictures),
    }


def faces_of(
    study: Study, number: int, rows: pl.DataFrame, people: Sequence[Mapping[str, Any]], *, pictures: bool
) -> dict[str, Any]:
    """The moments of each person, with pictures from the video or drawn from landmarks, and a note."""
    if not people:
        return {"people": [], "note": ""}
    read = rows.drop(cs.starts_with("evidence_", "box_"))
    own = [read.filter(pl.col("track") == person["track"]).sort("frame") for person in people]
    chosen = [moments(one, study.classes, study.events_of(number)) for one in own]
    whole = study.whole_rows(number, [moment for some in chosen for moment in some])
    cut, note = {}, ""
    if pictures and whole:
        frames = rows.select("frame", "time").unique("frame").sort("frame")
        cut, note = stills(study.path(number), frames, whole, study.about["sequence"])
    drawn = {} if pictures else {(row["track"], row["frame"]): drawn_face(row) for row in whole}
    shown = [
        {"name": person["name"], "moments": [_moment(moment, cut, drawn) for moment in some]}
        for person, some in zip(people, chosen, strict=True)
        if some
    ]
    return {"people": shown, "note": note}


def _moment(moment: Moment, cut: Mapping, drawn: Mapping) -> dict[str, Any]:
    key = (moment.track, moment.frame)
    return {
        "time": clock(moment.time),
        "ms": round(moment.time * 1000),
        "label": moment.name,
        "percent": percent(moment.share),
        "pictures": cut.get(key, []),
        "paths": drawn.get(key, []),
    }


def _longest(rows: pl.DataFrame) -> tuple[list[int], int]:
    """The tracks that are shown, and how many are not."""
    seen = rows.drop_nulls("track").group_by("track").agg(pl.len(), last=_span("time"))
    lasting = seen.filter((pl.col("last") >= SEEN_FOR) & (pl.col("len") >= SEEN_IN))
    longest = lasting.sort("len", "track", descending=[True, False]).head(PEOPLE_SHOWN)
    tracks = longest["track"].sort().to_list()
    return tracks, len(seen) - len(tracks)


def _drawn(rows: pl.DataFrame, told: Mapping[str, Any], tracks: Sequence[int], study: Study) -> Timeline:
    times = rows["time"].to_numpy()
    edges = edges_of(float(times.min()), float(times.max()), rows["time"].n_unique())
    people = {}
    for track in tracks:
        own = rows.filter(pl.col("track") == track)
        time = own["time"].to_numpy()
        shares = binned(time, own.select(expression_names(study.classes)).to_numpy(), edges)
        units = strongest(own, known_units(own, study.units), UNITS_SHOWN)
        # without any unit polars forgets how many rows there are
        shown = own.select(unit_names(units)).fill_null(0.0).to_numpy().reshape(len(own), len(units))
        lanes = binned(time, shown.astype(float), edges)
        people[f"person {track}"] = (shares, {unit_name(unit): lanes[:, n] for n, unit in enumerate(units)})
    first = rows.group_by("shot").agg(pl.col("time").min()).sort("shot")["time"].to_list()
    return timeline(
        "Expressions over time", people, edges, first[1:], [at for at, _ in damage_places(told["damage"])]
    )


def _person(rows: pl.DataFrame, track: int, classes: Sequence[str]) -> dict[str, Any]:
    rows = rows.select("track", "label", "time").filter(pl.col("track") == track)
    counts = dict(rows.group_by("label").len().iter_rows())
    order = sorted(classes, key=lambda name: -counts.get(name, 0))
    return {
        "track": track,
        "name": f"person {track}",
        "frames": len(rows),
        "from": clock(rows["time"].min()),  # pyright: ignore
        "to": clock(rows["time"].max()),  # pyright: ignore
        "read_as": ", ".join(f"{n} {percent(counts[n] / len(rows))}" for n in order if n in counts),
    }


def _span(name: str) -> pl.Expr:
    return pl.col(name).max() - pl.col(name).min()


def _sampling(about: Mapping[str, Any]) -> str:
    if about["rate"] is not None:
        return f"at most {about['rate']:g} frames a second"
    return "every frame" if about["every"] == 1 else f"every {about['every']}th frame"
