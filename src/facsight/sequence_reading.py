"""What a trained network of sequences says of videos, put beside what the reader of faces says of them."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import torch

from facsight.analysis.by_model import ABOUT, TABLE, ByModel
from facsight.analysis.wording import printable
from facsight.assembly import TrainedSequences, open_sequence_run
from facsight.core.errors import BadRecipe
from facsight.core.labels import LabelSpace
from facsight.core.saving import whole_file
from facsight.data.prepared import on_one_clock
from facsight.data.recordings import StreamCard, check_versions, escaped, read_cards
from facsight.data.sequence_set import Recording, SequenceSet
from facsight.data.windows import Windows
from facsight.nn.prevalent import PrevalentNetwork
from facsight.preparation.run import prepare
from facsight.training.sequence_scoring import Said, predict_windows
from facsight.training.sequence_tables import answer_columns

#: Where the features that a model needs are kept, a folder a video.
FEATURES = "by_model"


def read_by_model(
    videos: Sequence[Path], folder: Path, run: Path, *, on_video: Callable[[Path], None] = lambda video: None
) -> ByModel:
    """Ask the model of a run folder about videos, and write `by_model.csv`, `.parquet` and `.json` to
    `folder`.

    Features are made as the model's were, once; those that are there are not made again. A video without a
    modality is read from the others, and one with none of them, or that cannot be read, has no rows: the
    notes say why. `BadRecipe` for a model of features that no video has, `BadTable` where features here would
    be of another version than the model's.
    """
    trained = open_sequence_run(run)
    if not _seen(trained):
        raise BadRecipe(
            f"{run} learnt from {trained.card['data']}, whose features no video has: train it on what "
            "`facsight prepare` makes of videos (data.name=prepared data.folder=FOLDER)"
        )
    rows, notes = [], {}
    for video in videos:
        on_video(video)
        name = printable(video)
        one, notes[name] = _recording(video, folder / FEATURES / escaped(str(video)), trained)
        if one is not None:
            rows.append(_rows(name, one, trained))
    about = _about(trained, notes)
    table = pl.concat(rows) if rows else pl.DataFrame(schema=_schema(about))
    with whole_file(folder / TABLE) as partial:
        table.write_parquet(partial)
    with whole_file(folder / "by_model.csv") as partial:
        table.write_csv(partial, float_precision=6)
    with whole_file(folder / ABOUT) as partial:
        partial.write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return ByModel(table.lazy(), about)


def _recording(video: Path, home: Path, trained: TrainedSequences) -> tuple[Recording | None, list[str]]:
    """The modalities of a video on the model's clock, and what is to be known of them."""
    wanted = _seen(trained)
    rates = [card.rate for name, card in wanted.items() if name.startswith("face") and card.rate]
    done = prepare(video, home, features=list(wanted), rate=rates[0] if rates else None)
    notes = [reason for _, reason in (*done.failed, *done.without)]
    if done.failed or not done.samples:
        return None, notes
    cards = read_cards(home)
    sample = pl.read_parquet(home / "manifest.parquet", columns=["sample"])["sample"][0]
    frames = {name: _frames(trained, name) for name in wanted}
    here = dict(wanted) | {name: card for name, card in cards.items() if name in wanted}
    check_versions(here, wanted, printable(video))
    one = on_one_clock(home, sample, frames, here, trained.step)
    if one is None:
        return None, [*notes, "it has nothing that the model reads"]
    return _complete(one, trained), notes


def _seen(trained: TrainedSequences) -> Mapping[str, StreamCard]:
    """The features that the network looks at: a student needs the prevalent ones only."""
    if isinstance(trained.network, PrevalentNetwork):
        return {name: trained.features[name] for name in trained.network.prevalent}
    return trained.features


def _frames(trained: TrainedSequences, name: str) -> int:
    return int(trained.card["architecture"]["modalities"].get(name, {}).get("frames", 1))


def _complete(one: Recording, trained: TrainedSequences) -> Recording:
    """The recording with every modality of the network, and labels that nobody knows."""
    of_steps = trained.card["of_steps"]
    truth = {
        space.name: torch.full((one.steps, len(space)) if of_steps[space.name] else (len(space),), torch.nan)
        for space in trained.spaces
    }
    return replace(one, truth=truth)


def _rows(name: str, one: Recording, trained: TrainedSequences) -> pl.DataFrame:
    """A row a step, or one for the whole where the model's labels are of recordings."""
    asked = SequenceSet(name, trained.step, trained.spaces, (one,))
    (said,) = predict_windows(trained.network, Windows(asked, trained.windows))
    whole = not any(trained.card["of_steps"].values())
    starts = [0.0] if whole else [k * trained.step for k in range(one.steps)]
    ends = [one.steps * trained.step] if whole else [start + trained.step for start in starts]
    columns: dict[str, Any] = {}
    for space in trained.spaces:
        output = said.outputs[space.name]
        columns |= answer_columns(output[None] if output.ndim == 1 else output, space)
    return pl.DataFrame({"file": [name] * len(starts), "start": starts, "end": ends}).with_columns(
        **columns, **_lanes(one, said, whole, trained)
    )


def _lanes(one: Recording, said: Said, whole: bool, trained: TrainedSequences) -> dict[str, pl.Series]:
    """How much each modality weighs in each step, or where it is known."""
    found = {}
    for name in _seen(trained):
        values = one.known[name].float() if said.shares is None else said.shares[name]
        values = values.mean()[None] if whole else values
        found[_column(name, said.shares is not None)] = pl.Series(values.tolist(), dtype=pl.Float32)
    return found


def _column(modality: str, weighs: bool) -> str:
    return f"{'weight' if weighs else 'known'}_{modality.replace(':', '_')}"


def _about(trained: TrainedSequences, notes: Mapping[str, list[str]]) -> dict[str, Any]:
    weighs = _weighs(trained)
    return {
        "model": trained.card["name"],
        "about": trained.card["about"],
        "data": trained.card["data"],
        "modalities": {name: _column(name, weighs) for name in _seen(trained)},
        "weighs": weighs,
        "step": trained.step,
        "spaces": [_shown(space) for space in trained.spaces],
        "features": {name: card.plain() for name, card in _seen(trained).items()},
        "notes": {file: told for file, told in notes.items() if told},
    }


def _weighs(trained: TrainedSequences) -> bool:
    """Whether the network says what each modality weighs: asked of a step without anything."""
    sizes = trained.card["architecture"]["sizes"]
    known = {name: torch.zeros(1, dtype=torch.bool) for name in sizes}
    streams = {name: torch.zeros(1, *shape) for name, shape in sizes.items()}
    nothing = _complete(Recording("nothing", None, streams, known, {}), trained)
    (said,) = predict_windows(
        trained.network,
        Windows(SequenceSet("nothing", trained.step, trained.spaces, (nothing,)), trained.windows),
    )
    return said.shares is not None


def _shown(space: LabelSpace) -> dict[str, Any]:
    """A label space as the page shows it: its columns, their names, and the ends of the scale."""
    columns = space.shares if space.kind == "classes" else space.columns
    low, high = (space.low, space.high) if space.kind in ("values", "levels") else (0.0, 1.0)
    return {
        "name": space.name,
        "shown": list(space.classes),
        "columns": list(columns),
        "low": low,
        "high": high,
    }


def _schema(about: Mapping[str, Any]) -> dict[str, Any]:
    numbers = [column for space in about["spaces"] for column in space["columns"]]
    numbers += list(about["modalities"].values())
    return {"file": pl.String, "start": pl.Float64, "end": pl.Float64} | dict.fromkeys(numbers, pl.Float32)
