"""FER+: the faces of FER2013 with ten annotators' votes for eight expressions."""

from pathlib import Path

import polars as pl

from facsight.core.errors import BadLabels
from facsight.core.labels import FERPLUS
from facsight.data.csv_rows import csv_rows
from facsight.data.dataset import Card, Deviation
from facsight.data.deviations import tell
from facsight.data.layout import need
from facsight.data.mock_files import mock_faces, write_lines
from facsight.data.sets.fer2013 import USAGE, table_lines

#: What annotators could say instead of an expression: unknown, and not a face.
NO_EXPRESSION = ("unknown", "NF")

CARD = Card(
    name="ferplus",
    title="FER+",
    kind="photos",
    labels=("ferplus8",),
    people="not named; web pictures of many people, no subject ids; a fifth of the official test pictures "
    "have a near copy in the training split",
    licence="votes: MIT. Pictures (FER2013): web pictures without a licence of their own, research use",
    obtain="https://github.com/microsoft/FERPlus (microsoft/FERPlus) for fer2013new.csv, and fer2013.csv of "
    "Kaggle's 'Challenges in Representation Learning: Facial Expression Recognition Challenge'",
    layout="""
fer2013.csv                                   emotion, pixels, Usage
fer2013new.csv                                Usage, Image name, neutral ... contempt, unknown, NF; same rows
or prepared
  faces.npz                                   faces: n x 48 x 48 uint8
  labels.csv                                  row, split, ferplus_usable, v_neutral ... v_contempt, and where
                                              known dup_cluster, first_in_split_cluster
""",
    paper="Barsoum, Zhang, Canton Ferrer and Zhang, Training deep networks for facial expression "
    "recognition with crowd-sourced label distribution, ICMI 2016, https://arxiv.org/abs/1608.01041",
    certainty="votes, usages and order of rows: read in the published file. The prepared form is facsight's "
    "own.",
)


def read(root: Path, found: list[Deviation]) -> pl.DataFrame:
    """A row a face, with the share of each expression among the votes that went to expressions.

    `expression` is that with most votes, null where another answer has as many ('unknown' and 'no face'
    included). `first` is false for all but one picture of a group of near copies, where groups are known.
    `path` is the file of all pictures, `frame` the row in it.
    """
    need(root, CARD)
    if (root / "faces.npz").is_file() and (root / "labels.csv").is_file():
        table, file = _read_prepared(root, found), "labels.csv"
    else:
        need(root, CARD, "fer2013.csv", "fer2013new.csv")
        table, file = _read_original(root, found), "fer2013new.csv"
    return _with_shares(_checked_votes(table, file, found))


def _read_prepared(root: Path, found: list[Deviation]) -> pl.DataFrame:
    votes = [f"v_{name}" for name in FERPLUS.classes]
    optional = ["first_in_split_cluster", "dup_cluster"]
    table = csv_rows(
        root / "labels.csv", root, found, ["row", "split", "ferplus_usable", *votes], optional=optional
    )
    absent = [pl.lit(None, pl.String).alias(name) for name in optional if name not in table.columns]
    table = table.with_columns(absent).rename({f"v_{name}": name for name in FERPLUS.classes})
    return table.with_columns(
        pl.col("row").alias("sample"),
        pl.col("row").cast(pl.Int32, strict=False).alias("frame"),
        pl.lit("faces.npz").alias("path"),
        (pl.col("ferplus_usable") == "1").alias("usable"),
        (pl.col("first_in_split_cluster").fill_null("1") == "1").alias("first"),
        pl.col("dup_cluster").cast(pl.Int32, strict=False),
    ).drop("row", "ferplus_usable", "first_in_split_cluster")


