"""What the recordings of a prepared folder show, each as an account, from its features."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Float64

from facsight.analysis.time_columns import series_names
from facsight.core.errors import BadRecipe, BadTable
from facsight.data.dataset import Dataset
from facsight.data.opening import open_dataset
from facsight.data.recordings import StreamCard, check_versions, read_cards, read_stream, stream_file
from facsight.words.cues import Account, Cue, Stretch
from facsight.words.from_face import face_cues
from facsight.words.from_voice import Usual, own_voice_cues, usual_voice

#: Features that can be said: the reader's probabilities, the head's pose, how the voice sounds.
FACE, POSE, VOICE = "face:facsight", "face:pose", "audio:prosody"
SAID = (FACE, POSE, VOICE)
_AXES = ("yaw", "pitch", "roll")

Series = Float64[np.ndarray, "n"]
Rows = Float64[np.ndarray, "n feature"]


@dataclass(frozen=True)
class Told:
    """A recording of a prepared folder, and all that is to be said of it."""

    sample: str
    account: Account


def accounts_of_prepared(folder: Path, seconds: float) -> tuple[Dataset, list[Told]]:
    """The folder's list, and an account of each recording in its order, in stretches of so many seconds.

    A recording that is no longer than a stretch has one without times. Voices are told against what is usual
    of the speaker over all recordings of the folder; somebody unknown has the one recording. No account names
    its file: names of files may hold labels. A column `text` of the list is what was said in the whole.
    `BadRecipe` where the folder has nothing that can be said, `BadTable` where frames have labels.
    """
    if not 0 < seconds < float("inf"):
        raise BadRecipe(f"expected seconds above 0, found {seconds}")
    cards = {name: card for name, card in read_cards(folder).items() if name in SAID}
    if not cards:
        raise BadRecipe(f"{folder} has no features that can be said; prepare it with {', '.join(SAID)}")
    data = open_dataset("manifest", folder, sealed=False)
    if data.table["frame"].is_not_null().any():
        raise BadTable(f"{folder} has labels of frames: texts are of recordings, with a label of the whole")
    streams = {
        sample: {name: _stream(folder, sample, card) for name, card in cards.items()}
        for sample in data.table["sample"]
    }
    usual = _usual(data.table, streams) if VOICE in cards else {}
    rows = data.table.select("sample", "subject", "text").iter_rows()
    told = [
        Told(sample, _account(streams[sample], cards, usual.get(_speaker(sample, who)), text, seconds))
        for sample, who, text in rows
    ]
    return data, told


def _stream(folder: Path, sample: str, card: StreamCard) -> tuple[Series, Rows]:
    """Times and values of what is known; nothing where the recording has none of this modality."""
    path = stream_file(folder, sample, card.modality)
    if not path.is_file():
        return np.zeros(0), np.zeros((0, *card.size))
    stream, found = read_stream(path)
    check_versions({card.modality: found}, {card.modality: card}, str(path))
    values = stream.values.astype(np.float64)
    good = np.isfinite(values).all(axis=1)
    return stream.time[good], values[good]


def _usual(
    table: pl.DataFrame, streams: Mapping[str, Mapping[str, tuple[Series, Rows]]]
) -> dict[tuple[str, str], Usual | None]:
    voices: dict[tuple[str, str], list[Rows]] = defaultdict(list)
    for sample, who in table.select("sample", "subject").iter_rows():
        voices[_speaker(sample, who)].append(streams[sample][VOICE][1])
    return {who: usual_voice(own) for who, own in voices.items()}


def _speaker(sample: str, who: str | None) -> tuple[str, str]:
    """Who speaks; where nobody is known, whoever is in this recording."""
    return ("recording", sample) if who is None else ("subject", who)


def _account(
    streams: Mapping[str, tuple[Series, Rows]],
    cards: Mapping[str, StreamCard],
    usual: Usual | None,
    text: str | None,
    seconds: float,
) -> Account:
    faces = _faces(streams, cards)
    end = max((time[-1] for time, _ in streams.values() if len(time)), default=0.0)
    count = max(1, ceil(round(float(end) / seconds, 6)))
    said = _said(text, float(end))
    stretches = []
    for k in range(count):
        span = (k * seconds, (k + 1) * seconds)
        cues = _cues(streams, cards, faces, usual, span) + (said if k == 0 else [])
        stretches.append(Stretch(*(span if count > 1 else (None, None)), cues))
    return Account([Cue("no_transcript" if text is None else "quoting")], stretches)


def _said(text: str | None, end: float) -> list[Cue]:
    """What was said in the whole recording, which stands where it begins."""
    if text is None:
        return []
    times = {"start": 0.0, "end": end}
    return [Cue("said", times | {"text": text.strip()}) if text.strip() else Cue("said_nothing", times)]


def _cues(
    streams: Mapping[str, tuple[Series, Rows]],
    cards: Mapping[str, StreamCard],
    faces: tuple[pl.DataFrame, Sequence[str]] | None,
    usual: Usual | None,
    span: tuple[float, float],
) -> list[Cue]:
    found: list[Cue] = []
    if faces is not None:
        rows, classes = faces
        found += face_cues(rows.filter(pl.col("time") >= span[0], pl.col("time") < span[1]), classes)
    if VOICE in cards:
        found += own_voice_cues(*streams[VOICE], usual, *span)
    return found


def _faces(
    streams: Mapping[str, tuple[Series, Rows]], cards: Mapping[str, StreamCard]
) -> tuple[pl.DataFrame, Sequence[str]] | None:
    """The main face as rows of readings, and their classes; None where the folder has nothing of faces."""
    if FACE not in cards and POSE not in cards:
        return None
    classes = _classes(cards[FACE]) if FACE in cards else ()
    parts = []
    if FACE in cards:
        parts.append(_frame(streams[FACE], series_names("expression", classes)))
    if POSE in cards:
        parts.append(_frame(streams[POSE], _AXES))
    rows = parts[0] if len(parts) == 1 else parts[0].join(parts[1], on="time", how="full", coalesce=True)
    unknown = {name: pl.lit(None, pl.Float64) for name in _AXES if name not in rows.columns}
    rows = rows.sort("time").with_row_index("frame").with_columns(**unknown)
    return rows.with_columns(status=pl.lit("ok"), track=pl.lit(1), cautions=pl.lit("")), classes


def _classes(card: StreamCard) -> tuple[str, ...]:
    if not card.classes:
        raise BadTable(f"the card of {card.modality} names no classes of its probabilities: prepare it again")
    return card.classes


def _frame(stream: tuple[Series, Rows], names: Sequence[str]) -> pl.DataFrame:
    """The last columns of a stream under these names, and the times."""
    time, values = stream
    last = values[:, values.shape[1] - len(names) :]
    columns: dict[str, Any] = {name: last[:, k] for k, name in enumerate(names)}
    return pl.DataFrame({"time": time, **columns})
