"""Every picture, and every frame of every video, to a crop of its face, and which label each has."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from facsight.preparation.ledger import Entry
from facsight.preparation.names import distinct
from facsight.preparation.pictures import crop_pictures, wanted_crops
from facsight.preparation.task import Done, Outcome, Task
from facsight.preparation.video_crops import crop_video, key_of_crops, list_of, read_list

#: Columns of the rows that crops have in the manifest.
ROWS = pl.Schema(
    {
        "sample": pl.String(),
        "of": pl.String(),
        "file": pl.String(),
        "frame": pl.Int32(),
        "start": pl.Float64(),
    }
)


def make_crops(task: Task) -> Done:
    """Make the crops that are not there yet, pictures first."""
    table, paths = task.sources.table, task.sources.paths
    stills, films = table.filter("still"), table.filter(~pl.col("still"))
    total = len(stills) + films["source"].n_unique()
    wanted = wanted_crops(stills, paths, task.crop)
    entries = crop_pictures(
        wanted, paths, task.folder, task.ledger, task.crop, task.finder, lambda n: task.advance(n, total)
    )
    outcomes = [
        Outcome(sample, origin, None, entry)
        for sample, origin, entry in zip(stills["sample"], stills["source"], entries, strict=True)
    ]
    # the number of a frame that is a file of its own; that of a row of a file of many means nothing for crops
    frames = [
        None if one.frame is not None else frame for one, frame in zip(wanted, stills["frame"], strict=True)
    ]
    rows = [
        (one.sample, one.sample, one.entry.file, frame, None)
        for one, frame in zip(outcomes, frames, strict=True)
        if one.entry.file
    ]
    found = [pl.DataFrame(rows, schema=ROWS, orient="row")]
    for source, entry in _films(task, films, total):
        outcomes.append(Outcome(source, source, None, entry))
        if entry.file is not None:
            found.append(
                _rows_of(films.filter(pl.col("source") == source), task.folder, entry, frame_base(films))
            )
    return Done(pl.concat(found), outcomes, {"crop": str(task.crop), "crop_type": task.crop.describe()})


def _films(task: Task, films: pl.DataFrame, total: int):
    """What came of each video, in order."""
    sources = films["source"].unique(maintain_order=True).to_list()
    safe, base = distinct(sources), frame_base(films)
    frames: Mapping[str, list[int | None]] = dict(
        films.group_by("source").agg(pl.col("frame") - base).iter_rows()
    )
    for source in sources:
        path = task.sources.paths[source]
        asked = (
            None
            if None in frames[source]
            else {int(number) for number in frames[source] if number is not None}
        )
        key, name = key_of_crops(path, task.crop, task.sampling, asked), list_of(safe[source])
        entry = task.ledger.done(name, key)
        if entry is None:
            made = crop_video(path, name, key, task.folder, task.finder(), task.crop, task.sampling, asked)
            entry = task.ledger.add(made)
        task.advance(1, total)
        yield source, entry


def frame_base(films: pl.DataFrame) -> int:
    """From where a dataset counts frames: from 0 if it has a frame 0, else from 1."""
    return 0 if (films["frame"] == 0).any() else 1


def _rows_of(samples: pl.DataFrame, folder: Path, entry: Entry, base: int) -> pl.DataFrame:
    """The crops of a video as rows: each of the sample that is its frame, or in whose stretch it lies."""
    assert entry.file is not None
    place = entry.file.rpartition("/")[0]
    crops = read_list(folder / entry.file).with_columns(file=pl.format("{}/{}", pl.lit(place), "crop"))
    if samples["frame"].null_count() == 0:
        own = samples.select(pl.col("sample"), pl.col("frame"), (pl.col("frame") - base).alias("number"))
        found = own.join(crops.rename({"frame": "number"}), on="number", how="inner", maintain_order="left")
        return found.select("sample", pl.col("sample").alias("of"), "file", "frame", start="time").cast(ROWS)
    begin = pl.col("start").fill_null(float("-inf")).alias("begin")
    until = pl.col("end").fill_null(float("inf")).alias("until")
    stretches = samples.select(pl.col("sample").alias("of"), begin, until).sort("begin")
    found = crops.sort("time").join_asof(stretches, left_on="time", right_on="begin", strategy="backward")
    found = found.filter(pl.col("of").is_not_null() & (pl.col("time") < pl.col("until")))
    return found.select(
        pl.format("{}/{}", "of", "frame").alias("sample"), "of", "file", "frame", start="time"
    ).cast(ROWS)
