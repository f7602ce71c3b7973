"""What a translator of features learnt from people, and how people differ: kept when the people are gone."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from facsight.core.errors import BadCheckpoint
from facsight.nn.people_style import PeopleStyle
from facsight.nn.translator import Translator
from facsight.nn.weights import load_state, load_tensors, save_tensors

#: The parts of a file, by the first word of a tensor's name.
_PARTS = ("translator", "people")


@dataclass(frozen=True, eq=False)
class Translation:
    """A trained `translator`, the `people` that it learnt from as means and variances, and which class is
    `neutral`.

    `card` says what of: `base` (the SHA-256 of the weights whose features are translated), `data`, `faces`,
    `persons`.
    """

    translator: Translator
    people: PeopleStyle
    neutral: int
    card: Mapping[str, Any]

    def save(self, path: Path) -> None:
        """Write one safetensors file."""
        tensors = {
            f"{part}.{name}": tensor
            for part in _PARTS
            for name, tensor in getattr(self, part).state_dict().items()
        }
        save_tensors(tensors, path, {**self.card, "neutral": self.neutral})


def load_translation(path: Path) -> Translation:
    """What `save` wrote. `BadCheckpoint` for a file of anything else, or one that holds no numbers."""
    tensors, card = load_tensors(path)
    needed = {"translator.inner.weight", "people.totals"}
    if not tensors.keys() >= needed or not card.keys() >= {"base", "neutral"}:
        raise BadCheckpoint(
            f"{path} holds no translator of a person's features: see docs/personal_readers.md"
        )
    if not all(tensor.isfinite().all() for tensor in tensors.values()):
        raise BadCheckpoint(f"{path} is damaged: it holds numbers that are not finite")
    hidden, channels = tensors["translator.inner.weight"].shape
    translator = Translator(channels, hidden=hidden)
    people = PeopleStyle(channels, len(tensors["people.totals"]))
    for part, module in zip(_PARTS, (translator, people), strict=True):
        load_state(module, _of(part, tensors), path)
        module.requires_grad_(False)
    rest = {key: value for key, value in card.items() if key != "neutral"}
    return Translation(translator, people, int(card["neutral"]), rest)


def _of(part: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    mark = f"{part}."
    return {name.removeprefix(mark): each for name, each in tensors.items() if name.startswith(mark)}
