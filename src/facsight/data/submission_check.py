"""Whether a submission is what a challenge takes: every row that is asked for, once, in order, in its format.

"Incomplete" is what most submissions are refused for. Everything is told with file and line; what is not
fatal is only odd.
"""

import re
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import polars as pl

from facsight.core.errors import FacsightError, MissingData
from facsight.data.dataset import Deviation
from facsight.data.predictions import gather
from facsight.data.submission_formats import Format
from facsight.data.submissions import submission_blocks
from facsight.data.text_blocks import Findings, first_line

#: An archive that holds more than this is not unpacked.
LARGEST_ARCHIVE = 4 * 1024**3
_NAMED = 4


def check_submission(path: str | Path, listed: pl.DataFrame, form: Format) -> list[Deviation]:
    """Every deviation of a submission from its format and its list; none: it can be handed in.

    `path`: the file, the folder of files, or the archive. `listed` is that of `sample_list.read_sample_list`.
    """
    path = Path(path)
    if path.is_file() and zipfile.is_zipfile(path):
        with TemporaryDirectory() as folder:
            told = _unpacked(path, Path(folder), form)
            return told or _check(Path(folder), listed, form)
    told = []
    if form.zipped:
        told = [Deviation(path.name, "expected a zip archive; found what belongs into one", fatal=False)]
    return told + _check(path, listed, form)


def _unpacked(path: Path, folder: Path, form: Format) -> list[Deviation]:
    """Put the files of an archive into a folder; what it must not hold is told, and nothing else is done."""
    with zipfile.ZipFile(path) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        if sum(entry.file_size for entry in entries) > LARGEST_ARCHIVE:
            return [Deviation(path.name, "expected at most 4 GiB of text in the archive")]
        wanted = {form.file_of(trial) for trial in range(form.trials)}
        for entry in entries:
            name = PurePosixPath(entry.filename)
            fits = name.suffix == form.ending if form.per_video else name.name in wanted
            if not fits or ".." in name.parts or name.is_absolute() or "\\" in entry.filename:
                return [Deviation(path.name, f"an entry that does not belong there: {entry.filename!r}")]
            (folder / name.name).write_bytes(archive.read(entry))
    return []


def _check(path: Path, listed: pl.DataFrame, form: Format) -> list[Deviation]:
    if form.per_video:
        return _check_videos(path, listed, form)
    files = [path] if path.is_file() else [path / form.file_of(trial) for trial in range(form.trials)]
    there = [file for file in files if file.is_file()]
    if not there:
        raise MissingData(f"{path} is no submission: expected {form.file_of(0)} there")
    return [one for file in there for one in _check_file(file, listed, form)]


def _check_videos(path: Path, listed: pl.DataFrame, form: Format) -> list[Deviation]:
    folder = path / form.folder if (path / form.folder).is_dir() else path
    if not folder.is_dir():
        raise MissingData(f"{path} is no folder: expected a file {form.ending} for every video")
    told = []
    videos = listed["video"].unique(maintain_order=True).to_list()
    for name in sorted({file.stem for file in folder.glob(f"*{form.ending}")} - set(videos)):
        told.append(Deviation(f"{name}{form.ending}", "a file of a video that is not asked for"))
    for (video,), rows in listed.group_by("video", maintain_order=True):
        file = folder / f"{video}{form.ending}"
        if file.is_file():
            told += _check_file(file, rows, form, video=str(video))
        else:
            told.append(Deviation(file.name, f"expected a file for this video, {len(rows)} rows"))
    return told


def _check_file(path: Path, listed: pl.DataFrame, form: Format, *, video: str = "") -> list[Deviation]:
    findings = Findings(path.name)
    try:
        told = _header(path, form)
        seen: list[pl.DataFrame] = []
        blocks = _watched(submission_blocks(path, form, findings, video=video), form, findings, seen)
        samples = listed["sample"].unique(maintain_order=True)
        gather(
            path, blocks, form.columns, samples, form.label_spaces, findings, codes=form.codes, repeated=True
        )
    except FacsightError as error:
        return [Deviation(path.name, str(error))]
    empty = pl.DataFrame(schema={"line": pl.Int64, "sample": pl.String})
    _compare(pl.concat(seen) if seen else empty, listed["sample"], form, findings)
    _line_ends(path, findings)
    return [*told, *findings.deviations]


def _header(path: Path, form: Format) -> list[Deviation]:
    found = first_line(path)
    if found == form.header or not form.header:
        return []
    return [Deviation(path.name, f"expected the header {form.header!r}, found {found[:200]!r}", 1)]


