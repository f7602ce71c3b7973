"""Photos, videos, sounds or a dataset in; aligned crops, or features on one clock, with a manifest out.

The same call does what is missing and nothing else: what was made before is made again only where its source
or its extractor has changed.
"""

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from facsight.analysis.one_video import Sampling
from facsight.analysis.saving import ready_folder
from facsight.core.errors import BadRecipe
from facsight.faces.face import FaceFinder
from facsight.faces.finder import DEFAULT
from facsight.hub import face_finder
from facsight.preparation.crop_type import crop_type
from facsight.preparation.cropping import make_crops
from facsight.preparation.ledger import Ledger
from facsight.preparation.listing import manifest_rows, write_manifest, write_report
from facsight.preparation.recordings import ROOM, open_features
from facsight.preparation.sources import Sources, from_dataset, from_paths, is_dataset
from facsight.preparation.streaming import make_streams
from facsight.preparation.task import Done, OnProgress, Outcome, Task

#: Pixels along a side of a crop, where nothing else is said.
CROP = 112


@dataclass(frozen=True)
class Prepared:
    """What a call came to.

    `samples` are in the manifest. `without` are what has no face, or no such stream, `failed` what could not
    be read, each (file, reason); `told` is what else there is to know of a file. `crop` is the type of the
    crops. `left_out` pictures have no features; `deviations` are places where a dataset strays from its
    format.
    """

    folder: Path
    samples: int
    without: tuple[tuple[str, str], ...]
    failed: tuple[tuple[str, str], ...]
    told: tuple[tuple[str, str], ...]
    crop: str
    left_out: int = 0
    deviations: int = 0


def prepare(
    inputs: str | Path | Iterable[str | Path],
    out: str | Path,
    *,
    root: str | Path | None = None,
    crop: int = CROP,
    features: Sequence[str] = (),
    finder: FaceFinder | str | None = None,
    split: str | None = None,
    reader: Mapping[str, Any] | None = None,
    every: int = 1,
    rate: float | None = None,
    sequence: float | None = None,
    on_progress: OnProgress = lambda done, total: None,
) -> Prepared:
    """Make crops, or `features` where some are named, of files, or of the dataset of that name in `root`.

    What `facsight prepare` does. `crop` is the side of the crops in pixels; `features` are names of
    `facsight list features`. `split` and `reader` choose what of a dataset is read, and how. Of a video every
    `every`-th frame is taken, or at most `rate` a second; with `sequence` frames a second, folders of
    numbered pictures are videos. What cannot be read is in `failed` of what is returned and ends nothing.
    `BadOutput` where the folder cannot be written: what was made stays in it.
    """
    given, folder = [inputs] if isinstance(inputs, str | Path) else list(inputs), Path(out)
    sampling = Sampling(every, rate, sequence=sequence)
    kind = crop_type(crop, _name_of(finder))
    extractors = open_features(features, kind, sampling) if features else None
    sources = _sources(given, folder, root, split, reader or {}, bool(features), sequence)
    if extractors is not None and sources.table["still"].all():
        raise BadRecipe("features are of recordings, but there are only pictures: leave out features")
    folder = ready_folder(folder)
    opened = cache(lambda: face_finder(finder) if finder is None or isinstance(finder, str) else finder)
    with Ledger(folder) as ledger:
        task = Task(folder, sources, kind, sampling, ledger, opened, on_progress)
        done = make_crops(task) if extractors is None else make_streams(task, extractors)
        rows = manifest_rows(sources, done.rows)
        write_manifest(folder, rows, sources, done.about)
        write_report(folder, done.outcomes)
    shutil.rmtree(folder / ROOM, ignore_errors=True)
    left_out = int(sources.table["still"].sum()) if extractors is not None else 0
    return _prepared(folder, len(rows), sources, done, left_out)


def _name_of(finder: FaceFinder | str | None) -> str:
    if finder is None or isinstance(finder, str):
        return finder or DEFAULT
    return type(finder).__name__


def _sources(
    given: Sequence[str | Path],
    out: Path,
    root: str | Path | None,
    split: str | None,
    reader: Mapping[str, Any],
    sounds: bool,
    sequence: float | None,
) -> Sources:
    if root is not None:
        if len(given) != 1:
            raise BadRecipe(f"expected the name of one dataset beside its root, found {len(given)} names")
        return from_dataset(str(given[0]), Path(root), split=split, **reader)
    forgotten = [one for one in map(str, given) if is_dataset(one) and not Path(one).exists()]
    if forgotten:
        raise BadRecipe(f"{forgotten[0]} is a dataset: give its folder as root (--root)")
    if split is not None or reader:
        raise BadRecipe("split and reader are for datasets: give the dataset's name, and its folder as root")
    return from_paths(map(Path, given), out, sounds=sounds, sequence=sequence)


def _prepared(folder: Path, samples: int, sources: Sources, done: Done, left_out: int) -> Prepared:
    def those(*status: str) -> tuple[tuple[str, str], ...]:
        return tuple(
            (_place(one), one.entry.reason or "") for one in done.outcomes if one.entry.status in status
        )

    return Prepared(
        folder=folder,
        samples=samples,
        without=those("no_face", "absent"),
        failed=those("failed"),
        told=tuple(dict.fromkeys((one.origin, told) for one in done.outcomes for told in one.entry.told)),
        crop=done.about["crop"],
        left_out=left_out,
        deviations=len(sources.deviations),
    )


def _place(one: Outcome) -> str:
    return one.origin if one.modality is None else f"{one.origin}, {one.modality}"
