"""Physiological signals as they were recorded: a row a sample, gaps and all."""

from pathlib import Path

import numpy as np

from facsight.core.errors import BadLabels, BadMedia, BadRecipe
from facsight.data.recordings import Stream, StreamCard
from facsight.data.sets.biovid import RATE, read_signals
from facsight.preparation.crop_type import CropType
from facsight.preparation.ledger import key_of


class RawSignals:
    """The channels of a table of signals in BioVid's form: tabs, `time` in microseconds, a column a channel.

    What is not a number is not known. Seconds count from the file's own zero, which is taken for that of the
    video.
    """

    source = "signals"
    version = key_of("physiology:raw", 1)

    def __init__(self, path: Path | None = None, *, crop: CropType):
        if path is not None:
            raise BadRecipe(
                f"physiology:raw takes no file, found {str(path)!r}: signals lie beside the videos"
            )

    def stream(self, path: Path) -> tuple[Stream, StreamCard]:
        """The signals of a file, and what its channels are; `BadMedia` where it is no such file."""
        try:
            table = read_signals(path)
        except BadLabels as error:
            raise BadMedia(str(error)) from error
        channels = [name for name in table.columns if name != "time"]
        time = table["time"].to_numpy().astype(np.float64)
        if not (np.isfinite(time).all() and (np.diff(time) > 0).all()):
            raise BadMedia(f"{str(path)!r}: expected times that increase, found others")
        about = f"{', '.join(channels)}, as recorded"
        version = key_of(self.version, channels)
        card = StreamCard("physiology:raw", "RawSignals", version, (len(channels),), float(RATE), about)
        return Stream(time, table.select(channels).to_numpy().astype(np.float32)), card
