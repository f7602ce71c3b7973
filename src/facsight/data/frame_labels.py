"""Labels of every frame of a video, as Aff-Wild2 writes them: a text file a video, one row a frame.

Row k after the header belongs to picture k, `00001.jpg` being the first; no column says so. Hence rows
without a valid label stay in place, and a row that cannot be read is left out without moving the others.

Names of videos are ids of persons in them: `<recording>_left` and `<recording>_right` are two people in one
recording. The table has the id as `subject` and the recording as `video`.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from facsight.core.labels import LabelSpace
from facsight.data.dataset import Card, Deviation
from facsight.data.deviations import tell
from facsight.data.frame_files import FramePictures, base_name, folders_near, listed, lists_near
from facsight.data.label_columns import in_range
from facsight.data.layout import need
from facsight.data.text_rows import file_lines, first_of_each, text_rows

LICENCE = (
    "research only, by an agreement that a permanent academic signs; no frame, crop or label may be passed on"
)


@dataclass(frozen=True)
class FrameLabels:
    """How one task is written: its folder, by any of its names, its splits, the header, the columns of a row.

    `tests` are words, one of which stands in the name of a list of test videos or a sample submission.
    """

    folders: tuple[str, ...]
    splits: Mapping[str, str]
    header: tuple[str, ...]
    columns: tuple[str, ...]
    tests: tuple[str, ...]


#: From the text columns of a label file, its name and the deviations so far to columns of labels.
Parse = Callable[[pl.DataFrame, str, list[Deviation]], pl.DataFrame]


def read_frame_labels(
    root: Path, card: Card, found: list[Deviation], task: FrameLabels, parse: Parse, pictures: str
) -> pl.DataFrame:
    """Rows of all label files of a task, then those of its test list, whose labels are null.

    `pictures` is the folder of crops.
    """
    need(root, card)
    near = folders_near(root)
    crops = crops_of(root, pictures, near, found)
    folder = next((f for f in near if base_name(f) in task.folders), None)
    parts = [] if folder is None else list(_labelled(root, folder, task, parse, crops, found))
    labelled = {part["subject"][0] for part in parts if len(part)}
    parts += asked_rows(root, task.tests, crops, found, labelled)
    if not parts:
        need(root, card, f"{task.folders[0]}/{next(iter(task.splits))}/<video>.txt")
    return pl.concat(parts, how="diagonal")


def crops_of(root: Path, pictures: str, near: list[str], found: list[Deviation]) -> FramePictures:
    """The folders of crops, as `cropped_aligned` and `cropped_aligned_new_50_vids`: they came in archives."""
    part = re.compile(f"{re.escape(pictures)}(?:_(?!aligned).*)?")
    folders = [folder for folder in near if part.fullmatch(base_name(folder))]
    if not folders:
        found.append(Deviation(pictures, "no such folder: no sample has a picture", fatal=False))
    return FramePictures(root, folders)


def _labelled(
    root: Path, folder: str, task: FrameLabels, parse: Parse, crops: FramePictures, found: list[Deviation]
) -> Iterator[pl.DataFrame]:
    read: dict[str, str] = {}
    for name, split in task.splits.items():
        for file in (f"{folder}/{name}/{entry}" for entry in listed(root / folder / name)):
            video = Path(file).stem
            if not file.endswith(".txt"):
                continue
            if video in read:
                found.append(Deviation(file, f"{video} is labelled in {read[video]} as well, which is read"))
                continue
            read[video] = file
            rows = framed(parse(_rows(root, file, task, found), file, found), video)
            rows = crops.located(rows, video, file, found)
            more = crops.behind(rows, video) if len(rows) else 0
            if more:
                found.append(Deviation(file, f"{more} pictures have no row, behind the last", fatal=False))
            yield of_person(rows, split, video)


def _rows(root: Path, file: str, task: FrameLabels, found: list[Deviation]) -> pl.DataFrame:
    """The rows of a file as text, with `line` and the number of their `frame`."""
    rows, skip = rows_below(root, file, task.header, task.columns, found)
    raw = _raw(root / file)
    blank = re.search(rb"\n[ \t\r]*\n\s*\S", raw)
    if blank:
        told = "a blank line between rows counts as a frame without label; those behind it may be off by one"
        found.append(Deviation(file, told, raw.count(b"\n", 0, blank.start()) + 2))
    return rows.with_columns((pl.col("line") - skip).cast(pl.Int32).alias("frame"))


def rows_below(
    root: Path, file: str, header: Sequence[str], columns: Sequence[str], found: list[Deviation]
) -> tuple[pl.DataFrame, int]:
    """The rows of a file as text under `columns`, and how many lines of header came before them.

    Where the first line is a row, all are read. Where it names the columns in another order, they are taken
    by name. Any other first line is of another release, whose numbers may mean something else: none is read.
    """
    first = _raw(root / file).partition(b"\n")[0].decode("utf-8-sig", errors="replace").strip()
    named, wanted = ([name.strip().lower() for name in line] for line in (first.split(","), header))
    told, skip, read = f"expected the header {','.join(header)}, found {first[:100]!r}", 1, True
    if named != wanted:
        same = sorted(named) == sorted(wanted) and len(wanted) == len(columns)
        columns = [columns[wanted.index(name)] for name in named] if same else columns
        skip = 0 if re.fullmatch(r"[-+.,\deE\s]+|[^,]*\d\.jpg,.*", first) else 1
        read = same or not skip
        found.append(Deviation(file, told, 1, fatal=not read))
    rows = text_rows(root / file, root, found, columns, separator=",", skip=skip)
    if read and rows.is_empty():
        found.append(Deviation(file, "expected a row a frame, found none"))
    return (rows if read else rows.clear()), skip


def _raw(path: Path) -> bytes:
    """What a file holds; nothing of one that cannot be read, which is told where its rows are asked for."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def whole_units(rows: pl.DataFrame, space: LabelSpace, file: str, found: list[Deviation]) -> pl.DataFrame:
    """Action units of a row, 0 or 1: one that is invalid makes the whole row so."""
    rows = in_range(rows, space, file, found)
    whole = ~pl.any_horizontal(pl.col(name).is_null() for name in space.columns)
    return rows.with_columns(pl.when(whole).then(pl.col(name)).alias(name) for name in space.columns)


