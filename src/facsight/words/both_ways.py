"""Recordings both ways: as texts, and as the numbers that the texts say, in one folder that recipes read.

`manifest.parquet` has the recordings of a prepared folder with people, splits, labels and `text`, so that
`data.name = "texts"` (with `data.dataset = "manifest"`) reads sentences; `recordings/` has the numbers of the
same sentences as features, so that `data.name = "prepared"` reads these. Folds are made of the same list.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from facsight import __version__
from facsight.core.errors import BadOutput, MissingData
from facsight.core.labels import label_space_names
from facsight.core.saving import whole_file
from facsight.data.dataset import Dataset
from facsight.data.recordings import RECORDINGS, Stream, escaped, stream_file, write_cards, write_stream
from facsight.data.sets.manifest import ABOUT, NAMES
from facsight.words.cues import Account, Detail, Stretch
from facsight.words.numbers import classes_named, middle, number_cards, streams_of
from facsight.words.prepared import Told
from facsight.words.sentence_states import SENTENCES, SentenceStates
from facsight.words.sentences import Language
from facsight.words.text import shown, to_text


@dataclass(frozen=True)
class Style:
    """How recordings are told: language, detail, most tokens (None: any number), seconds of a stretch."""

    words: Language
    detail: Detail
    tokens: int | None
    seconds: float


@dataclass(frozen=True)
class Written:
    """How many recordings were written, and those left out because there is no number of them."""

    recordings: int
    left_out: tuple[str, ...]


def write_both_ways(
    out: Path, data: Dataset, told: Sequence[Told], style: Style, encoder: SentenceStates | None = None
) -> Written:
    """Write a folder of recordings both ways; with an `encoder` also what it makes of each stretch's text.

    `BadOutput` where there is such a folder with something in it; `MissingData` where nothing can be said of
    any recording.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BadOutput(f"{out} is there already, and not empty: choose another --out, or remove it")
    accounts = {one.sample: shown(one.account, style.words, style.detail, style.tokens) for one in told}
    classes = classes_named(list(accounts.values()))
    streams = {
        sample: streams_of(one, style.words, classes, style.seconds) for sample, one in accounts.items()
    }
    kept = [sample for sample in accounts if streams[sample]]
    if not kept:
        raise MissingData(f"{data.root}: no recording shows anything that sentences could say in numbers")
    cards = number_cards(classes, style.seconds)
    if encoder is not None:
        for sample, states in _encoded({s: accounts[s] for s in kept}, style, encoder):
            streams[sample][SENTENCES] = states
        cards[SENTENCES] = encoder.card
    cards = {name: card for name, card in cards.items() if any(name in streams[s] for s in kept)}
    for sample in kept:
        for modality, stream in streams[sample].items():
            write_stream(stream_file(out, sample, modality), stream, cards[modality])
    write_cards(out, cards)
    texts = {sample: to_text(accounts[sample], style.words) for sample in kept}
    _write_list(out, data, texts)
    return Written(len(kept), tuple(sample for sample in accounts if sample not in texts))


def _encoded(
    accounts: Mapping[str, Account], style: Style, encoder: SentenceStates
) -> Iterator[tuple[str, Stream]]:
    """What the encoder makes of each stretch's sentences, by recording; all are read together."""
    stretches = [(sample, one) for sample, account in accounts.items() for one in account.stretches]
    texts = [
        to_text(Account([], [Stretch(None, None, one.cues)]), style.words).strip() for _, one in stretches
    ]
    places: dict[str, list[int]] = {}
    for place, (sample, _) in enumerate(stretches):
        places.setdefault(sample, []).append(place)
    rows = encoder.rows(texts)
    for sample, own in places.items():
        times = [middle(stretches[place][1], style.seconds) for place in own]
        yield sample, Stream(np.array(times), rows[own])


def _write_list(out: Path, data: Dataset, texts: dict[str, str]) -> None:
    """The recordings' list with their texts: people, splits and labels as they were."""
    labels = [name for space in data.spaces for name in (*space.columns, *space.shares)]
    columns = [
        name
        for name in ("sample", "split", "subject", "video", *labels)
        if name in data.table.columns and not (name == "video" and data.table[name].is_null().all())
    ]
    rows = data.table.select(columns).filter(pl.col("sample").is_in(list(texts)))
    rows = rows.with_columns(
        pl.Series("file", [f"{RECORDINGS}/{escaped(sample)}" for sample in rows["sample"]]),
        pl.Series("text", [texts[sample] for sample in rows["sample"]]),
    )
    named = all(space.name in label_space_names() for space in data.spaces)
    about = {
        "facsight": __version__,
        "dataset": str(data.card.name),
        "labels": [space.name for space in data.spaces] if named else [],
    }
    with whole_file(out / NAMES[0]) as partial:
        rows.write_parquet(partial, metadata={ABOUT: json.dumps(about)})
