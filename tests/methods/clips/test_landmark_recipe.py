"""The recipe for landmarks in time: what it learns, what frames alone do not, and recordings as they come."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from facsight.data.drawn.courses import COURSES, MODALITY, draw_courses
from facsight.data.recordings import (
    RECORDINGS,
    Stream,
    StreamCard,
    escaped,
    stream_file,
    write_cards,
    write_stream,
)
from facsight.recipe import read_recipe
from facsight.sequence_experiment import score_sequences, train_sequences

RECIPE = Path(__file__).parents[3] / "recipes" / "clips" / "landmarks.toml"
SMALL = ["training.epochs=1", "training.batch_size=4"]
#: Seconds of each frame: at a constant rate; slower and slower; a few; and one.
TIMES = {
    "even": [0.02 + 0.04 * k for k in range(30)],
    "uneven": [0.02 + 0.01 * k + 0.003 * k**2 for k in range(20)],
    "short": [0.02, 0.06, 0.1],
    "one": [0.02],
}


def accuracy(run):
    return score_sequences(run)[COURSES.name]["accuracy"]["value"]


@pytest.fixture
def folder(tmp_path):
    """Four recordings for training and for looking at, the face lost in the middle of the first."""
    card = StreamCard(MODALITY, "Landmarks", "1", (136,), None, "points")
    rows, noise = [], np.random.default_rng(0)
    for split in ("train", "val"):
        for number, (name, times) in enumerate(TIMES.items()):
            sample = f"{split} {name}"
            values = noise.normal(size=(len(times), 136)).astype(np.float32)
            if name == "even":
                values[10:18] = np.nan
                values[20, 7] = np.nan
            (tmp_path / RECORDINGS / escaped(sample)).mkdir(parents=True)
            write_stream(stream_file(tmp_path, sample, MODALITY), Stream(np.array(times), values), card)
            rows.append(
                {
                    "file": f"{RECORDINGS}/{escaped(sample)}",
                    "video": sample,
                    "sample": sample,
                    "split": split,
                    "expression": ("happiness", "anger")[number % 2],
                }
            )
    write_cards(tmp_path, {MODALITY: card})
    pl.DataFrame(rows).write_parquet(tmp_path / "manifest.parquet")
    return tmp_path


@pytest.mark.parametrize("more", [[], ["windows.seconds=0.5", "windows.hop=0.25"], ["temporal.name=tcn"]])
def test_lost_faces_short_videos_and_uneven_times_are_trained_on_and_scored(folder, tmp_path, more):
    given = ["data.name=prepared", f'data.folder="{folder.as_posix()}"', "data.step=0.04"]
    run = train_sequences(read_recipe(RECIPE, given + SMALL + more), tmp_path / "run").path
    terms = pl.read_csv(run / "terms.csv")
    assert terms.select(pl.all().is_finite().all()).row(0) == (True,) * terms.width
    score_sequences(run)
    said = pl.read_parquet(run / "predictions.parquet")
    assert len(said) == len(TIMES)
    assert said.select(pl.selectors.float().is_finite().all()).row(0) == (True,) * len(
        said.select(pl.selectors.float()).columns
    )


@pytest.mark.slow
def test_the_order_of_moments_is_learnt_from_landmarks_and_not_from_single_frames(tmp_path):
    """Two pairs of courses hold the same frames: without a look along time, one of each pair is a guess."""
    train_sequences(read_recipe(RECIPE), tmp_path / "memory")
    train_sequences(read_recipe(RECIPE, ["temporal={}"]), tmp_path / "frames")
    assert accuracy(tmp_path / "memory") > 0.95
    assert accuracy(tmp_path / "frames") < 0.65  # half, and luck with 120 recordings


@pytest.mark.slow
def test_a_face_that_is_lost_for_a_while_does_not_undo_what_is_learnt(tmp_path):
    lost = torch.zeros(64, dtype=torch.bool)
    lost[30:34] = True

    def read(recipe, split, wanted):
        drawn = draw_courses(
            240 if split == "train" else 120,
            generator=torch.Generator().manual_seed(0 if split == "train" else 1),
            first=0 if split == "train" else 1000,
        )
        gone = [
            replace(
                one,
                streams={MODALITY: one.streams[MODALITY].masked_fill(lost[:, None], 0.0)},
                known={MODALITY: one.known[MODALITY] & ~lost},
            )
            for one in drawn.recordings
        ]
        return replace(drawn, recordings=tuple(gone)), {}

    run = train_sequences(read_recipe(RECIPE), tmp_path / "run", read=read).path
    assert pl.read_csv(run / "epochs.csv")["accuracy"][-1] > 0.85
