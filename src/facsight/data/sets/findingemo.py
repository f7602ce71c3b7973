"""FindingEmo: web pictures of several people in a scene, each judged as a whole by one annotator.

`emotion` is one of the 24 leaves of Plutchik's wheel; `valence` goes from -3 to 3 and `arousal` from 0 to 6.
The pictures are fetched one by one from where they were found, and some are gone.
"""

from pathlib import Path

import numpy as np
import polars as pl

from facsight.core.labels import label_space
from facsight.data.csv_rows import csv_of
from facsight.data.dataset import Card, Deviation
from facsight.data.deviations import tell
from facsight.data.label_columns import decode_words, in_range
from facsight.data.layout import PICTURES, first_there, need_one, paths_below
from facsight.data.mock_clips import noise
from facsight.data.mock_files import write_lines, write_picture
from facsight.data.row_checks import keep
from facsight.data.text_rows import first_of_each

EMOTIONS = label_space("findingemo24")
VALUES = (label_space("findingemo_valence"), label_space("findingemo_arousal"))
LISTS = ("annotations_single.ann", "data/annotations_single.ann")
FOLDERS = ("", "images", "Images", "data/images")
COLUMNS = ["image_path", "valence", "arousal", "emotion"]

CARD = Card(
    name="findingemo",
    title="FindingEmo (emotion of scenes with several people)",
    kind="photos",
    labels=("findingemo24", "findingemo_valence", "findingemo_arousal"),
    people="not named; 25,869 web pictures, 665 annotators of the web",
    licence="CC BY-NC-SA 4.0 (annotations and addresses; the pictures have their own)",
    obtain="https://gitlab.com/EAVISE/lme/findingemo (open), or the Python package findingemo-light",
    layout="""
annotations_single.ann     index,user,image_path,tags,age,valence,arousal,emotion,dec_factors,...
Run_1/Violent youth festival/1042373588.jpg       also in images/
""",
    paper="Mertens, Yargholi, Op de Beeck, Van den Stock and Vennekens, FindingEmo: an image dataset "
    "for emotion recognition in the wild, NeurIPS 2024, https://arxiv.org/abs/2402.01355",
    certainty="the list: seen by us, in the authors' package 1.0.0. In which folder the pictures lie is "
    "assumed.",
)


def read(root: Path, found: list[Deviation]) -> pl.DataFrame:
    """The list, in its order."""
    file = need_one(root, CARD, *LISTS)
    table = csv_of(root, file, found, COLUMNS).select("line", *COLUMNS)
    table = table.with_columns(pl.col("image_path").str.strip_prefix("/").alias("sample"))
    inside = ~pl.col("sample").str.contains(r"(^|/)\.\.(/|$)|^/") & (pl.col("sample") != "")
    table = keep(table, inside, file, found, "the name of a picture in the folder", "sample")
    table = decode_words(first_of_each(table, "sample", file, found), EMOTIONS, file, found, words="emotion")
    for space in VALUES:
        table = in_range(table, space, file, found)
    return _with_paths(table, root, file, found).drop("line", "image_path")


def _with_paths(table: pl.DataFrame, root: Path, file: str, found: list[Deviation]) -> pl.DataFrame:
    homes = [f"{home}/{run}".lstrip("/") for home in FOLDERS for run in ("Run_1", "Run_2")]
    first = first_there(root, *homes)
    home = "" if first is None else first.rpartition("Run_")[0]
    there = {p for run in ("Run_1", "Run_2") for p in paths_below(root, f"{home}{run}", PICTURES)}
    path = pl.lit(home) + pl.col("sample")
    table = table.with_columns(pl.when(path.is_in(list(there))).then(path).alias("path"))
    absent = table.filter(pl.col("path").is_null())["line"]
    tell(found, file, absent, "this picture is not here: some are gone from the web", fatal=False)
    return table


def mock(root: Path, *, seed: int = 0) -> None:
    """All 24 emotions: commas in quoted fields, names with blanks, one picture gone."""
    generator = np.random.default_rng(seed)
    rows = ["index,user,image_path,tags,age,valence,arousal,emotion,dec_factors,ambiguity,datetime"]
    for k, emotion in enumerate(EMOTIONS.classes):
        picture = f"Run_{1 + k % 2}/Joyful adults park/scene {k}.jpg"
        ratings = f"{generator.integers(-3, 4)},{generator.integers(0, 7)},{emotion.capitalize()}"
        factors = '"BodyLanguage,FacialExpression"' if k % 2 else "Context"
        rows.append(
            f'{k},user{k % 3},/{picture},Undefined,"Youth,Adults",{ratings},{factors},{k % 7},2023-07-04'
        )
        if k:
            write_picture(root / picture, noise(generator)[:16, :16])
    write_lines(root / LISTS[0], rows)