def _read_original(root: Path, found: list[Deviation]) -> pl.DataFrame:
    answers = [*FERPLUS.classes, *NO_EXPRESSION]
    table = csv_rows(root / "fer2013new.csv", root, found, ["Usage", *answers])
    faces = len(csv_rows(root / "fer2013.csv", root, found, ["emotion"]))
    if faces != len(table):
        raise BadLabels(
            f"{root}: fer2013.csv has {faces} rows and fer2013new.csv {len(table)}; they list the same faces "
            "in the same order, so one of them is not the original file"
        )
    numbers = [pl.col(name).cast(pl.Int32, strict=False) for name in answers]
    best = pl.max_horizontal(numbers)
    alone = pl.sum_horizontal((number == best).cast(pl.Int32) for number in numbers) == 1
    row = pl.col("line") - 2
    return table.with_columns(
        pl.format("fer{}.png", row.cast(pl.String).str.zfill(7)).alias("sample"),
        row.cast(pl.Int32).alias("frame"),
        pl.lit("fer2013.csv").alias("path"),
        pl.col("Usage").replace_strict(USAGE, default=None, return_dtype=pl.String).alias("split"),
        (alone & (pl.max_horizontal(numbers[: len(FERPLUS)]) == best)).alias("usable"),
        pl.lit(True).alias("first"),
    ).drop("Usage", *NO_EXPRESSION)


def _checked_votes(table: pl.DataFrame, file: str, found: list[Deviation]) -> pl.DataFrame:
    """Votes as numbers; rows with anything else, or without a row or split, are told and left out."""
    votes = [pl.col(name).cast(pl.Int32, strict=False) for name in FERPLUS.classes]
    table = table.with_columns(votes)
    odd = {
        "expected votes of 0 or more": ~pl.all_horizontal(
            (pl.col(name) >= 0).fill_null(False) for name in FERPLUS.classes
        ),
        "expected the row of a picture": pl.col("frame").is_null() | (pl.col("frame") < 0),
        "expected a split or usage": pl.col("split").is_null(),
    }
    for message, rule in odd.items():
        wrong = table.select(rule.alias("wrong"))["wrong"]
        tell(found, file, table["line"].filter(wrong), message)
        table = table.filter(~wrong)
    return table.drop("line")


def _with_shares(table: pl.DataFrame) -> pl.DataFrame:
    votes = pl.sum_horizontal(FERPLUS.classes)
    most = pl.max_horizontal(FERPLUS.classes)
    winner = pl.coalesce(pl.when(pl.col(name) == most).then(pl.lit(name)) for name in FERPLUS.classes)
    shares = [
        pl.when(votes > 0).then(pl.col(name) / votes).cast(pl.Float32).alias(column)
        for name, column in zip(FERPLUS.classes, FERPLUS.shares, strict=True)
    ]
    expression = pl.when("usable").then(winner).cast(pl.Enum(FERPLUS.classes)).alias("expression")
    return table.with_columns(expression, *shares).drop(FERPLUS.classes)


def mock(root: Path, *, seed: int = 0) -> None:
    """32 drawn faces in the original files, with a tie and a picture that is no face."""
    words = [*FERPLUS.classes] * 4
    usages = ["Training"] * 16 + ["PublicTest"] * 8 + ["PrivateTest"] * 8
    faces = mock_faces(words, seed=seed, size=48)
    known = ["anger" if word == "contempt" else word for word in words]
    write_lines(root / "fer2013.csv", table_lines(known, usages, faces))
    lines = [",".join(["Usage", "Image name", *FERPLUS.classes, *NO_EXPRESSION])]
    for number, (word, usage) in enumerate(zip(words, usages, strict=True)):
        votes = dict.fromkeys((*FERPLUS.classes, *NO_EXPRESSION), 0) | {"neutral": 1, "unknown": 1, word: 8}
        votes = votes | {"neutral": 5, word: 5} if number == 9 else votes
        votes = votes | {word: 1, "NF": 8} if number == 10 else votes
        name = "" if number == 10 else f"fer{number:07d}.png"
        lines.append(",".join([usage, name, *map(str, votes.values())]))
    write_lines(root / "fer2013new.csv", lines, end="\r\n", last="\r\n")
