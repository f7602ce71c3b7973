"""C-EXPR-DB as given to challenges: the frames whose compound expression is asked for (ABAW 6 to 9)."""

from pathlib import Path

import numpy as np
import polars as pl

from facsight.core.labels import label_space
from facsight.data.dataset import Card, Deviation
from facsight.data.frame_files import folders_near, media_near
from facsight.data.frame_labels import LICENCE, asked_rows, crops_of
from facsight.data.layout import VIDEOS, need
from facsight.data.mock_clips import write_clip
from facsight.data.mock_files import mock_faces, write_lines, write_picture

SPACE = label_space("cexpr7")
SAMPLE = "CVPR_6th_ABAW_CE_test_set_example.txt"

CARD = Card(
    name="cexpr",
    title="C-EXPR-DB, challenge videos",
    kind="frames",
    labels=("cexpr7",),
    people="persons in 56 videos from the web; the table's subject is a person within a video",
    licence=LICENCE,
    obtain="ask as told at https://affective-behavior-analysis-in-the-wild.github.io/9th/",
    layout="""
CVPR_6th_ABAW_CE_test_set_example.txt   image_location,Fearfully_Surprised,..., then video/00001.jpg,0
                                        (also ICCV_9th_...; below any folder near the top)
videos/<video>.mp4                      any folder near the top
cropped_aligned/<video>/00001.jpg       if you cut crops yourself: where there are, they are the paths
""",
    paper="Kollias, Multi-label compound expression recognition: C-EXPR database and network, CVPR 2023, "
    "https://arxiv.org/abs/2207.00975",
    certainty="the header and rows of the sample submission: as several entrants write it. The challenges "
    "gave no labels: there are none in the table. Names of the folders are assumed. Never opened here.",
)


def read(root: Path, found: list[Deviation], *, pictures: str = "cropped_aligned") -> pl.DataFrame:
    """The frames of the sample submission, in its order, all of the test split and without a label.

    `path` is a frame's crop, or else the video that holds it. `pictures`: the folder of crops.
    """
    need(root, CARD)
    crops = crops_of(root, pictures, folders_near(root), [])
    parts = asked_rows(root, ("ce", "compound", "compound_expression"), crops, found, set())
    if not parts:
        need(root, CARD, SAMPLE)
    table = pl.concat(parts, how="diagonal").drop("line", strict=False)
    video = pl.col("video").replace_strict(media_near(root, VIDEOS), default=None, return_dtype=pl.String)
    table = table.with_columns(pl.coalesce("path", video).alias("path"))
    absent = table.filter(pl.col("path").is_null())["video"].unique(maintain_order=True)
    if len(absent):
        found.append(Deviation(SAMPLE, f"no crop and no video of {', '.join(absent[:5])}", fatal=False))
    return table.with_columns(pl.lit(None, pl.Enum(SPACE.classes)).alias(SPACE.column))


def mock(root: Path, *, seed: int = 0) -> None:
    """Two videos, one of them with crops; a frame named twice, and one without a crop."""
    generator = np.random.default_rng(seed)
    lines = ["image_location," + ",".join(name.title().replace(" ", "_") for name in SPACE.classes)]
    for video, face in zip(("1", "13"), mock_faces(["fear", "anger"], seed=seed, size=40), strict=True):
        write_clip(root / "videos" / f"{video}.mp4", generator, frames=6)
        lines += [f"{video}/{frame:05d}.jpg,0" for frame in range(1, 7)]
        for frame in range(1, 6 if video == "13" else 1):
            write_picture(root / "cropped_aligned" / video / f"{frame:05d}.jpg", face)
    write_lines(root / SAMPLE, [*lines, lines[-1]], end="\r\n", last="\r\n\r\n")
