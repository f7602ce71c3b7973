"""Which codebook a reader's evidence is compared with, and which of its action units."""

from collections.abc import Sequence
from pathlib import Path

from facsight.core.errors import BadCodebook
from facsight.facs.codebook import COMPOUND_CODEBOOK, Codebook, load_codebook
from facsight.facs.regions import REGIONS


def chosen_codebook(asked: str | Path | None, of_card: str, classes: Sequence[str]) -> Codebook:
    """The codebook asked for, or that of the weights' card, or one of compounds where that has no class.

    `BadCodebook` where no action unit is tied to any of the classes.
    """
    book = load_codebook(asked or of_card)
    if asked is None and not units_used(book, classes):
        book = load_codebook(COMPOUND_CODEBOOK)
    if not units_used(book, classes):
        raise BadCodebook(
            f"codebook {book.identity} ties no action unit to any of {', '.join(classes)}: give one that does"
        )
    return book


def units_used(codebook: Codebook, classes: Sequence[str]) -> tuple[int, ...]:
    """The units that the codebook ties to one of these classes, and that have a region on the face."""
    units = tuple(unit for unit in codebook.action_units if unit in REGIONS)
    used = codebook.weights(classes, units).any(dim=0).tolist()
    return tuple(unit for unit, tied in zip(units, used, strict=True) if tied)
