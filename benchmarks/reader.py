"""The shipped reader on FER+ validation faces: accuracy, calibration, evidence beside floors.

    FACSIGHT_DATA=path/to/data python benchmarks/reader.py [--split val] [--clean]

`--clean` also searches all faces for near copies (some minutes) and scores those faces of the split that have
a copy among the training faces, and those that have none, apart.
"""

import argparse
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch

from facsight.core.labels import FERPLUS
from facsight.data import open_dataset
from facsight.data.near_copies import find_near_copies
from facsight.experiment import score
from facsight.hub import bundled_weights
from facsight.training.scoring import classification_scores
from record import record

RECIPE = Path(__file__).parent.parent / "recipes" / "guided" / "ferplus.toml"


def seen_in_training(folder: Path) -> set[str]:
    """The ids of faces whose group of near copies, as the search finds it, has a training face."""
    table = open_dataset("ferplus", folder).table
    faces = np.load(folder / "faces.npz", allow_pickle=False)["faces"]
    samples = table.select("sample", "frame").iter_rows()
    marked = find_near_copies((sample, faces[row]) for sample, row in samples).mark(table)
    train = (pl.col("split") == "train").any().over("near_copies")
    return set(marked.filter(pl.col("near_copies").is_not_null() & train)["sample"])


def apart(predictions: pl.DataFrame, seen: set[str]) -> dict[str, Any]:
    """Scores with and without the faces that have a copy in training, and of those faces alone."""
    copied = pl.col("face").str.split("/").list.last().is_in(list(seen))
    parts = {
        "all": predictions,
        "without_copies": predictions.filter(~copied),
        "copies_of_training_faces": predictions.filter(copied),
    }
    return {name: {"faces": len(part)} | scores_of(part) for name, part in parts.items()}


def scores_of(predictions: pl.DataFrame) -> dict[str, Any]:
    shares = predictions.select(f"expression_{name}" for name in FERPLUS.classes).to_torch().double()
    truth = torch.tensor([FERPLUS.classes.index(word) for word in predictions["truth"]])
    return classification_scores(shares.log(), shares.argmax(dim=1), truth)


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--split", default="val", choices=["val", "test"])
    options.add_argument("--clean", action="store_true")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(shutil.copy(bundled_weights(), folder))
        scores = score(weights, split=chosen.split, recipe=RECIPE)
        predictions = pl.read_parquet(next(Path(folder).glob("predictions*.parquet")))
    print({name: round(entry["value"], 4) for name, entry in scores["classification"].items()})
    if chosen.clean:
        data = Path(os.environ.get("FACSIGHT_DATA", "data")) / "ferplus"
        scores["near_copies"] = apart(predictions, seen_in_training(data))
        print(scores["near_copies"])
    record(f"reader-{chosen.split}", scores)


if __name__ == "__main__":
    main()
