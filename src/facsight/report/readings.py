"""The page of a readings folder: every photo with its faces, what was read in them, and on what grounds."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from facsight.analysis.columns import reading_columns
from facsight.analysis.compound import load_compounds
from facsight.analysis.run import load_run
from facsight.analysis.wording import percent
from facsight.report.compound import compound_list, compound_values
from facsight.report.own_units import learnt_on, thresholds_of
from facsight.report.page import write_page
from facsight.report.personal import personal_values
from facsight.report.photo_card import SHORT, photo_card

#: Photos shown in full, by default; a page with more grows slow to open and to print.
PHOTOS_SHOWN = 40
#: Faces of one photo that are shown in full.
FACES_SHOWN = 40
#: Rows of each list below the photos; the table has them all.
ROWS_LISTED = 500


def write_report(folder: Path, *, photos: int = PHOTOS_SHOWN, pictures: bool = True) -> Path:
    """Write `report.html` from the records in a readings folder, and from the photos where they still are.

    The first `photos` photos with a face are shown in full, at most 40 faces each, and the others in lists of
    at most 500 rows; the page says so. With `pictures` False no photo and no face is put on the page, only
    maps and numbers.
    """
    records, about = load_run(folder)
    reader, compounds = about["reader"], load_compounds(folder)
    ok = records.filter(pl.col("status") == "ok")
    first = ok.select(pl.col("photo").unique(maintain_order=True).head(photos)).collect()["photo"]
    full = pl.col("photo").is_in(first.implode()) & (pl.col("face") <= FACES_SHOWN)
    groups = ok.filter(full).collect().partition_by("photo", maintain_order=True)
    cards = [
        photo_card(
            group.to_dicts(),
            Path(about["read_from"]),
            reader["classes"],
            pictures=pictures,
            units=thresholds_of(reader),
        )
        for group in groups
    ]
    return write_page(
        folder / "report.html",
        "readings.html",
        made=_day(about["made"]),
        counts=about,
        tiles=_tiles(about),
        read_as=_read_as(ok),
        photos=cards,
        limits=_limits(about, len(cards), photos, pictures),
        **_lists(records, ok.filter(~full), reader["classes"]),
        columns=[column.describe() for column in reading_columns(reader["classes"], reader["action_units"])],
        columns_about=_columns_about(folder),
        how=_how(about),
        person=personal_values(reader),
        compound=compound_values(compounds),
        compounds=compound_list(compounds),
        units_of=learnt_on(reader),
    )


def _lists(records: pl.LazyFrame, others: pl.LazyFrame, classes: list[str]) -> dict[str, Any]:
    """What is not shown in full, each list with a note where it is cut."""
    without, failed = (records.filter(pl.col("status") == status) for status in ("no_face", "failed"))
    rows, others_note = _first_rows(others, "These faces are listed without pictures")
    names, without_note = _first_rows(without, "Nothing that looks like a face was found in these photos")
    reasons, failed_note = _first_rows(failed, "Everything else was read")
    return {
        "others": [_line(row, classes) for row in rows],
        "others_note": others_note,
        "without_face": [row["file"] for row in names],
        "without_note": without_note,
        "failed": [{"file": row["file"], "reason": row["reason"]} for row in reasons],
        "failed_note": failed_note,
    }


def _first_rows(records: pl.LazyFrame, note: str) -> tuple[list[dict[str, Any]], str]:
    count = records.select(pl.len()).collect().item()
    cut = f"; the first {ROWS_LISTED} of {count}, the table has them all" if count > ROWS_LISTED else ""
    return records.drop("attention", "au_map", "landmarks", "unit_maps").head(
        ROWS_LISTED
    ).collect().to_dicts(), f"{note}{cut}."


def _line(row: Mapping[str, Any], classes: list[str]) -> dict[str, str]:
    probability = max(row[f"expression_{name.replace(' ', '_')}"] for name in classes)
    return {
        "file": row["file"],
        "face": str(row["face"]),
        "label": row["label"],
        "percent": percent(probability),
        "uncertainty": f"{row['uncertainty']:.2f}",
        "cautions": ", ".join(SHORT[name] for name in row["cautions"].split()),
    }


def _tiles(about: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The counts on top of the page; those of what went wrong only where something did."""
    counts = [
        ("photos", "photo"),
        ("faces", "face"),
        ("without_face", "without a face"),
        ("failed", "not read"),
    ]
    shown = [(about[key], name) for key, name in counts if about[key] or key in ("photos", "faces")]
    return [
        {"value": n, "name": f"{name}s" if name in ("photo", "face") and n != 1 else name}
        for n, name in shown
    ]


def _read_as(ok: pl.LazyFrame) -> list[dict[str, Any]]:
    """How often each expression was read, the most frequent first."""
    labels = ok.group_by("label").len().sort("len", "label", descending=[True, False]).collect()
    return [{"value": count, "name": label} for label, count in labels.iter_rows()]


def _limits(about: Mapping[str, Any], shown: int, asked: int, pictures: bool) -> str:
    """What the page leaves out, in words; empty where it shows everything."""
    with_face = about["photos"] - about["without_face"] - about["failed"]
    told = "Made without pictures: maps and numbers only. " if not pictures else ""
    if shown < with_face:
        told += f"The first {shown} of {with_face} photos with a face are shown in full "
        told += f"(--pictures {asked}); all other faces are listed below."
    return told.strip()


def _columns_about(folder: Path) -> str:
    """What the table's naming convention is, where it is not our own."""
    described = json.loads((folder / "readings.columns.json").read_text(encoding="utf-8"))
    if described["convention"] == "facsight":
        return ""
    return (
        f"This table was written with the columns of {described['convention']}: {described['about']}. "
        "Below are facsight's."
    )


def _how(about: Mapping[str, Any]) -> list[dict[str, str]]:
    reader = about["reader"]
    facts = {
        "Read": _day(about["made"]),
        "facsight": reader["facsight"],
        "Reader": f"{reader['card'].get('name', reader['weights']['file'])} ({reader['weights']['file']})",
        "Weights": f"SHA-256 {reader['weights']['sha256']}",
        "Face finder": reader["finder"],
        "Codebook": f"{reader['codebook']['name']}, version {reader['codebook']['version']}",
        "Expressions": ", ".join(reader["classes"]),
        **_units_told(reader),
        **_card(reader["card"]),
    }
    return [{"name": name, "value": value} for name, value in facts.items()]


def _units_told(reader: Mapping[str, Any]) -> dict[str, str]:
    if "units" not in reader:
        return {}
    card, weights = reader["units"]["card"], reader["units"]["weights"]
    return {
        "Action units by": f"{card['name']} ({weights['file']}), trained on {learnt_on(reader)}",
        "Their weights": f"SHA-256 {weights['sha256']}",
    }


def _card(card: Mapping[str, Any]) -> dict[str, str]:
    """What else the weights say about themselves, in their own words: data, about, scores."""
    told = {"name", "classes", "codebook", "crop_size", "temperature"}
    plain = {
        key: value for key, value in card.items() if key not in told and isinstance(value, str | int | float)
    }
    return {key.replace("_", " ").capitalize(): str(value) for key, value in plain.items()}


def _day(moment: str) -> str:
    made = datetime.fromisoformat(moment)
    return f"{made.day} {made:%B %Y}, {made:%H:%M} UTC"
