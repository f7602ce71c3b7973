"""What a page shows of compound expressions: a list for each video, or one of all photos."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from facsight.analysis.compound import Compounds
from facsight.report.timeline import clock

#: Rows of a list on the page; the table has them all.
ROWS_SHOWN = 300


def compound_values(compounds: Compounds | None) -> dict[str, Any] | None:
    """What a page says of the decision once; None where there is none."""
    if compounds is None:
        return None
    about = compounds.about
    classes = about["space"]["classes"] if about["space"] else about["reader_classes"]
    return {"how": about["how"], "classes": ", ".join(classes), "above": f"1/{len(about['reader_classes'])}"}


def compound_list(compounds: Compounds | None, file: str | None = None) -> dict[str, Any]:
    """The rows of one video, or of all photos, as words, those that are shown, and a note on the others."""
    if compounds is None or compounds.table.is_empty():
        return {"rows": [], "note": ""}
    table = compounds.table if file is None else compounds.table.filter(pl.col("file") == file)
    said = table.filter(pl.col("compound").is_not_null())
    shown = said.head(ROWS_SHOWN)
    counts = f"One is said of {len(said)} of {len(table)}; compound.csv has all, with the reasons."
    cut = f" The first {ROWS_SHOWN} are shown." if len(said) > ROWS_SHOWN else ""
    return {"rows": [_row(row) for row in shown.iter_rows(named=True)], "note": counts + cut}


def _row(row: Mapping[str, Any]) -> dict[str, str]:
    if "face" in row:
        place: Sequence[str] = (row["file"], f"face {row['face']}")
    else:
        who = row.get("person", row.get("track"))
        place = (f"{clock(row['start'])} to {clock(row['end'])}", f"person {who}")
    label = row.get("label")
    where = f"{place[0]}, {label}" if label else place[0]
    return {"where": where, "who": place[1], "compound": row["compound"], "sentence": row["sentence"]}
