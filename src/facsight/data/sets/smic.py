"""SMIC: micro-expressions of people who keep a straight face: positive, negative or surprised, by folders.

Three cameras filmed: HS (100 frames a second), VIS and NIR (25). A clip is the folder of its pictures. Clips
without a micro-expression (`non_micro`) are not read.
"""

import re
from pathlib import Path

import numpy as np
import polars as pl

from facsight.core.labels import label_space
from facsight.data.dataset import Card, Deviation
from facsight.data.deviations import tell_files
from facsight.data.layout import need
from facsight.data.mock_clips import noise
from facsight.data.mock_files import write_picture

EMOTIONS = label_space("smic3")
CAMERAS = ("HS", "VIS", "NIR")
HOMES = ("", "SMIC_all_cropped", "SMIC_all_raw", "SMIC")
NAME = re.compile(r"s\d+_(ne|po|sur)_\d+")
LETTERS = {"ne": "negative", "po": "positive", "sur": "surprise"}

CARD = Card(
    name="smic",
    title="SMIC (spontaneous micro-expression corpus)",
    kind="clips",
    labels=("smic3",),
    people="16 adults in HS (164 clips), 8 of them in VIS and NIR (71 each)",
    licence="research only, by agreement",
    obtain="asked of the Center for Machine Vision of the University of Oulu, "
    "https://www.oulu.fi/cmvs/node/41319",
    layout="""
HS/s1/micro/negative/s1_ne_01/reg_image1.bmp      also VIS, NIR; in SMIC_all_cropped or SMIC_all_raw
""",
    paper="Li, Pfister, Huang, Zhao and Pietikäinen, A spontaneous micro-expression database: "
    "inducement, collection and baseline, FG 2013, https://doi.org/10.1109/FG.2013.6553717",
    certainty="never seen by us. Folders and names as several public readers take them. Numbers of "
    "subjects may or may not have a zero in front: here they always do.",
)


def read(root: Path, found: list[Deviation]) -> pl.DataFrame:
    """A row a clip, camera by camera."""
    need(root, CARD)
    folders = [folder for home in HOMES for camera in CAMERAS for folder in _clips(root, home, camera)]
    if not folders:
        need(root, CARD, "HS/s1/micro/negative/s1_ne_01")
    odd = [folder for folder in folders if _class(folder) is None]
    told = f"expected a clip such as s1_ne_01 in a folder of its class ({', '.join(EMOTIONS.classes)})"
    tell_files(found, odd, told, fatal=True)
    kept = [folder for folder in folders if folder not in set(odd)]
    table = pl.DataFrame({"path": kept}, schema={"path": pl.String})
    path, camera, person = pl.col("path"), r"(\w+)/[^/]+/micro/", r"(\d+)/micro/"
    table = table.with_columns(
        (path.str.extract(camera) + "/" + path.str.extract(r"([^/]+)$")).alias("sample"),
        ("s" + path.str.extract(person).str.strip_chars_start("0").str.zfill(2)).alias("subject"),
        pl.Series(EMOTIONS.column, [_class(folder) for folder in kept], pl.Enum(EMOTIONS.classes)),
    )
    again = table.filter(~pl.col("sample").is_first_distinct())["path"].to_list()
    tell_files(found, again, "a clip of this name lies in another folder, too; the first is taken")
    return table.unique("sample", keep="first", maintain_order=True)


def _clips(root: Path, home: str, camera: str) -> list[str]:
    """The folders of clips with a micro-expression of one camera."""
    clips = (path for path in (root / home / camera).glob("*/micro/*/*") if path.is_dir())
    return sorted(path.relative_to(root).as_posix() for path in clips if not path.name.startswith("."))


def _class(folder: str) -> str | None:
    """The class that folder and name of a clip say, None where they differ."""
    above, name = folder.lower().split("/")[-2:]
    named = NAME.fullmatch(name)
    return above if named and LETTERS[named[1]] == above else None


def mock(root: Path, *, seed: int = 0) -> None:
    """Two people with all three classes, and a clip without a micro-expression."""
    generator = np.random.default_rng(seed)
    for subject in ("s1", "s11"):
        home = root / "SMIC_all_cropped/HS" / subject
        for letters, word in LETTERS.items():
            for frame in range(1, 4):
                path = home / f"micro/{word}/{subject}_{letters}_01/reg_image{frame}.bmp"
                write_picture(path, noise(generator)[:16, :16])
        write_picture(home / f"non_micro/{subject}_n1/reg_image1.bmp", noise(generator)[:16, :16])
