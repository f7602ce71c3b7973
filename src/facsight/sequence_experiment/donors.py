"""The donors of a recipe: trained runs whose features a network is given."""

from collections.abc import Mapping
from pathlib import Path

from facsight.assembly import TrainedSequences, open_sequence_run
from facsight.core.errors import BadCheckpoint
from facsight.data.recordings import StreamCard, check_versions
from facsight.data.sequence_set import SequenceSet
from facsight.recipe import Recipe


def open_donors(
    recipe: Recipe,
    stages: Mapping[str, Path],
    recordings: SequenceSet,
    features: Mapping[str, StreamCard],
) -> dict[str, TrainedSequences]:
    """The trained runs that `network.donors` names, by that name: earlier stages, or run folders.

    `BadCheckpoint` for one that was trained on other features, or another clock, than the recordings have.
    """
    found = {}
    for name in recipe.sections["network"].get("donors", ()):
        donor = open_sequence_run(stages.get(name, Path(name)))
        _check(name, donor, recordings)
        check_versions(features, donor.features, recordings.name)
        found[name] = donor
    return found


def _check(name: str, donor: TrainedSequences, recordings: SequenceSet) -> None:
    sizes = {modality: tuple(shape) for modality, shape in donor.card["architecture"]["sizes"].items()}
    if sizes != recordings.sizes:
        raise BadCheckpoint(
            f"the donor {name} reads {_told(sizes)}, {recordings.name} has {_told(recordings.sizes)}: train "
            "the donor again on the same features"
        )
    if donor.step != recordings.step:
        raise BadCheckpoint(
            f"the donor {name} has steps of {donor.step:g} s, {recordings.name} of {recordings.step:g} s"
        )


def _told(sizes: Mapping[str, tuple[int, ...]]) -> str:
    return ", ".join(f"{modality} of {' x '.join(map(str, shape))}" for modality, shape in sizes.items())
