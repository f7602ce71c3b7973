"""Features of recordings on disk: a file a recording and modality, with the times of what it holds.

A prepared folder has `features.json`, which says what each modality is;
`recordings/NAME/MODALITY.safetensors` with `time` in seconds and `values`, a row each; and a list of the
recordings with their labels, as the dataset `manifest` reads it.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64, Num
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from facsight.core.errors import BadOutput, BadTable, MissingData, did_you_mean
from facsight.core.saving import told_reason, whole_file

FEATURES, RECORDINGS = "features.json", "recordings"


@dataclass(frozen=True)
class StreamCard:
    """What a modality of a prepared folder is.

    `size` is the shape of a row, `rate` the rows a second that are usual, None where times are irregular.
    `version` changes with whatever changes the values: parameters, weights, the form of the crop. `about`
    says it in words. `classes` are those whose probabilities the last columns are, where there are any.
    """

    modality: str
    extractor: str
    version: str
    size: tuple[int, ...]
    rate: float | None
    about: str
    classes: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self) | {"size": list(self.size), "classes": list(self.classes)}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "StreamCard":
        """The card in plain data; `TypeError` or `KeyError` where it is none."""
        lists = {"size": tuple(told["size"]), "classes": tuple(told.get("classes", ()))}
        return cls(**{**told, **lists})


@dataclass(frozen=True)
class Stream:
    """Values at times, in seconds on the recording's own clock; a row that is not known is NaN."""

    time: Float64[np.ndarray, "n"]
    values: Num[np.ndarray, "row *feature"]

    def __post_init__(self):
        if len(self.time) != len(self.values):
            raise BadTable(f"expected a time a row, found {len(self.time)} times of {len(self.values)} rows")


def stream_file(folder: Path, recording: str, modality: str) -> Path:
    """Where the values of a modality of a recording lie; never outside the folder, whatever the names are."""
    return folder / RECORDINGS / escaped(recording) / f"{escaped(modality)}.safetensors"


def escaped(name: str) -> str:
    """A name as part of a path that every system takes, different for different names.

    >>> escaped("day1/anna.mp4")
    'day1_anna.mp4-6d53ae88'
    >>> escaped("audio")
    'audio'
    """
    if re.fullmatch(r"[0-9a-z_]{1,40}", name):
        return name
    plain = re.sub(r"[^0-9A-Za-z._-]+", "_", name).strip("._")[-60:] or "recording"
    return f"{plain}-{hashlib.sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"


def write_stream(path: Path, stream: Stream, card: StreamCard) -> None:
    """Write the values of a modality of a recording; the file appears whole or not at all.

    `BadTable` where a row has another shape than the card says.
    """
    if stream.values.shape[1:] != card.size:
        raise BadTable(f"{card.modality} has rows of {card.size}, found {stream.values.shape[1:]}")
    tensors = {"time": np.ascontiguousarray(stream.time), "values": np.ascontiguousarray(stream.values)}
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as partial:
        try:
            save_file(tensors, partial, metadata={"facsight": json.dumps(card.plain())})
        except SafetensorError as error:  # its word for a full disk
            raise BadOutput(f"{path} could not be written: {told_reason(error)}") from error


def read_stream(path: Path) -> tuple[Stream, StreamCard]:
    """The values of a modality of a recording, and what they are.

    `MissingData` where there is no file, `BadTable` for one that is no whole file of values.
    """
    if not path.is_file():
        raise MissingData(f"there is no {path}: run the same `facsight prepare` again")
    try:
        with safe_open(path, framework="np") as file:
            card = StreamCard.from_json(json.loads(file.metadata()["facsight"]))
            return Stream(file.get_tensor("time"), file.get_tensor("values")), card
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise BadTable(
            f"{path} holds no values of a modality ({error}); remove it, and prepare again"
        ) from error


def card_of(path: Path) -> StreamCard | None:
    """What the values in a file are, without reading them; None where there is no whole file of any."""
    try:
        with safe_open(path, framework="np") as file:
            return StreamCard.from_json(json.loads(file.metadata()["facsight"]))
    except (SafetensorError, OSError, KeyError, TypeError, ValueError):
        return None


def write_cards(folder: Path, cards: Mapping[str, StreamCard]) -> None:
    """Say what the modalities of a prepared folder are."""
    with whole_file(folder / FEATURES) as partial:
        told = {name: card.plain() for name, card in cards.items()}
        partial.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read_cards(folder: Path) -> dict[str, StreamCard]:
    """What the modalities of a prepared folder are. `MissingData` where the folder is none."""
    path = folder / FEATURES
    if not path.is_file():
        raise MissingData(f"{folder} has no {FEATURES}: make it with `facsight prepare ... --features ...`")
    try:
        return {
            name: StreamCard.from_json(card) for name, card in json.loads(path.read_text("utf-8")).items()
        }
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadTable(f"{path} is not as `facsight prepare` writes it: {error}; prepare again") from error


def check_versions(found: Mapping[str, StreamCard], wanted: Mapping[str, StreamCard], where: str) -> None:
    """`BadTable` where a modality is not there, or was made otherwise than a model was trained on."""
    for name, card in wanted.items():
        if name not in found:
            raise MissingData(f"{where} has no modality {name!r}: {did_you_mean(name, found)}")
        other = found[name]
        if (other.version, other.size) != (card.version, card.size):
            raise BadTable(
                f"{where}: {name!r} was made by {other.extractor}, version {other.version[:12]}; the model "
                f"was trained on {card.extractor}, version {card.version[:12]}: prepare these recordings "
                "with the same extractor, or train again"
            )