def _watched(
    blocks: Iterator[pl.DataFrame], form: Format, findings: Findings, seen: list[pl.DataFrame]
) -> Iterator[pl.DataFrame]:
    """Blocks on their way, with what the names of the samples and the way of writing numbers have to be."""
    for block in blocks:
        seen.append(block.select("line", pl.col("sample").str.strip_chars()))
        kept = _plain_units(block, form, findings)
        yield _exact_sums(kept, form, findings) if form.chances else kept


def _plain_units(block: pl.DataFrame, form: Format, findings: Findings) -> pl.DataFrame:
    for name in (column for space in form.label_spaces if space.kind == "units" for column in space.columns):
        whole = pl.col(name).str.strip_chars().is_in(["0", "1"])
        block = findings.keep(block, whole, f"expected 0 or 1 for {name}", name)
    return block


def _exact_sums(block: pl.DataFrame, form: Format, findings: Findings) -> pl.DataFrame:
    """Rows whose probabilities, as they are written, sum to 1 to the last digit."""
    exact, written = [], []
    for texts in block.select(form.chance_columns).iter_rows():
        numbers = [
            text.strip() for text in texts if text and re.fullmatch(r"\s*\d*\.?\d+(e-?\d+)?\s*", text.lower())
        ]
        total = sum((Decimal(number) for number in numbers), Decimal(0))
        exact.append(len(numbers) == len(texts) and total == 1)
        written.append(" + ".join(str(text) for text in texts))
    shown = block.with_columns(
        pl.Series("sum", written, dtype=pl.String), pl.Series("exact", exact, dtype=pl.Boolean)
    )
    kept = findings.keep(shown, pl.col("exact"), "expected probabilities whose sum is 1 exactly", "sum")
    return kept.drop("sum", "exact")


def _compare(seen: pl.DataFrame, samples: pl.Series, form: Format, findings: Findings) -> None:
    """Rows against the list: missing, more than asked for, unknown, or in another order."""
    asked = samples.value_counts(name="asked").rename({samples.name: "sample"})
    rows = seen.join(asked, on="sample", how="left", maintain_order="left").with_columns(
        pl.int_range(pl.len()).over("sample").alias("earlier")
    )
    unknown = rows.filter(pl.col("asked").is_null()).select("line", pl.col("sample").fill_null(""))
    findings.tell("expected a listed sample", list(unknown.head(_NAMED).iter_rows()), count=len(unknown))
    again = rows.filter(pl.col("earlier") >= pl.col("asked")).select("line", "sample")
    findings.tell(
        "expected every sample once, it is there again",
        list(again.head(_NAMED).iter_rows()),
        count=len(again),
    )
    missing = _missing(asked, seen["sample"], samples)
    if len(missing):
        named = ", ".join(repr(name) for name in missing["sample"][:_NAMED])
        count = int(missing["lacking"].sum())
        findings.tell(
            f"expected {len(samples)} rows, {count} are missing: {named}{' ...' if count > _NAMED else ''}; "
            "`facsight submit complete` fills them",
            [(0, "")],
        )
    if not (len(unknown) or len(again) or len(missing)):
        _order(seen, samples, form, findings)


def _missing(asked: pl.DataFrame, seen: pl.Series, samples: pl.Series) -> pl.DataFrame:
    """`sample` and how many rows of it are `lacking`, in the order of the list."""
    short = asked.join(seen.value_counts(name="there"), on="sample", how="left").select(
        "sample", (pl.col("asked").cast(pl.Int64) - pl.col("there").fill_null(0)).alias("lacking")
    )
    ordered = samples.unique(maintain_order=True).to_frame("sample")
    return ordered.join(short, on="sample", maintain_order="left").filter(pl.col("lacking") > 0)


def _order(seen: pl.DataFrame, samples: pl.Series, form: Format, findings: Findings) -> None:
    moved = (seen["sample"] != samples).arg_true()
    if len(moved):
        first = seen.row(int(moved[0]))
        findings.tell("expected the order of the list", [first], count=len(moved), fatal=form.ordered)


def _line_ends(path: Path, findings: Findings) -> None:
    """Windows line ends are odd; two kinds in one file are fatal."""
    windows = plain = 0
    with path.open("rb") as file:
        while data := file.read(1 << 24):
            windows += data.count(b"\r\n")
            plain += data.count(b"\n")
    if windows:
        mixed = windows != plain
        what = (
            f"expected line ends of one kind, {windows} of {plain} are those of Windows"
            if mixed
            else ("expected plain line ends, these are those of Windows")
        )
        findings.tell(what, [(1, "")], fatal=mixed)
