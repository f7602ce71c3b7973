"""Submissions of challenges: read as predictions, and written so that a file is whole or not there at all."""

import io
import shutil
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl

from facsight.core.errors import BadOutput, BadTable, MissingData
from facsight.core.labels import LabelSpace
from facsight.core.saving import whole_file
from facsight.data.predictions import Predictions, gather, read_predictions
from facsight.data.submission_formats import Format, codes_of
from facsight.data.text_blocks import Findings, first_line, is_parquet, text_blocks

#: Every file of an archive has this date, so that the same predictions give the same bytes.
_DATE = (1980, 1, 1, 0, 0, 0)


def read_any(
    path: Path, samples: pl.Series, spaces: Sequence[LabelSpace], form: Format | None, codes: str | None
) -> Predictions:
    """A table of predictions, or a submission in the format of the challenge, by its first line."""
    is_text = not is_parquet(path)
    if is_text and form and form.header and not form.per_video and first_line(path) == form.header:
        return read_submission(path, form, samples)
    return read_predictions(path, samples, spaces, codes=codes)


def read_submission(path: Path, form: Format, samples: pl.Series) -> Predictions:
    """A submission of one file as predictions of distinct samples; what strays is told in `findings`."""
    findings = Findings(path.name)
    blocks = submission_blocks(path, form, findings)
    return gather(path, blocks, form.columns, samples, form.label_spaces, findings, codes=form.codes)


def submission_blocks(
    path: Path, form: Format, findings: Findings, *, video: str = ""
) -> Iterator[pl.DataFrame]:
    """The rows of one file with a column `sample`; `video` is whose file it is, where every video has one."""
    names = form.names
    if not path.is_file():
        raise MissingData(f"{path} is not there: expected a submission")
    row = 0
    for block in text_blocks(path, names, findings, skip=1 if form.header else 0):
        if form.per_video:
            number = (
                pl.col("number").cast(pl.Int64, strict=False)
                if form.counted
                else pl.int_range(row + 1, row + 1 + len(block))
            )
            row += len(block)
            numbers = block.select(number.alias("number"))["number"]
            yield block.with_columns(_frame_names(numbers, form, video))
        else:
            yield block


def _frame_names(numbers: pl.Series, form: Format, video: str) -> pl.Series:
    names = [None if n is None else form.frame.format(video=video, number=n) for n in numbers]
    return pl.Series("sample", names, dtype=pl.String)


def as_rows(table: pl.DataFrame, listed: pl.DataFrame, form: Format) -> pl.DataFrame:
    """The fields of a submission's rows, in the order of the list; `BadTable` where a prediction is missing.

    `table` has the samples, the columns of the format's label spaces, and probabilities where it wants them.
    """
    spaces = form.label_spaces
    wanted = [*form.chance_columns, *(name for space in spaces for name in space.columns)]
    absent = [name for name in wanted if name not in table.columns]
    if absent:
        raise BadTable(f"{form.name} needs {', '.join(wanted)}; the predictions lack {', '.join(absent)}")
    rows = listed.join(table.select("sample", *wanted), on="sample", how="left", maintain_order="left")
    lacking = rows.filter(pl.any_horizontal(pl.col(wanted).is_null()))
    if len(lacking):
        raise BadTable(
            f"{len(lacking)} of {len(rows)} rows that the challenge asks for have no prediction, the first "
            f"is {lacking['sample'][0]!r}; `facsight submit complete` fills them"
        )
    rows = rows.with_columns(_exact_pair(form)) if form.chances else rows
    coded = [_coded(space) for space in spaces if space.kind in ("classes", "units")]
    return rows.with_columns(e for part in coded for e in part).select(
        *([pl.col("number")] if form.per_video else [pl.col("sample")]), "video", *wanted
    )


