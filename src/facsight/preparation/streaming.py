"""Every recording to its streams, and what its samples are: the whole, a stretch, or moments of it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import polars as pl

from facsight.core.errors import BadTable, MissingData
from facsight.data.recordings import RECORDINGS, StreamCard, escaped, read_cards, write_cards
from facsight.media.sequence import open_footage
from facsight.preparation.cropping import frame_base
from facsight.preparation.ledger import Entry
from facsight.preparation.recordings import Features, Maker, Recording, told_apart
from facsight.preparation.task import Done, Outcome, Task

#: Columns of the rows that samples of recordings have in the manifest.
ROWS = pl.Schema(
    {
        "sample": pl.String(),
        "of": pl.String(),
        "file": pl.String(),
        "features": pl.String(),
        "video": pl.String(),
        "frame": pl.Int32(),
        "start": pl.Float64(),
        "end": pl.Float64(),
    }
)


def make_streams(task: Task, features: Features) -> Done:
    """Make the streams that are not there yet, a recording after the other."""
    films = task.sources.table.filter(~pl.col("still"))
    maker = Maker(task.folder, task.ledger, features, task.finder)
    recordings = list(_recordings(films, task.sources.paths))
    rows, outcomes = [], []
    for recording, samples in recordings:
        entries = maker.make(recording)
        outcomes += _outcomes(recording, samples["source"][0], entries, features)
        file = next((entry.file for entry in entries.values() if entry.file), None)
        if file is not None:
            ends = [entry.end for entry in entries.values() if entry.end is not None]
            rows.append(_rows_of(task, recording, samples, file, max(ends), frame_base(films)))
        task.advance(1, len(recordings))
    write_cards(task.folder, _known(task.folder) | maker.cards)
    crops = dict.fromkeys(str(one.crop) for one in features.extractors.values() if hasattr(one, "crop"))
    about = {"features": list(features.extractors), "crop": "; ".join(crops) or "none"}
    return Done(pl.concat([pl.DataFrame(schema=ROWS), *rows]), outcomes, about)


def _recordings(films: pl.DataFrame, paths: Mapping[str, Path]):
    """Each recording with the samples that it is, or that are moments of it.

    It is called as its sample or, where samples are frames or moments, as its video; the samples of a file
    that have a start and an end are recordings of their own.
    """
    whose: dict[str, str] = {}
    for (source,), samples in films.group_by("source", maintain_order=True):
        signals = samples["signals"][0]
        beside = paths[signals] if signals else None
        path = None if samples["path"][0] is None else paths[str(source)]
        stretches = samples.filter(pl.col("frame").is_null() & pl.col("end").is_not_null())
        for row in stretches.iter_rows(named=True):
            stretch = (row["start"] or 0.0, row["end"])
            of_it = samples.filter(pl.col("sample") == row["sample"])
            yield Recording(row["sample"], path, beside, stretch), of_it
        rest = samples.filter(pl.col("frame").is_not_null() | pl.col("end").is_null())
        if len(rest):
            name = (
                rest["sample"][0] if len(rest) == 1 and _is_whole(rest) else rest["video"][0] or str(source)
            )
            if whose.setdefault(name, str(source)) != source:  # two files that a dataset calls one video
                name = str(source)
            yield Recording(name, path, beside), rest


def _is_whole(samples: pl.DataFrame) -> bool:
    return samples["frame"].null_count() == len(samples) and samples["start"].null_count() == len(samples)


def _rows_of(
    task: Task, recording: Recording, samples: pl.DataFrame, file: str, end: float, base: int
) -> pl.DataFrame:
    """The samples of a recording as rows: moments have a number and their time, others last to the end."""
    place = pl.lit(f"{RECORDINGS}/{escaped(recording.name)}")
    rows = samples.select(
        "sample",
        pl.col("sample").alias("of"),
        pl.lit(file).alias("file"),
        place.alias("features"),
        pl.lit(recording.name).alias("video"),
        "frame",
        "start",
        "end",
    )
    if recording.stretch is not None or _is_whole(samples):
        length = end if recording.stretch is None else recording.stretch[1] - recording.stretch[0]
        return rows.with_columns(start=pl.lit(0.0), end=pl.lit(length)).cast(ROWS)
    if rows["frame"].null_count():
        return rows.with_columns(frame=pl.int_range(pl.len())).cast(ROWS)
    assert recording.path is not None
    first, rate = _clock_of(recording.path, task.sampling.sequence)
    return rows.with_columns(start=first + (pl.col("frame") - base) / rate).cast(ROWS)


def _clock_of(path: Path, sequence: float | None) -> tuple[float, float]:
    """When the first frame of a video is shown, and how many are shown a second."""
    with open_footage(path, sequence) as footage:
        first = next(footage.frames(), None)
        return first.at.time if first else 0.0, footage.rate or 25.0


def _outcomes(
    recording: Recording, origin: str, entries: Mapping[str, Entry], features: Features
) -> list[Outcome]:
    """What came of each modality; what concerns several is told with the first."""
    apart = told_apart(entries, features)
    return [
        Outcome(recording.name, origin, name, replace(entry, told=(*entry.told, *(apart if not k else ()))))
        for k, (name, entry) in enumerate(entries.items())
    ]


def _known(folder: Path) -> dict[str, StreamCard]:
    """What other modalities an earlier call left in the folder."""
    try:
        return read_cards(folder)
    except (MissingData, BadTable):
        return {}
