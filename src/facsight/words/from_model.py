"""Cues of valence and arousal in a stretch of a video, as a trained network that was asked reads them."""

import numpy as np
import polars as pl

from facsight.analysis.by_model import ByModel
from facsight.words.cues import Cue


def affect_cues(told: ByModel, rows: pl.DataFrame, span: tuple[float, float]) -> list[Cue]:
    """What the network says of the values that it reads, from the answers (`ByModel.of_video`) of one video.

    `change` is how far the mean of the stretch lies above that of the video; values are on the scale of the
    network's labels. No cue where it reads no values, or says nothing of the stretch.
    """
    names = [name for space in told.about["spaces"] if space["low"] < 0 for name in space["columns"]]
    inside = (rows["start"].to_numpy() < span[1]) & (rows["end"].to_numpy() > span[0])
    items = []
    for name in names:
        values = rows[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
        known = np.isfinite(values)
        if (inside & known).any():
            value, usual = float(values[inside & known].mean()), float(values[known].mean())
            items.append({"name": name, "value": value, "change": value - usual})
    return [Cue("affect", {"network": told.about["model"], "items": items})] if items else []
