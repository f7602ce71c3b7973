"""Scores of a run folder of a network of sequences, beside floors, and its predictions."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from facsight.assembly import TrainedSequences, open_sequence_run
from facsight.core.errors import BadLabels
from facsight.core.saving import whole_file
from facsight.data.sequence_set import SequenceSet
from facsight.data.windows import Windows
from facsight.recipe import Recipe, read_recipe
from facsight.scoring.score import plain
from facsight.sequence_experiment.recordings import Read, fold_warning, load_recordings, read_recordings
from facsight.training.run_folder import METRICS, RECIPE, write_whole
from facsight.training.sequence_scoring import (
    Said,
    predict_windows,
    prediction_table,
    quick_scores,
    sequence_scores,
)

#: The predictions of a run, beside its scores.
PREDICTIONS = "predictions.parquet"


@dataclass(frozen=True)
class Answers:
    """What a network says of recordings, and what it says of them without each of their modalities."""

    recordings: SequenceSet
    said: list[Said]
    without: Mapping[str, list[Said]]

    def reliance(self) -> dict[str, dict[str, float]]:
        """What is left of the scores when each modality is missing."""
        return {name: quick_scores(said, self.recordings) for name, said in self.without.items()}


def score_run(
    run: Path, *, split: str = "val", folder: Path | None = None, read: Read = read_recordings
) -> dict[str, Any]:
    """Scores of a run folder on a split, written beside its weights, with its predictions.

    A run with stages is scored by its last. `folder` is that of the data, if not the recipe's.
    """
    trained, recipe = open_with_recipe(run, folder)
    answers = answers_of(trained, recipe, split, read)
    train, _ = load_recordings(recipe, "train", read=read)
    scores: dict[str, Any] = {"data": answers.recordings.name, "split": split} | told_of_folds(recipe)
    scores |= sequence_scores(answers.said, answers.recordings, train)
    scores["without"] = answers.reliance()
    table = prediction_table(answers.said, answers.recordings)
    write_scores(trained, trained.home, table, scores, split)
    return scores


def answers_of(trained: TrainedSequences, recipe: Recipe, split: str, read: Read) -> Answers:
    """What a trained network says of a split, with all modalities and without each."""
    recordings, _ = load_recordings(recipe, split, wanted=trained.features, read=read)
    if recordings.spaces != trained.spaces:
        raise BadLabels(f"{recordings.name} has other label spaces than {trained.home} was trained on")
    windows = Windows(recordings, trained.windows)
    without = {
        name: predict_windows(lambda seen, gone=name: trained.network(seen.missing([gone])), windows)
        for name in recordings.sizes
    }
    return Answers(recordings, predict_windows(trained.network, windows), without)


def open_with_recipe(run: Path, folder: Path | None) -> tuple[TrainedSequences, Recipe]:
    """The network of a run and its recipe, with the data in another `folder` if there is one."""
    trained = open_sequence_run(run)
    overrides = [] if folder is None else [f'data.folder="{folder.as_posix()}"']
    return trained, read_recipe(trained.home / RECIPE, overrides)


def told_of_folds(recipe: Recipe) -> dict[str, str]:
    """What must be told with every score of folds in which people are on both sides."""
    warning = fold_warning(recipe)
    return {"warning": warning} if warning else {}


def write_scores(
    trained: TrainedSequences, home: Path, table: pl.DataFrame, scores: Mapping[str, Any], split: str = "val"
) -> None:
    """Write predictions and scores; those of another split than val have its name in theirs.

    Predictions say from which features they are made, as other tables say from which crops.
    """
    suffix = "" if split == "val" else f"-{split}"
    made_of = "; ".join(f"{name}: {card.about}" for name, card in trained.features.items())
    with whole_file(home / PREDICTIONS.replace(".", f"{suffix}.")) as partial:
        table.write_parquet(partial, metadata={"crop": made_of} if made_of else None)
    write_whole(home / METRICS.replace(".", f"{suffix}."), json.dumps(plain(scores), indent=2) + "\n")
