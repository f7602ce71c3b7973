"""Compound expressions for `facsight analyze`: asked for, checked before anything is read, and told."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from facsight.core.errors import counted
from facsight.core.labels import label_space

if TYPE_CHECKING:
    import polars as pl
    from rich.console import Console


@dataclass(frozen=True)
class AskedCompounds:
    """How compound expressions are to be said, None for not at all, and of which label space."""

    how: Literal["rules", "model"] | None
    space: str

    def check(self, classes: Sequence[str]) -> None:
        """Refuse what a reader of these classes cannot say."""
        if self.how is not None:
            from facsight.analysis.compound import check_compounds

            check_compounds(self.how, classes, label_space(self.space))

    def read(self, folder: Path, screen: "Console", segments: "pl.DataFrame | None" = None) -> None:
        """Write the tables of compounds and say where; drop those of an earlier run that asked for some."""
        from facsight.analysis.compound import TABLE, forget_compounds, read_compounds

        if self.how is None:
            forget_compounds(folder)
            return
        found = read_compounds(folder, self.how, label_space(self.space), segments).table
        said = found["compound"].count()
        screen.print(
            f"compound  {folder / TABLE}: one is said of {said} of {counted(len(found), 'row')}",
            soft_wrap=True,
        )