def _coded(space: LabelSpace) -> list[pl.Expr]:
    """Classes as the challenge's numbers, action units as 0 or 1."""
    if space.kind == "classes":
        codes = codes_of(space)
        word = pl.col(space.column).cast(pl.String)
        return [word.replace_strict(codes, return_dtype=pl.Int64).alias(space.column)]
    return [(pl.col(name) >= 0.5).cast(pl.Int64) for name in space.columns]


def _exact_pair(form: Format) -> list[pl.Expr]:
    """Two probabilities in steps of 1/65,536: their sum is 1 in binary and in sixteen decimals alike."""
    first, second = form.chance_columns
    step = 2.0**-16
    stepped = (pl.col(second).cast(pl.Float64) / step).round() * step
    return [(1 - stepped).alias(first), stepped.alias(second)]


def write_submission(
    tables: Sequence[pl.DataFrame], listed: pl.DataFrame, form: Format, out: str | Path
) -> list[Path]:
    """Write the predictions of one or several trials into the folder `out`, and give the files' paths.

    `BadTable`: a prediction is missing, or there are more trials than the challenge takes. `BadOutput`: the
    folder cannot be written to.
    """
    if not 1 <= len(tables) <= form.trials:
        raise BadTable(
            f"{form.name} takes {'one file' if form.trials == 1 else f'1 to {form.trials} trials'} of "
            f"predictions, found {len(tables)}"
        )
    files: dict[str, bytes] = {}
    for trial, table in enumerate(tables):
        rows = as_rows(table, listed, form)
        files |= (
            _video_files(rows, form)
            if form.per_video
            else {form.file_of(trial): _text(rows.drop("video"), form)}
        )
    out = Path(out)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadOutput(
            f"{out} cannot be made a folder: {error.strerror}; choose another with --out"
        ) from error
    if form.zipped:
        return [_write_archive(files, out / f"{form.name}.zip")]
    if form.per_video:
        return _write_folder(files, out / form.folder)
    return [_write_file(text, out / name) for name, text in files.items()]


def _text(rows: pl.DataFrame, form: Format) -> bytes:
    """A file: the header as it is wanted, and rows with plain line ends and no quotes."""
    body = io.BytesIO()
    rows.write_csv(
        body, include_header=False, float_precision=form.decimals, quote_style="never", line_terminator="\n"
    )
    return (form.header + "\n" if form.header else "").encode() + body.getvalue()


def _video_files(rows: pl.DataFrame, form: Format) -> dict[str, bytes]:
    parts = rows.partition_by("video", maintain_order=True, as_dict=True)
    dropped = ["video"] if form.counted else ["video", "number"]
    return {
        _safe(str(video)) + form.ending: _text(part.sort("number").drop(dropped), form)
        for (video,), part in parts.items()
    }


def _safe(video: str) -> str:
    """A video's name as that of a file; it may not lead out of the folder."""
    if not video or video.startswith(".") or any(sign in video for sign in "/\\\0:"):
        raise BadTable(f"expected names of videos that can name a file, found {video!r}")
    return video


def _write_file(text: bytes, path: Path) -> Path:
    with whole_file(path) as partial:
        partial.write_bytes(text)
    return path


def _write_archive(files: Mapping[str, bytes], path: Path) -> Path:
    with whole_file(path) as partial, zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, _DATE), text, zipfile.ZIP_DEFLATED)
    return path


def _write_folder(files: Mapping[str, bytes], folder: Path) -> list[Path]:
    """All files in a new folder that takes the place of the old one when all are written."""
    partial, before = folder.with_name(folder.name + ".part"), folder.with_name(folder.name + ".before")
    try:
        for left in (partial, before):
            shutil.rmtree(left, ignore_errors=True)
        partial.mkdir(parents=True)
        for name, text in files.items():
            (partial / name).write_bytes(text)
        if folder.exists():
            folder.rename(before)
        partial.rename(folder)
        shutil.rmtree(before, ignore_errors=True)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise BadOutput(f"{folder} could not be written: {error.strerror}") from error
    return [folder / name for name in files]