def framed(rows: pl.DataFrame, video: str) -> pl.DataFrame:
    """Adds the `name` of the picture of a row, by its `frame`, and the `sample` as submissions write it."""
    name = pl.concat_str(pl.col("frame").cast(pl.String).str.zfill(5), pl.lit(".jpg"))
    return rows.with_columns(name.alias("name"), pl.concat_str(pl.lit(f"{video}/"), name).alias("sample"))


def of_person(rows: pl.DataFrame, split: str, video: str) -> pl.DataFrame:
    """Says of the rows of one id what is the same for all of them."""
    return rows.drop("name", "line").with_columns(
        pl.lit(split).alias("split"), pl.lit(video).alias("subject"), pl.lit(recording(video)).alias("video")
    )


def recording(video: str) -> str:
    """The recording of an id: two people in one have the same.

    >>> recording("10-60-1280x720_left"), recording("140-30-632x360")
    ('10-60-1280x720', '140-30-632x360')
    """
    return re.sub("_(?:left|right)$", "", video)


def asked_rows(
    root: Path, tests: tuple[str, ...], crops: FramePictures, found: list[Deviation], labelled: set[str]
) -> list[pl.DataFrame]:
    """Rows of the test split: those of the sample submission, else the pictures of the listed videos."""
    lists = [file for file in lists_near(root) if names_one_of(file, tests)]
    samples = [file for file in lists if re.search("test_set_(?:example|sample)", file.lower())]
    releases = [file for file in lists if "test_set_release" in file.lower()]
    if samples:
        asked = _sampled(root, samples[0], crops, found)
    else:
        asked = _released(root, releases[0], crops, found) if releases else iter(())
    return [rows for rows in asked if not _is_labelled(rows, labelled, (samples or releases)[0], found)]


def _is_labelled(rows: pl.DataFrame, labelled: set[str], file: str, found: list[Deviation]) -> bool:
    known = len(rows) > 0 and rows["subject"][0] in labelled
    if known:
        found.append(Deviation(file, f"{rows['subject'][0]} is labelled, yet listed for the test"))
    return known


def names_one_of(file: str, words: tuple[str, ...]) -> bool:
    """Whether one of these words stands in the name of a file, between `_`.

    >>> names_one_of("lists/CVPR_6th_ABAW_VA_test_set_example.txt", ("va",))
    True
    """
    name = f"_{base_name(file).lower()}"
    return any(f"_{word}_" in name for word in words)


def _sampled(root: Path, file: str, crops: FramePictures, found: list[Deviation]) -> Iterator[pl.DataFrame]:
    """The frames of a sample submission, whatever it says of them."""
    lines = pl.Series("text", file_lines(root / file, root, found), dtype=pl.String).str.strip_chars()
    table = pl.DataFrame({"line": pl.int_range(1, len(lines) + 1, eager=True), "text": lines})
    table = table.filter(pl.col("text") != "").with_columns(
        pl.col("text").str.extract("^([^,]+)").alias("sample")
    )
    table = table if len(table) and "/" in (table["sample"][0] or "") else table[1:]
    parts = pl.col("sample").str.extract_groups(r"^(?<id>[^/]+)/(?<name>(?<frame>\d+)\.jpg)$")
    table = table.drop("text").with_columns(parts.alias("parts")).unnest("parts")
    wrong = table.filter(pl.col("name").is_null())
    tell(found, file, wrong["line"], "expected a frame such as video/00001.jpg")
    table = first_of_each(table.drop_nulls("name"), "sample", file, found)
    table = table.with_columns(pl.col("frame").cast(pl.Int32))
    for (video,), rows in table.group_by("id", maintain_order=True):
        yield of_person(crops.located(rows.drop("id"), str(video), file, found), "test", str(video))


def _released(root: Path, file: str, crops: FramePictures, found: list[Deviation]) -> Iterator[pl.DataFrame]:
    """The frames of listed videos that have a picture: without a sample submission none else is known."""
    for line, video in text_rows(root / file, root, found, ["id"], separator=",").iter_rows():
        names = sorted(name for name in crops.names(video)[1] if re.fullmatch(r"\d{5,}\.jpg", name))
        frames = pl.Series("frame", [int(Path(name).stem) for name in names], dtype=pl.Int32)
        rows = pl.DataFrame([frames, pl.Series("line", [line] * len(names), dtype=pl.Int64)])
        yield of_person(crops.located(framed(rows, video), video, file, found), "test", video)
