"""FER+ : 48 x 48 grey web faces with ten annotators' votes for eight expressions.

Paper    Barsoum, Zhang, Canton Ferrer and Zhang, "Training deep networks for facial expression recognition
         with crowd-sourced label distribution", ICMI 2016, https://arxiv.org/abs/1608.01041
Faces    FER2013: Goodfellow et al., "Challenges in representation learning", ICONIP 2013
Licence  labels MIT; the pictures are web pictures without a licence of their own: research use
Splits   train = Training, val = PublicTest, test = PrivateTest of the original list
Rows     kept where an emotion has more votes than any other answer ('unknown' and 'no face' included)

Two layouts of the folder are read:
- `faces.npz` (`faces`: n x 48 x 48 uint8) beside `labels.csv` (`row`, `split`, `ferplus_usable`, `v_*` and,
  where known, `first_in_split_cluster`, which keeps one face of each group of near copies for training);
- the original files `fer2013.csv` (emotion, pixels, Usage) and `fer2013new.csv` (Usage, Image name, votes).
"""

from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl
import torch

from facsight.core.errors import BadLabels, MissingData
from facsight.core.labels import FERPLUS
from facsight.data.face_set import FaceSet

USAGE = {"Training": "train", "PublicTest": "val", "PrivateTest": "test"}
LAYOUT = (
    "expected `faces.npz` and `labels.csv`, or the original `fer2013.csv` (Kaggle: 'Challenges in "
    "Representation Learning: Facial Expression Recognition Challenge') beside `fer2013new.csv` (GitHub: "
    "microsoft/FERPlus)"
)


def load_ferplus(
    folder: str | Path,
    *,
    split: str,
    labels: Literal["votes", "majority"] = "votes",
) -> FaceSet:
    """The usable faces of a split, without landmarks (all NaN).

    `labels`: "votes" gives the share of each of the eight expressions among the votes that went to them;
    "majority" gives the winner the whole share.
    """
    if split not in USAGE.values():
        raise BadLabels(f"FER+ has the splits train, val and test, found {split!r}")
    table, faces = _read(Path(folder))
    kept = table.filter((pl.col("split") == split) & pl.col("usable"))
    if split == "train":
        kept = kept.filter(pl.col("first"))
    if kept.is_empty():
        raise MissingData(f"{folder} holds no usable FER+ face of the split {split!r}")
    votes = torch.from_numpy(kept.select(FERPLUS.classes).to_numpy().astype(np.float32))
    rows = kept["row"].to_numpy()
    return FaceSet(
        name=f"ferplus-{split}",
        space=FERPLUS,
        images=torch.from_numpy(faces[rows]).unsqueeze(1),
        landmarks=torch.full((len(rows), 68, 2), torch.nan),
        expression=_shares(votes, labels),
        ids=tuple(f"ferplus/{row}" for row in rows),
    )


def _shares(votes: torch.Tensor, labels: str) -> torch.Tensor:
    if labels == "votes":
        return votes / votes.sum(dim=1, keepdim=True)
    return torch.nn.functional.one_hot(votes.argmax(dim=1), votes.shape[1]).float()


def _read(folder: Path) -> tuple[pl.DataFrame, np.ndarray]:
    """One row a face (row, split, usable, first, a column of votes per class), and the pictures."""
    if (folder / "faces.npz").is_file() and (folder / "labels.csv").is_file():
        return _read_prepared(folder)
    if (folder / "fer2013.csv").is_file() and (folder / "fer2013new.csv").is_file():
        return _read_original(folder)
    state = "does not exist" if not folder.is_dir() else "has neither layout"
    raise MissingData(f"FER+ folder {folder} {state}: {LAYOUT}. Point to it with data.folder=PATH.")


def _read_prepared(folder: Path) -> tuple[pl.DataFrame, np.ndarray]:
    table = _csv(
        folder / "labels.csv", ["row", "split", "ferplus_usable", *(f"v_{c}" for c in FERPLUS.classes)]
    )
    first = (
        pl.col("first_in_split_cluster") == 1 if "first_in_split_cluster" in table.columns else pl.lit(True)
    )
    table = table.with_columns(first.alias("first"), (pl.col("ferplus_usable") == 1).alias("usable"))
    table = table.rename({f"v_{c}": c for c in FERPLUS.classes})
    try:
        faces = np.load(folder / "faces.npz", allow_pickle=False)["faces"]
    except (ValueError, KeyError, OSError) as error:
        raise MissingData(f"{folder / 'faces.npz'} is damaged or has no array 'faces': {error}") from error
    return _checked(table, faces, folder), faces


def _read_original(folder: Path) -> tuple[pl.DataFrame, np.ndarray]:
    votes = _csv(folder / "fer2013new.csv", ["Usage", *FERPLUS.classes, "unknown", "NF"])
    pictures = _csv(folder / "fer2013.csv", ["pixels"])["pixels"]
    if len(pictures) != len(votes):
        raise BadLabels(
            f"{folder}: fer2013.csv has {len(pictures)} rows and fer2013new.csv {len(votes)}; they list the "
            "same faces in the same order, so one of them is not the original file"
        )
    faces = np.stack([np.array(row.split(), dtype=np.uint8).reshape(48, 48) for row in pictures])
    answers = votes.select(*FERPLUS.classes, "unknown", "NF").to_numpy()
    best = np.sort(answers, axis=1)
    usable = (answers.argmax(axis=1) < len(FERPLUS)) & (best[:, -1] > best[:, -2])
    table = votes.with_columns(
        pl.Series("row", np.arange(len(votes))),
        pl.col("Usage").replace_strict(USAGE, default="unknown").alias("split"),
        pl.Series("usable", usable),
        pl.lit(True).alias("first"),
    )
    return _checked(table, faces, folder), faces


def _checked(table: pl.DataFrame, faces: np.ndarray, folder: Path) -> pl.DataFrame:
    if faces.ndim != 3 or faces.shape[1:] != (48, 48) or faces.dtype != np.uint8:
        raise BadLabels(f"{folder}: expected faces (n, 48, 48) uint8, found {faces.shape} {faces.dtype}")
    if len(table) and (int(table["row"].max()) >= len(faces) or int(table["row"].min()) < 0):  # pyright: ignore
        raise BadLabels(f"{folder}: labels name row {table['row'].max()}, but there are {len(faces)} faces")
    negative = [c for c in FERPLUS.classes if (table[c] < 0).any()]
    if negative:
        raise BadLabels(f"{folder}: votes must be 0 or more, found negative ones for {', '.join(negative)}")
    return table


def _csv(path: Path, needed: list[str]) -> pl.DataFrame:
    try:
        table = pl.read_csv(path, infer_schema_length=None)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise MissingData(f"{path} cannot be read as a table: {error}") from error
    absent = [name for name in needed if name not in table.columns]
    if absent:
        raise BadLabels(
            f"{path} lacks the columns {', '.join(absent)}; found {', '.join(table.columns[:12])} ..."
        )
    return table
