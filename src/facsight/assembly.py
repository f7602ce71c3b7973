"""Networks of sequences: put together by the names of their parts, and kept on disk with what they are."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import prod
from pathlib import Path
from typing import Any

import torch
from torch import nn

from facsight import catalog
from facsight.core.errors import BadCheckpoint, BadRecipe, MissingData
from facsight.core.labels import LabelSpace
from facsight.data.recordings import StreamCard
from facsight.data.sequence_set import SequenceSet
from facsight.data.windows import WindowPlan
from facsight.nn.donors import AnyNetwork, DonatedNetwork
from facsight.nn.prevalent import PrevalentNetwork
from facsight.nn.sequence_network import SequenceNetwork
from facsight.nn.standardised import Standardised
from facsight.nn.weights import load_state, load_tensors
from facsight.training.run_folder import WEIGHTS

#: The names of a run's stages in their order, if it has any: its folders are called after them.
STAGES = "stages.json"
#: What a weights file of a network of sequences says of itself beside its name.
NEEDED = {"architecture", "spaces", "step", "windows", "features", "data"}


def assemble(architecture: Mapping[str, Any]) -> AnyNetwork:
    """A network with random weights; one that sees some modalities only where `network` has `prevalent`.

    `architecture` has `sizes`, the shape of a step of each modality; `outputs`, the columns of each label
    space; and the sections `modalities`, `fusion`, `temporal` and `network` of a recipe. Each of a network's
    `donors` has a `name` and an `architecture` of its own.
    """
    encoders, sizes = {}, {}
    for name, shape in architecture["sizes"].items():
        encoders[name], sizes[name] = _encoder(name, tuple(shape), architecture["modalities"].get(name, {}))
    fusion = _named("fusion", architecture["fusion"], sizes)
    temporal = architecture["temporal"] and _named("temporal", architecture["temporal"], fusion.size)
    options = dict(architecture["network"])
    prevalent, imagine = options.pop("prevalent", None), options.pop("imagine", False)
    donors, dropout = options.pop("donors", ()), options.pop("donor_dropout", 0.3)
    network = SequenceNetwork(
        fusion, architecture["outputs"], encoders=encoders, temporal=temporal or None, **options
    )
    if donors and prevalent is not None:
        raise BadRecipe("a network has donors or prevalent modalities: donors see all modalities")
    if donors:
        given = [assemble(donor["architecture"]) for donor in donors]
        return DonatedNetwork(network, given, dropout=dropout)
    if prevalent is None:
        return network
    return PrevalentNetwork(network, sizes, prevalent=prevalent, imagine=imagine)


def _encoder(name: str, shape: tuple[int, ...], options: Mapping[str, Any]) -> tuple[nn.Module, int]:
    """The encoder of a modality, behind its standardisation if it has one, and how many features it gives."""
    chosen = {key: value for key, value in options.items() if key not in ("frames", "encoder", "start")}
    if "encoder" in options:
        encoder = catalog.load("encoders", options["encoder"])(shape, **chosen)
        scaled = getattr(encoder, "scaled", True)  # pixels, samples and words are read as they are
        return Standardised(shape[-1], encoder) if scaled else encoder, encoder.size
    if len(shape) > 1:
        raise BadRecipe(
            f"a step of {name!r} has the shape {shape}: it needs an encoder; see `facsight list encoders`"
        )
    return Standardised(prod(shape)), prod(shape)


def _named(shelf: str, section: Mapping[str, Any], first: Any) -> Any:
    options = dict(section)
    return catalog.load(shelf, options.pop("name"))(first, **options)


def standardise(network: AnyNetwork, recordings: SequenceSet) -> None:
    """Set the scale of each modality to that of these recordings; that of donors stays as it is."""
    whole = network if isinstance(network, SequenceNetwork) else network.network
    for name, encoder in whole.encoders.items():
        if isinstance(encoder, Standardised):
            parts = [one.streams[name][one.known[name]] for one in recordings.recordings]
            encoder.fit(torch.cat([part.flatten(0, -2) for part in parts]))


def load_sequence_network(path: Path) -> tuple[AnyNetwork, dict[str, Any]]:
    """The network in evaluation mode, and its card. `BadCheckpoint` where the file holds another kind."""
    tensors, card = load_tensors(path)
    missing = NEEDED - card.keys()
    if missing:
        raise BadCheckpoint(f"{path} is no network of sequences: its card lacks {', '.join(sorted(missing))}")
    network = assemble(card["architecture"])
    load_state(network, tensors, path)
    return network.eval(), card


@dataclass(frozen=True)
class TrainedSequences:
    """A trained network of sequences and what it needs to read recordings."""

    home: Path
    network: AnyNetwork
    card: Mapping[str, Any]
    spaces: tuple[LabelSpace, ...]
    windows: WindowPlan
    features: Mapping[str, StreamCard]

    @property
    def step(self) -> float:
        """Seconds of a step of the network's clock."""
        return float(self.card["step"])


def open_sequence_run(run: Path) -> TrainedSequences:
    """A run folder of a network of sequences; of one with stages, the last."""
    home = run / stages_of(run)[-1] if stages_of(run) else run
    if not (home / WEIGHTS).is_file():
        raise MissingData(f"{home} holds no {WEIGHTS}: finish the run with `facsight train`")
    network, card = load_sequence_network(home / WEIGHTS)
    plan = WindowPlan(**card["windows"])
    return TrainedSequences(home, network, card, spaces_from_data(card["spaces"]), plan, features_of(card))


def stages_of(run: Path) -> list[str]:
    """The stages of a run folder in their order; none where it has none."""
    try:
        return [str(name) for name in json.loads((run / STAGES).read_text(encoding="utf-8"))]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError) as error:
        raise BadCheckpoint(f"{run / STAGES} does not list stages ({error}): train again") from error


def spaces_as_data(spaces: Sequence[LabelSpace]) -> list[dict[str, Any]]:
    """Label spaces as plain data, whole: a weights file needs no list of spaces to be read."""
    return [asdict(space) for space in spaces]


def spaces_from_data(told: Sequence[Mapping[str, Any]]) -> tuple[LabelSpace, ...]:
    """The label spaces that `spaces_as_data` told."""
    return tuple(LabelSpace(**{key: _tuples(value) for key, value in space.items()}) for space in told)


def _tuples(value: Any) -> Any:
    """Tuples where JSON has lists."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def features_of(card: Mapping[str, Any]) -> dict[str, StreamCard]:
    """The features that a network was trained on, by modality."""
    return {name: StreamCard.from_json(told) for name, told in card["features"].items()}
