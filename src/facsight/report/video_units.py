"""What a network of action units says of the people in a video, for its page: curves, cards, and a note."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from facsight.report.opened_study import Study
from facsight.report.own_units import learnt_on
from facsight.report.unit_curves import faces_at, highest, people_curves, unit_cards


def units_of(
    study: Study, number: int, rows: pl.DataFrame, people: Sequence[Mapping[str, Any]], *, pictures: bool
) -> dict[str, Any]:
    """Curves and cards of each person's action units, where a network of them was asked, and a note."""
    thresholds = study.thresholds
    if not thresholds or not people:
        return {"people": [], "note": ""}
    tracks = [person["track"] for person in people]
    own = [rows.filter(pl.col("track") == track).sort("frame") for track in tracks]
    wanted = [highest(one, sorted(thresholds)) for one in own]
    whole = study.whole_rows(number, [moment for some in wanted for moment in some.values()])
    faces, note = {}, ""
    if pictures:
        frames = rows.select("frame", "time").unique("frame").sort("frame")
        faces, note = faces_at(study.path(number), frames, whole, study.about["sequence"])
    placed = {(row["track"], row["frame"]): row for row in whole}
    curves = people_curves(rows, tracks, thresholds)
    shown = [
        {"curves": curve, "cards": unit_cards(one, some, placed, faces, thresholds)}
        for curve, one, some in zip(curves, own, wanted, strict=True)
    ]
    return {"people": shown, "note": note}


def units_by(reader: Mapping[str, Any]) -> dict[str, str] | None:
    """What is said once a page of the network of action units; None where none was asked."""
    if "units" not in reader:
        return None
    return {"name": reader["units"]["card"]["name"], "learnt_on": learnt_on(reader)}
