"""From a recipe of action units to a trained, scored run folder."""

from facsight.unit_experiment.scoring import score_units
from facsight.unit_experiment.training import holds_units, train_units

__all__ = ["holds_units", "score_units", "train_units"]
