"""BAH, a label a frame: people who answer seven questions, with stretches of ambivalence or hesitancy."""

from pathlib import Path

import polars as pl

from facsight.core.labels import label_space
from facsight.data.dataset import Card, Deviation
from facsight.data.deviations import tell
from facsight.data.frame_files import FramePictures, folders_near
from facsight.data.frame_labels import crops_of
from facsight.data.label_columns import decode
from facsight.data.layout import need
from facsight.data.mock_files import mock_faces, write_lines, write_picture
from facsight.data.sets.bah_video import LICENCE, OBTAIN, PAPER, PEOPLE, PERSONS, mock_video, split_lists
from facsight.data.text_rows import file_lines, first_of_each

SPACE = label_space("bah2")
FOLDERS = ("split-frames", "dataset-splits/frame-level/BAH_DB/split-0")
FRAME = (
    r"^(?<sample>(?<folder>(?:Videos/)?(?<subject>[^/,]+)/[^/,]+/(?<video>[^/,]+))/"
    r"(?<name>frame-(?<frame>\d+)\.jpg)),(?<code>[^,]*)$"
)

CARD = Card(
    name="bah_frame",
    title="BAH, a label a frame",
    kind="frames",
    labels=("bah2",),
    people=PEOPLE,
    licence=LICENCE,
    obtain=OBTAIN,
    layout="""
split-frames/train.txt, val.txt, test.txt     <video>/frame-0.jpg,<0 or 1>
                                              (or dataset-splits/frame-level/BAH_DB/split-0/)
cropped-aligned-faces/Videos/<person>/Visite_1/<video>.mp4/frame-0.jpg
""",
    paper=PAPER,
    certainty="folders and rows, frames from 0: as an entrant's description of the release of ABAW 11 and "
    "the submission files of ABAW 8 have them. Never opened here. annotation.yml of ABAW 8 is not read.",
)


def read(root: Path, found: list[Deviation]) -> pl.DataFrame:
    """The lists in their order, train, val, test."""
    need(root, CARD)
    lists = split_lists(root, FOLDERS)
    if not lists:
        need(root, CARD, f"{FOLDERS[0]}/train.txt")
    crops = crops_of(root, "cropped-aligned-faces", folders_near(root, 1), found)
    table = pl.concat([_list(root, file, split, crops, found) for split, file in lists.items()])
    return first_of_each(table, "sample", " and ".join(lists.values()), found).drop("line", "name")


def _list(root: Path, file: str, split: str, crops: FramePictures, found: list[Deviation]) -> pl.DataFrame:
    lines = pl.Series("raw", file_lines(root / file, root, found), dtype=pl.String).str.strip_chars()
    table = pl.DataFrame({"line": pl.int_range(1, len(lines) + 1, eager=True), "raw": lines})
    table = table.filter(pl.col("raw") != "")
    table = table.with_columns(pl.col("raw").str.extract_groups(FRAME).alias("parts")).unnest("parts")
    wrong = table.filter(pl.col("sample").is_null())
    tell(found, file, wrong["line"], "expected Videos/<person>/<visit>/<video>/frame-<number>.jpg,<label>")
    table = decode(table.drop_nulls("sample").drop("raw"), SPACE, file, found)
    parts = [
        crops.located(rows, str(folder), file, found)
        for (folder,), rows in table.group_by("folder", maintain_order=True)
    ]
    table = pl.concat(parts) if parts else table.with_columns(pl.lit(None, pl.String).alias("path"))
    return (
        table.sort("line")
        .drop("folder")
        .with_columns(
            pl.lit(split).alias("split"),
            pl.col("frame").cast(pl.Int32),
            pl.col("video").str.replace(r"\.\w+$", ""),
        )
    )


def mock(root: Path, *, seed: int = 0) -> None:
    """Five persons with two videos of six frames each: a crop missing, Windows line ends."""
    faces = mock_faces(["sadness", "happiness"] * len(PERSONS), seed=seed, size=40)
    rows: dict[str, list[str]] = {"train": [], "val": [], "test": []}
    for number, (person, split) in enumerate(PERSONS.items()):
        for question in (1, 2):
            folder = mock_video(person, question)
            for frame in range(6):
                rows[split].append(f"{folder}/frame-{frame}.jpg,{int(frame in (2, 3, number))}")
                if (number, question, frame) != (0, 1, 4):
                    picture = root / "cropped-aligned-faces" / folder / f"frame-{frame}.jpg"
                    write_picture(picture, faces[2 * number + question - 1])
    for split, lines in rows.items():
        write_lines(root / "split-frames" / f"{split}.txt", lines, end="\r\n", last="\r\n\r\n")
