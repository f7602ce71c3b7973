"""RECOLA: people who solve a task together over the net, valence and arousal traced every 40 ms."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

from facsight.core.labels import label_space
from facsight.data.csv_rows import csv_of
from facsight.data.dataset import Card, Deviation
from facsight.data.frame_files import base_name, folders_near, listed, media_near
from facsight.data.label_columns import in_range
from facsight.data.layout import SOUNDS, VIDEOS, need
from facsight.data.mock_clips import write_clip
from facsight.data.mock_files import write_lines
from facsight.data.text_rows import file_lines, text_rows
from facsight.data.traces import at_moments, joined, rated

SPACE = label_space("va")
GOLD, RAW = "ratings_gold_standard", "emotional_behaviour"
PARTS = {"train": "train", "dev": "val", "test": "test"}

CARD = Card(
    name="recola",
    title="RECOLA, traces of valence and arousal",
    kind="recordings",
    labels=("va",),
    people="46 French-speaking persons, 23 of them given out; 27 in AVEC; five minutes each",
    licence="research only, by an agreement that a permanent academic signs",
    obtain="ask as told at https://diuf.unifr.ch/main/diva/recola/",
    layout="""
RECOLA-Annotation/emotional_behaviour/arousal/P16.csv     time;FM1 ;FM2 ;FM3 ;FF1 ;FF2 ;FF3, and valence/
RECOLA-Video-recordings/P16.mp4                           or RECOLA-Audio-recordings/P16.wav
AVEC 2015 and 2016:
ratings_gold_standard/arousal/train_1.arff, dev_1.arff    Instance_name, frameTime, GoldStandard; and valence/
recordings_video/train_1.mp4                              or recordings_audio/
""",
    paper="Ringeval, Sonderegger, Sauer and Lalanne, Introducing the RECOLA multimodal corpus of remote "
    "collaborative and affective interactions, FG 2013, https://doi.org/10.1109/FG.2013.6553805",
    certainty="both layouts, separators, the blank behind raters' names and the attributes: as several "
    "readers agree. Where there is no gold standard, a value is the plain mean of the six raters, which "
    "is not the gold standard of AVEC. Names of the folders of recordings are assumed. Never opened here.",
)


def read(root: Path, found: list[Deviation]) -> pl.DataFrame:
    """Every moment of every recording: the gold standard where it is there, else the mean of the raters."""
    need(root, CARD)
    near = folders_near(root)
    folder = next((f for kind in (GOLD, RAW) for f in near if base_name(f) == kind), None)
    parts = list(_recordings(root, folder, found)) if folder else []
    if not parts:
        need(root, CARD, f"RECOLA-Annotation/{RAW}/arousal/<person>.csv")
    media = media_near(root, SOUNDS) | media_near(root, VIDEOS)
    path = pl.col("video").replace_strict(media, default=None, return_dtype=pl.String)
    table = pl.concat(parts).with_columns(path.alias("path"))
    absent = table.filter(pl.col("path").is_null())["video"].unique(maintain_order=True)
    if len(absent):
        found.append(Deviation(".", f"no recording of {', '.join(absent[:5])}", fatal=False))
    return table


def _recordings(root: Path, folder: str, found: list[Deviation]) -> Iterator[pl.DataFrame]:
    gold = base_name(folder) == GOLD
    ending = ".arff" if gold else ".csv"
    for name in listed(root / folder / "arousal"):
        recording = name.removesuffix(ending)
        files = {quantity: f"{folder}/{quantity}/{name}" for quantity in ("arousal", "valence")}
        if not name.endswith(ending) or (gold and recording.partition("_")[0] not in PARTS):
            continue
        if not (root / files["valence"]).is_file():
            found.append(Deviation(files["valence"], "no such file, though there is one of arousal"))
            continue
        read_one = _gold if gold else _raters
        ratings = {q: (file, read_one(root, file, q, found)) for q, file in files.items()}
        table = at_moments(joined(ratings, found), recording, files["arousal"], found)
        table = in_range(table, SPACE, files["arousal"], found)
        split = PARTS[recording.partition("_")[0]] if gold else None
        yield table.select(
            "sample",
            pl.lit(split, pl.String).alias("split"),
            pl.lit(recording).alias("subject"),
            "video",
            "start",
            *SPACE.columns,
        )


def _gold(root: Path, file: str, quantity: str, found: list[Deviation]) -> pl.DataFrame:
    """The rows of an ARFF file behind `@data`."""
    lines = [line.strip().lower() for line in file_lines(root / file, root, [])]
    data = lines.index("@data") + 1 if "@data" in lines else 0
    names = [line.split()[1] for line in lines[:data] if line.startswith("@attribute")]
    if names[:3] != ["instance_name", "frametime", "goldstandard"]:
        told = "expected the attributes Instance_name, frameTime, GoldStandard"
        found.append(Deviation(file, f"{told}, found {', '.join(names) or 'none'}"))
        return pl.DataFrame(schema={"line": pl.Int64, "time": pl.String, quantity: pl.String})
    columns = ("name", "time", quantity, *names[3:])
    return text_rows(root / file, root, found, columns, separator=",", skip=data).select(
        "line", "time", quantity
    )


def _raters(root: Path, file: str, quantity: str, found: list[Deviation]) -> pl.DataFrame:
    table = csv_of(root, file, found, ("time",), separator=";")
    raters = [name for name in table.columns if name not in ("line", "time") and "column" not in name]
    return rated(table, raters, quantity).select("line", "time", quantity)


def mock(root: Path, *, seed: int = 0) -> None:
    """Two persons with six raters each, 25 moments: Windows line ends, blanks behind the names of raters."""
    generator = np.random.default_rng(seed)
    header = "time;FM1 ;FM2 ;FM3 ;FF1 ;FF2 ;FF3"
    for person in ("P16", "P41"):
        for quantity in ("arousal", "valence"):
            trace = np.sin(np.arange(25) / 6 + len(quantity)) / 2
            rows = [
                ";".join(
                    [f"{0.04 * k:.2f}", *(f"{value + shift:.4f}" for shift in generator.normal(0, 0.05, 6))]
                )
                for k, value in enumerate(trace)
            ]
            path = root / f"RECOLA-Annotation/{RAW}/{quantity}/{person}.csv"
            write_lines(path, [header, *rows], end="\r\n", last="\r\n\r\n")
        write_clip(root / f"RECOLA-Video-recordings/{person}.mp4", generator, frames=25)
