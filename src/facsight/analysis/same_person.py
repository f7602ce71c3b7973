"""Which tracks of a study are the same human being, as far as an embedding of their faces tells.

Two tracks that were seen in one frame are two people. Apart from that the most alike tracks are put together
first, by the mean over pairs of their cosines, until no two groups are alike enough: within each video, and
then, where asked, between videos. Nothing is known of who the people are.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Bool, Float64, Int64

from facsight.analysis.time_columns import TOLD_COLUMNS, schema
from facsight.analysis.track_faces import TrackFaces, look_at_tracks
from facsight.faces.identity import Embedder
from facsight.functional.grouping import grouped, in_order_of_appearance

#: A track that was embedded in fewer frames than this is not sure.
LEAST_FRAMES = 3


@dataclass(frozen=True)
class SamePerson:
    """How people are told apart: by which embedder, and whether `across` all videos or in each anew."""

    embedder: Embedder
    across: bool = False

    def describe(self) -> dict[str, Any]:
        """As plain data, for JSON: two that say the same tell the same."""
        by = {"name": self.embedder.name, "version": self.embedder.version}
        return by | {"least": self.embedder.least, "across": self.across}


@dataclass(frozen=True, eq=False)
class Told:
    """Which person each track of a video is: `tracks` has the columns `time_columns.TOLD_COLUMNS`.

    `by` is what decided on it, as plain data.
    """

    by: Mapping[str, Any]
    tracks: pl.DataFrame

    def add_person(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows of the video with a column `person`; null where there is no face."""
        person = pl.col("track").replace_strict(
            self.tracks["track"], self.tracks["person"], default=None, return_dtype=pl.Int32
        )
        return rows.with_columns(person=person)

    def as_json(self) -> dict[str, Any]:
        """As plain data."""
        return {"by": self.by, "tracks": self.tracks.to_dicts()}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Told":
        """What `as_json` gave."""
        return cls(told["by"], pl.DataFrame(told["tracks"], schema=schema(TOLD_COLUMNS)))


def tell(
    videos: Sequence[Path],
    tables: Sequence[Path],
    known: Sequence[Told | None],
    how: SamePerson,
    on_video: Callable[[Path], None],
    sequence: float | None = None,
) -> Iterator[Told]:
    """What is told of each video, in order; what is `known` and was told in this very way is not told again.

    `on_video` hears of each video whose tracks are looked at. `BadCheckpoint` where the embedder gives what
    is no direction.
    """
    by = how.describe() | ({"study": [table.name for table in tables]} if how.across else {})
    told = [one if one is not None and one.by == by else None for one in known]

    def look(number: int) -> TrackFaces:
        on_video(videos[number])
        return look_at_tracks(videos[number], tables[number], how.embedder, sequence)

    if how.across and None in told:
        faces = [look(number) for number in range(len(videos))]
        told = [Told(by, own) for own in tell_people(faces, how.embedder.least, across=True)]
    for number, one in enumerate(told):
        yield one or Told(by, tell_people([look(number)], how.embedder.least, across=False)[0])


def tell_people(videos: Sequence[TrackFaces], least: float, *, across: bool) -> list[pl.DataFrame]:
    """For each video a row a track: `time_columns.TOLD_COLUMNS`. People count from 1 as they first appear.

    `across`: people are told over all the videos together, so that a number is one person in all of them. A
    track that has no vector is a person of its own.
    """
    groups = [grouped(video.vectors @ video.vectors.T, video.together, least) for video in videos]
    if not across:
        return [_told([video], [group], least)[0] for video, group in zip(videos, groups, strict=True)]
    return _told(videos, _joined(videos, groups, least), least)


def _joined(
    videos: Sequence[TrackFaces], groups: Sequence[Int64[np.ndarray, "_"]], least: float
) -> list[Int64[np.ndarray, "_"]]:
    """The groups of all videos, put together where they are alike: average linkage goes on with them."""
    starts = np.cumsum([0, *(_count(group) for group in groups)])
    shifted = [group + start for group, start in zip(groups, starts, strict=False)]
    means, sizes = _means(videos, shifted, int(starts[-1]))
    apart = np.zeros((len(sizes), len(sizes)), bool)
    for video, group in zip(videos, shifted, strict=True):
        one, other = np.nonzero(video.together)
        apart[group[one], group[other]] = True
    found = grouped(means @ means.T, apart, least, sizes=sizes)
    return [found[group] for group in shifted]


def _told(
    videos: Sequence[TrackFaces], groups: Sequence[Int64[np.ndarray, "_"]], least: float
) -> list[pl.DataFrame]:
    """The tables of videos whose groups are numbered together."""
    names = in_order_of_appearance(np.concatenate([*groups, np.zeros(0, np.int64)]).astype(np.int64))
    parts = np.split(names, np.cumsum([len(group) for group in groups])[:-1]) if videos else []
    means, sizes = _means(videos, parts, _count(names))
    return [_of_video(video, part, means, sizes, least) for video, part in zip(videos, parts, strict=True)]


def _of_video(
    video: TrackFaces,
    group: Int64[np.ndarray, "track"],
    means: Float64[np.ndarray, "group d"],
    sizes: Int64[np.ndarray, "group"],
    least: float,
) -> pl.DataFrame:
    alike = video.vectors @ means.T
    rows = []
    trusted = video.of_one & (video.frames >= LEAST_FRAMES)
    for track, (number, own) in enumerate(zip(video.numbers, group, strict=True)):
        # without the track itself, whose cosine with itself is 1
        others = int(sizes[own]) - 1
        similarity = float(alike[track, own] * sizes[own] - 1) / others if others else None
        possible = np.isfinite(alike[track]) & ~_apart(video.together[track], group, len(sizes))
        possible[own] = False
        nearest = float(alike[track, possible].max()) if possible.any() else None
        is_sure = trusted[track] and not _doubted(similarity, nearest, least)
        frames = int(video.frames[track])
        rows.append((number, int(own) + 1, similarity, nearest, frames, int(is_sure)))
    return pl.DataFrame(rows, schema=schema(TOLD_COLUMNS), orient="row")


def _doubted(similarity: float | None, nearest: float | None, least: float) -> bool:
    """Whether the track alone would be put elsewhere: it is not like its own group, or like another."""
    return (similarity is not None and similarity < least) or (nearest is not None and nearest >= least)


def _apart(
    together: Bool[np.ndarray, "track"], group: Int64[np.ndarray, "track"], groups: int
) -> Bool[np.ndarray, "group"]:
    """The groups with a track that was seen beside this one."""
    found = np.zeros(groups, bool)
    found[group[together]] = True
    return found


def _means(
    videos: Sequence[TrackFaces], groups: Sequence[Int64[np.ndarray, "_"]], count: int
) -> tuple[Float64[np.ndarray, "group d"], Int64[np.ndarray, "group"]]:
    """The mean vector of each group, whose product with another is their mean cosine; and its tracks."""
    sums = np.zeros((count, max((video.vectors.shape[1] for video in videos), default=1)))
    sizes = np.zeros(count, np.int64)
    for video, group in zip(videos, groups, strict=True):
        np.add.at(sums, group, video.vectors)
        np.add.at(sizes, group, 1)
    return sums / sizes[:, None], sizes


def _count(group: Int64[np.ndarray, "_"]) -> int:
    return int(group.max()) + 1 if len(group) else 0
