"""From a recipe for people to who gains by adaptation; a folder for every target, method and seed."""

from facsight.adaptation_experiment.running import open_people, train_people
from facsight.adaptation_experiment.tables import (
    Result,
    adaptation_table,
    holds_people,
    person_table,
    ranking,
    read_clips,
    read_results,
)

__all__ = [
    "Result",
    "adaptation_table",
    "holds_people",
    "open_people",
    "person_table",
    "ranking",
    "read_clips",
    "read_results",
    "train_people",
]
