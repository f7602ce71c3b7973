"""From a recipe for sequences to a trained, scored run folder; one folder a stage, and one a fold."""

from facsight.sequence_experiment.folds import (
    folds_in,
    holds_sequences,
    score_folds,
    score_sequences,
    train_folds,
)
from facsight.sequence_experiment.recordings import fold_warning, load_recordings
from facsight.sequence_experiment.training import build_sequence_method, train_sequences

__all__ = [
    "build_sequence_method",
    "fold_warning",
    "folds_in",
    "holds_sequences",
    "load_recordings",
    "score_folds",
    "score_sequences",
    "train_folds",
    "train_sequences",
]
