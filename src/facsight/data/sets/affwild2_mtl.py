"""s-Aff-Wild2: single frames with valence, arousal, expression and action units (ABAW 4, 7, 11)."""

from pathlib import Path

import polars as pl

from facsight.core.labels import label_space
from facsight.data.dataset import Card, Deviation
from facsight.data.deviations import tell
from facsight.data.frame_files import FramePictures, base_name, folders_near, lists_near
from facsight.data.frame_labels import LICENCE, crops_of, recording, rows_below, whole_units
from facsight.data.label_columns import decode, in_range
from facsight.data.layout import need
from facsight.data.mock_files import write_lines
from facsight.data.mock_frames import VIDEOS, mock_crops
from facsight.data.text_rows import first_of_each, text_rows

VALUES, EXPRESSION, UNITS = (label_space(name) for name in ("affwild2_va", "affwild2_expr8", "affwild2_au12"))
COLUMNS = ("sample", "valence", "arousal", "code", *UNITS.columns)
HEADER = "image,valence,arousal,expression,aus"
LISTS = {
    "train": "training_set_annotations",
    "val": "validation_set_annotations",
    "test": "MTL_Challenge_test_set",
}

CARD = Card(
    name="affwild2_mtl",
    title="s-Aff-Wild2, all tasks",
    kind="frames",
    labels=("affwild2_va", "affwild2_expr8", "affwild2_au12"),
    people="persons in videos from the web; the table's subject is a person within a video",
    licence=LICENCE,
    obtain="ask as told at https://affective-behavior-analysis-in-the-wild.github.io/11th/",
    layout="""
training_set_annotations.txt        image,valence,arousal,expression,aus, then 16 values a row:
                                    10-60-1280x720/00001.jpg,0.1,0.2,4,0,1,... ; -5, -1 and -1 are invalid
validation_set_annotations.txt      (both also below other folders)
MTL_Challenge_test_set_release.txt  a frame a line, if you have it
cropped_aligned/10-60-1280x720/00001.jpg
                                    (test: also cropped_aligned_2022_MTL_test/ or testset/cropped_aligned/)
""",
    paper="Kollias, ABAW: learning from synthetic data and multi-task learning challenges, ECCV workshops "
    "2022, https://arxiv.org/abs/2207.01138",
    certainty="the header of 5 names over 16 values, repeated lines, invalid marks and names of the "
    "lists: as several readers of entrants agree. Never opened here.",
)


def read(root: Path, found: list[Deviation], *, pictures: str = "cropped_aligned") -> pl.DataFrame:
    """Rows of the lists in their order, of a repeated frame the first; the test frames have no labels.

    `pictures`: the folder of crops; "cropped" for those that are not aligned.
    """
    need(root, CARD)
    near = folders_near(root)
    files = lists_near(root)
    lists = {split: _list(files, name) for split, name in LISTS.items()}
    if not any(lists.values()):
        need(root, CARD, f"{LISTS['train']}.txt")
    crops = crops_of(root, pictures, near, found)
    parts = [_split(root, split, file, crops, found) for split, file in lists.items() if file]
    table = first_of_each(pl.concat(parts, how="diagonal"), "sample", lists["val"] or "", found)
    return table.drop("line", "name")


def _split(root: Path, split: str, file: str, crops: FramePictures, found: list[Deviation]) -> pl.DataFrame:
    rows = _tested(root, file, found) if split == "test" else _labelled(root, file, found)
    rows = _frames(first_of_each(rows, "sample", file, found), file, found)
    located = [
        crops.located(part, str(video), file, found)
        for (video,), part in rows.group_by("subject", maintain_order=True)
    ]
    located = located or [rows.with_columns(pl.lit(None, pl.String).alias("path"))]
    return pl.concat(located).sort("line").with_columns(pl.lit(split).alias("split"))


def _list(files: list[str], name: str) -> str | None:
    return next((file for file in files if base_name(file).startswith(name)), None)


def _labelled(root: Path, file: str, found: list[Deviation]) -> pl.DataFrame:
    rows, _ = rows_below(root, file, HEADER.split(","), COLUMNS, found)
    rows = whole_units(in_range(rows, VALUES, file, found), UNITS, file, found)
    return decode(rows, EXPRESSION, file, found)


def _tested(root: Path, file: str, found: list[Deviation]) -> pl.DataFrame:
    """The names of the test frames, whatever else stands in their lines; the header holds no name."""
    rows = text_rows(root / file, root, found, ["sample"], separator="\n")
    rows = rows.with_columns(pl.col("sample").str.extract("^([^,]*)").str.strip_chars())
    return rows if len(rows) and "/" in rows["sample"][0] else rows[1:]


def _frames(rows: pl.DataFrame, file: str, found: list[Deviation]) -> pl.DataFrame:
    """The person, the recording and the frame that the name of a picture tells."""
    parts = pl.col("sample").str.extract_groups(r"^(?<subject>[^/]+)/(?<name>(?<frame>\d+)\.jpg)$")
    rows = rows.with_columns(parts.alias("parts")).unnest("parts")
    wrong = pl.col("name").is_null()
    tell(found, file, rows.filter(wrong)["line"], "expected a picture such as video/00001.jpg")
    return rows.filter(~wrong).with_columns(
        pl.col("frame").cast(pl.Int32),
        pl.col("subject")
        .replace({name: recording(name) for name in rows["subject"].drop_nulls().unique()})
        .alias("video"),
    )


def mock(root: Path, *, seed: int = 0) -> None:
    """Single frames of seven ids: repeated lines, each task invalid in turn, a missing picture."""
    mock_crops(root, seed=seed)
    for split, name in LISTS.items():
        frames = [
            (video.name, n) for video in VIDEOS if video.split == split for n in range(1, video.rows, 2)
        ]
        if split == "test":
            lines = ["image", *(f"{video}/{frame:05d}.jpg" for video, frame in frames)]
            write_lines(root / f"{name}_release.txt", lines)
        else:
            lines = [f"{video}/{frame:05d}.jpg,{_row(k)}" for k, (video, frame) in enumerate(frames)]
            lines = [HEADER, *lines, lines[2], lines[-1]]
            write_lines(root / f"{name}.txt", lines, end="\r\n", last="\r\n\r\n")


def _row(k: int) -> str:
    values = "-5,-5" if k % 5 == 1 else f"{k % 9 / 5 - 0.8:.3f},{k % 7 / 7:.3f}"
    expression = -1 if k % 5 == 2 else k % len(EXPRESSION)
    units = ["-1" if k % 5 == 3 else str((k + unit) % 2) for unit in range(len(UNITS))]
    return f"{values},{expression},{','.join(units)}"
