"""Any folder of pictures in which a folder is a class, with or without a folder a split above."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from facsight.core.endings import PHOTO_ENDINGS
from facsight.core.errors import BadLabels, MissingData
from facsight.core.labels import EXPRESSIONS, LabelSpace, canonical, label_space
from facsight.data.dataset import Card, Deviation
from facsight.data.deviations import tell_files
from facsight.data.layout import files_below, need
from facsight.data.mock_files import mock_faces, write_picture

#: Words for the official splits, as folders are called.
SPLIT_WORDS = {
    **{"train": "train", "training": "train"},
    **{"val": "val", "valid": "val", "validation": "val", "dev": "val"},
    **{"test": "test", "testing": "test"},
}

CARD = Card(
    name="folder",
    title="a folder of class folders",
    kind="photos",
    labels=(),
    people="as the pictures; subjects are not known from folders: use `manifest` to name them",
    licence="that of the pictures",
    obtain="any pictures of your own, or a dataset that comes in class folders (SFEW, LSD, ExpW and CK+ "
    "repacked)",
    layout="""
happiness/a.jpg                               a folder for each class, deeper folders as you like
anger/b.png
or with a split above
  train/happiness/a.jpg                       train, val (valid, validation, dev) and test
  test/anger/b.png
""",
    paper="none: a common layout",
    certainty="Folders named by expressions, in any spelling facsight knows, become those; other names are "
    "classes of their own. `labels` names a label space whose classes or codes the folders are called by.",
)


def read(root: Path, found: list[Deviation], *, labels: str | None = None) -> pl.DataFrame:
    """A row a picture, in order of their names.

    `labels`: the label space whose classes, or codes, are the names of the folders.
    """
    need(root, CARD)
    paths = files_below(root, tuple(PHOTO_ENDINGS))
    if not paths:
        raise MissingData(f"there is no picture below {root}; expected\n{CARD.layout}")
    table = pl.DataFrame({"path": paths})
    parts = pl.col("path").str.split("/")
    tops = {path.partition("/")[0] for path in paths}
    if any(top.lower() in SPLIT_WORDS for top in tops) and all("/" in path for path in paths):
        split = parts.list.first().str.to_lowercase().replace_strict(SPLIT_WORDS, default=None)
        table = table.with_columns(split.alias("split"), parts.list.slice(1).alias("parts"))
    else:
        table = table.with_columns(parts.alias("parts"))
    table = table.with_columns(
        pl.when(pl.col("parts").list.len() > 1).then(pl.col("parts").list.first()).alias("folder")
    )
    loose = table["folder"].is_null()
    tell_files(found, table["path"].filter(loose).to_list(), "lies in no class folder", fatal=True)
    table = table.filter(~loose)
    return _labelled(table, labels, found).select(
        pl.col("path").alias("sample"),
        "path",
        *(["split"] if "split" in table.columns else []),
        pl.exclude("path", "split", "parts", "folder"),
    )


def _labelled(table: pl.DataFrame, labels: str | None, found: list[Deviation]) -> pl.DataFrame:
    folders = table["folder"].unique().sort().to_list()
    if labels is None:
        space = own_space(folders)
        meant = {name: space.classes[space.index(name)] for name in folders}
    else:
        space = label_space(labels)
        meant = {name: word for name in folders if (word := _meaning(name, space))}
    strange = table.filter(~pl.col("folder").is_in(list(meant)))["path"].to_list()
    tell_files(
        found, strange, f"is in no folder of a class of {space.name} ({', '.join(space.classes)})", fatal=True
    )
    words = pl.col("folder").replace_strict(meant, default=None, return_dtype=pl.Enum(space.classes))
    return table.with_columns(words.alias(space.column)).filter(pl.col("folder").is_in(list(meant)))


def _meaning(name: str, space: LabelSpace) -> str | None:
    """The class that a folder's name, or code, stands for."""
    codes = {str(code): word for code, word in zip(space.codes, space.classes, strict=False)}
    if name in codes:
        return codes[name]
    try:
        return space.classes[space.index(name)]
    except BadLabels:
        return None


def own_space(names: Sequence[str]) -> LabelSpace:
    """The classes that words name: expressions where all of them are, else these words as they are.

    >>> own_space(["Sad", "Happy"]).classes, own_space(["yawning", "alert"]).classes
    (('happiness', 'sadness'), ('alert', 'yawning'))
    """
    try:
        words = {canonical(name) for name in names}
    except BadLabels:
        return LabelSpace("own", tuple(sorted(set(names))))
    return LabelSpace("own", tuple(word for word in EXPRESSIONS if word in words))


def mock(root: Path, *, seed: int = 0) -> None:
    """20 drawn faces of four expressions, in other words for them, with a file that is no picture."""
    words = {"Happy": "happiness", "Sad": "sadness", "Surprise": "surprise", "Angry": "anger"}
    faces = mock_faces([*words.values()] * 5, seed=seed, size=64)
    for number, face in enumerate(faces):
        name = list(words)[number % len(words)]
        split = "train" if number < 12 else "val" if number < 16 else "test"
        write_picture(root / split / name / f"{number:03d}.jpg", face)
    (root / "train/Happy/Thumbs.db").write_bytes(b"not a picture")
