"""A person file: what a reader needs to read one person, and nothing that shows them.

One safetensors file: a few numbers a channel, with a JSON card. It holds no picture, no landmark and no
reading of a frame; the clip is named, not kept. Whoever deletes the file has deleted what there is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from facsight.core.errors import BadCheckpoint, BadOutput, BadRecipe
from facsight.hub import sha256
from facsight.nn.personal import PersonStyle, style_of
from facsight.nn.weights import load_tensors, save_tensors

#: Of the layout of these files, and the ending that they have.
LAYOUT, ENDING = 1, ".facsight"
#: What a card says.
_TOLD = {"person", "method", "options", "base", "data", "made", "warnings", "moved", "checked"}


@dataclass(frozen=True, eq=False)
class Person:
    """A person to read: the style of their channels, and the card that says how it came about.

    `card` has `person` (a name of the user's choice), `method` and its `options`, `base` (`name` and `sha256`
    of the reader's weights), `data` (the clip's `file`, `seconds`, `frames`, `faces`), `made` (a date),
    `warnings` (code to sentence), `moved` (`analysis.moved`) and `checked` (`analysis.adapting`). `file` is
    where it lies, None while it lies nowhere.
    """

    style: PersonStyle
    card: Mapping[str, Any]
    file: Path | None = None

    @property
    def name(self) -> str:
        return self.card["person"]

    @property
    def warnings(self) -> Mapping[str, str]:
        """Why the adaptation may do harm, by a short code."""
        return self.card["warnings"]

    def save(self, path: str | Path) -> "Person":
        """Write the person file; it appears whole or not at all. The person that lies there."""
        path = Path(path)
        try:
            save_tensors(self.style.state_dict(), path, {"person_file": LAYOUT, **self.card})
            path.chmod(0o600)
        except (OSError, SafetensorError) as error:
            raise BadOutput(f"{path} could not be written: {error}") from error
        return replace(self, file=path)

    def check(self, weights: Path) -> None:
        """`BadCheckpoint` unless the person was adapted to the reader with these weights."""
        found, base = sha256(weights), self.card["base"]
        if found != base["sha256"]:
            raise BadCheckpoint(
                f"{self.name} was adapted to the reader {base['name']} (SHA-256 {base['sha256'][:12]}...), "
                f"but this reader is {weights.name} ({found[:12]}...): adapt again to this reader, or give "
                "that one with --weights"
            )

    def describe(self) -> dict[str, Any]:
        """As plain data: two that say the same read the same."""
        return {**self.card, "file": None if self.file is None else sha256(self.file)}


def load_person(path: str | Path) -> Person:
    """The person in a file. `MissingData` for none, `BadCheckpoint` for one that is damaged or another."""
    path = Path(path)
    tensors, card = load_tensors(path)
    layout = card.pop("person_file", None)
    if layout is None or not card.keys() >= _TOLD:
        raise BadCheckpoint(f"{path} is no person file: expected what `facsight adapt` writes")
    if layout != LAYOUT:
        raise BadCheckpoint(
            f"{path} has the layout {layout} of another version of facsight, expected {LAYOUT}: adapt again"
        )
    try:
        return Person(style_of(tensors), card, path)
    except BadCheckpoint as error:
        raise BadCheckpoint(f"{path} is damaged: {error}; adapt again") from error


def check_name(name: str) -> str:
    """The name of a person, for files and pages. `BadRecipe` for none, or a long or unprintable one."""
    if not name.strip() or len(name) > 100 or not name.isprintable():
        raise BadRecipe(f"a person's name has 1 to 100 printable letters, found {name!r}: a code will do")
    return name.strip()
