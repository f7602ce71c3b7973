"""Scores of a run folder of a network of sequences, beside floors, and its predictions."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from facsight.assembly import TrainedSequences, open_sequence_run, spaces_as_data
from facsight.core.errors import BadLabels
from facsight.core.saving import whole_file
from facsight.data.sequence_set import SequenceSet
from facsight.data.windows import Windows
from facsight.recipe import Recipe, read_recipe
from facsight.scoring.score import plain
from facsight.scoring.steps import Steps
from facsight.sequence_experiment.processed import postprocessing, processed
from facsight.sequence_experiment.recordings import Read, fold_warning, load_recordings, read_recordings
from facsight.training.run_folder import METRICS, RECIPE, write_whole
from facsight.training.sequence_scoring import (
    Said,
    predict_windows,
    quick_scores,
    sequence_scores,
)
from facsight.training.sequence_tables import prediction_table, truth_table

#: The predictions of a run, beside its scores, and those before post-processing, where there is any.
PREDICTIONS, UNTUNED = "predictions", "predictions-untuned"
#: The labels that a run was scored on, in the rows of its predictions; under `SPACES` of its metadata stands
#: what they are.
TRUTH, SPACES = "truth", "spaces"


@dataclass(frozen=True)
class Answers:
    """What a network says of recordings, and what it says of them without each of their modalities."""

    recordings: SequenceSet
    said: list[Said]
    without: Mapping[str, list[Said]]
    steps: Steps

    @property
    def processed(self) -> list[Said]:
        """What is said after the recipe's post-processing."""
        return processed(self.said, self.recordings, self.steps)

    def scores(self, train: SequenceSet) -> dict[str, Any]:
        """Scores beside the floors of `train`; where there is post-processing, those after it beside them."""
        found = sequence_scores(self.said, self.recordings, train)
        if self.steps.steps:
            after = sequence_scores(self.processed, self.recordings, train)
            spaces = {space.name: after[space.name] for space in self.recordings.spaces}
            found["postprocessed"] = {"steps": str(self.steps), **spaces}
        return found | {"without": self.reliance()}

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
    scores |= answers.scores(train)
    write_scores(trained, trained.home, [answers], scores, split)
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
    steps = postprocessing(recipe, recordings)
    return Answers(recordings, predict_windows(trained.network, windows), without, steps)


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
    trained: TrainedSequences,
    home: Path,
    parts: Sequence[Answers],
    scores: Mapping[str, Any],
    split: str = "val",
) -> None:
    """Write scores and predictions, of one part a fold; of other splits than val under names that have it.

    Predictions say from which features they are made, as other tables say from which crops, and how they were
    post-processed; those before it then stand beside them. So do the labels: two runs can be compared without
    the data.
    """
    suffix = "" if split == "val" else f"-{split}"
    made_of = "; ".join(f"{name}: {card.about}" for name, card in trained.features.items())
    about = {"crop": made_of} if made_of else {}
    steps = parts[0].steps
    if steps.steps:
        _write_table(home / f"{UNTUNED}{suffix}.parquet", parts, [part.said for part in parts], about)
        about["postprocess"] = str(steps)
    _write_table(home / f"{PREDICTIONS}{suffix}.parquet", parts, [part.processed for part in parts], about)
    spaces = {SPACES: json.dumps(spaces_as_data(trained.spaces))}
    _write_rows(home / f"{TRUTH}{suffix}.parquet", [truth_table(part.recordings) for part in parts], spaces)
    write_whole(home / METRICS.replace(".", f"{suffix}."), json.dumps(plain(scores), indent=2) + "\n")


def _write_table(
    path: Path, parts: Sequence[Answers], said: Sequence[list[Said]], about: Mapping[str, str]
) -> None:
    tables = [prediction_table(one, part.recordings) for one, part in zip(said, parts, strict=True)]
    _write_rows(path, tables, about)


def _write_rows(path: Path, tables: Sequence[pl.DataFrame], about: Mapping[str, str]) -> None:
    """The rows of all parts; of folds with their number."""
    if len(tables) > 1:
        tables = [table.with_columns(fold=pl.lit(number)) for number, table in enumerate(tables, 1)]
    with whole_file(path) as partial:
        pl.concat(tables).write_parquet(partial, metadata=dict(about) or None)
