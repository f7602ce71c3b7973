"""What one call of `prepare` has to do, and what came of each of its parts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from facsight.analysis.one_video import Sampling
from facsight.faces.face import FaceFinder
from facsight.preparation.crop_type import CropType
from facsight.preparation.ledger import Entry, Ledger
from facsight.preparation.sources import Sources

#: Hears how much is done, and how much there is in all.
OnProgress = Callable[[int, int], None]


@dataclass(eq=False)
class Task:
    """What is read, how, and where to; `finder` is opened when it is first called."""

    folder: Path
    sources: Sources
    crop: CropType
    sampling: Sampling
    ledger: Ledger
    finder: Callable[[], FaceFinder]
    on_progress: OnProgress
    _done: int = 0

    def advance(self, count: int, total: int) -> None:
        """Tell that so many more of all are done."""
        self._done += count
        self.on_progress(self._done, total)


@dataclass(frozen=True)
class Outcome:
    """What came of a sample, or of a modality of a recording, made from the file `origin`."""

    sample: str
    origin: str
    modality: str | None
    entry: Entry


@dataclass(frozen=True, eq=False)
class Done:
    """The rows of the manifest, what came of every part, and what there is to say of all of them.

    `rows` have `sample`, `of` (the sample of the sources that it is, or is a part of), `file`, and columns
    that replace those of the sources.
    """

    rows: pl.DataFrame
    outcomes: list[Outcome]
    about: dict[str, Any] = field(default_factory=dict)
