"""The samples that a submission must have: read from the organisers' sample submission, or another list."""

import csv
from pathlib import Path

import polars as pl

from facsight.core.errors import BadTable, MissingData
from facsight.data.submission_formats import FRAME, Format
from facsight.data.text_blocks import Findings, first_line, text_blocks


def read_sample_list(path: str | Path, form: Format) -> pl.DataFrame:
    """`sample`, `video` and `number` of every row that is asked for, in order; a sample may be listed twice.

    `path`: a sample submission (its first column counts), a text file with a sample a line, or, where a
    submission has a file for every video, a folder of such files or a table `video,frames`. `number` is that
    of a frame, null where samples are no frames.
    """
    path = Path(path)
    if form.per_video:
        samples = _folder_list(path, form) if path.is_dir() else _counted_list(path, form)
    else:
        samples = _first_fields(path, form)
    if not samples:
        raise BadTable(f"{path}: expected the samples of a submission, found none")
    return with_frames(pl.Series(samples, dtype=pl.String), form)


def with_frames(samples: pl.Series, form: Format) -> pl.DataFrame:
    """The list with video and number of every frame; a sample that is no frame is a video of its own."""
    listed = samples.to_frame("sample")
    if not form.frames:
        return listed.with_columns(video="sample", number=pl.lit(None, dtype=pl.Int64))
    parts = pl.col("sample").str.extract_groups(FRAME).struct
    video, number = parts.field("video"), parts.field("number").cast(pl.Int64)
    return listed.with_columns(video.fill_null(pl.col("sample")).alias("video"), number.alias("number"))


def _first_fields(path: Path, form: Format) -> list[str]:
    if not path.is_file():
        raise MissingData(
            f"{path} is not there: expected a sample submission, or a text file with a sample a line"
        )
    top = first_line(path)
    headed = top == form.header or next(csv.reader([top]), [""])[0] in ("image_location", "image", "sample")
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = [line.strip() for line in file]
    rows = [line for line in lines[1 if headed or top == form.header else 0 :] if line]
    return [next(csv.reader([line]))[0].strip() for line in rows]


def _folder_list(folder: Path, form: Format) -> list[str]:
    """Every row of every file of a folder, in the order of the files' names."""
    inside = folder / form.folder
    files = sorted(path for path in (inside if inside.is_dir() else folder).glob(f"*{form.ending}"))
    counts = {}
    for path in files:
        findings = Findings(path.name)
        names = first_line(path).split(",")
        numbers = list(text_blocks(path, names, findings))
        counts[path.stem] = pl.concat(numbers)[names[0]].to_list() if numbers else []
    return [
        form.frame.format(video=video, number=int(value) if form.counted else k + 1)
        for video, values in counts.items()
        for k, value in enumerate(values)
    ]


def _counted_list(path: Path, form: Format) -> list[str]:
    """Frames 1 to `frames` of every `video` of a table."""
    if not path.is_file():
        raise MissingData(f"{path} is not there: expected a folder of sample files, or a table video,frames")
    table = pl.read_csv(path, infer_schema=False)
    if not {"video", "frames"} <= set(table.columns):
        raise BadTable(
            f"{path}: {form.name} has a file for every video; expected a folder of sample files, or a table "
            f"with the columns video and frames, found {', '.join(table.columns)[:120]}"
        )
    rows = []
    for line, (video, frames) in enumerate(table.select("video", "frames").iter_rows(), start=2):
        if not str(frames).isdecimal():
            raise BadTable(f"{path}, line {line}: expected a number of frames, found {frames!r}")
        rows += [form.frame.format(video=video, number=k) for k in range(1, int(frames) + 1)]
    return rows
