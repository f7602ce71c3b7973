"""What each track of a video looks like: one direction, from a few good frames that are looked at again.

Frames are chosen in the video's table, decoded once more and embedded one after the other; of a track that is
over, one vector is left. What comes of it lives in memory only: no embedding is written.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from jaxtyping import Bool, Float64, Int64, UInt8

from facsight.analysis.looking import place
from facsight.analysis.seen_again import frames_again
from facsight.core.landmarks import POINT_COUNT
from facsight.faces.identity import Embedder
from facsight.functional.grouping import KEPT, middle

#: Frames of a track that are looked at again, at most: one from each of so many equal parts of it.
FRAMES_A_TRACK = 12
#: A face of so many pixels is as large as need be.
LARGE = 112.0
#: Frames worse than this share of the track's best one are left out.
GOOD = 0.5
#: Cautions of readings whose face is not aligned, or not all there.
_UNUSABLE = ("no_landmarks", "cut")
#: Side of the crop that tells how sharp a face is.
_SHARP_SIDE = 64


@dataclass(frozen=True, eq=False)
class TrackFaces:
    """The tracks of one video, in order: a unit vector each (NaN: no frame was good enough), of how many
    frames it was made, and whether these are as alike as those of one face are: a track that goes on over a
    cut which was not seen may hold two. `together` says which tracks were seen in one frame, and so are two
    people's."""

    numbers: tuple[int, ...]
    vectors: Float64[np.ndarray, "track d"]
    frames: Int64[np.ndarray, "track"]
    of_one: Bool[np.ndarray, "track"]
    together: Bool[np.ndarray, "track track"]


def look_at_tracks(video: Path, table: Path, embedder: Embedder, sequence: float | None = None) -> TrackFaces:
    """The tracks of a video that has been read into a table; what cannot be decoded again is left out.

    `sequence` is the rate of a folder of pictures.
    """
    rows = pl.read_parquet(table, columns=_READ).filter(pl.col("track").is_not_null())
    numbers = rows["track"].unique().sort().to_list()
    vectors = np.full((len(numbers), embedder.numbers), np.nan)
    frames, of_one = np.zeros(len(numbers), np.int64), np.zeros(len(numbers), bool)
    chosen = good_frames(rows)
    again = _seen_again(video, table, chosen, sequence)
    for number, own, sharp in _embedded(again, chosen, embedder):
        row = numbers.index(number)
        vectors[row] = middle(own, sharp)
        frames[row] = len(own)
        of_one[row] = (own @ vectors[row] >= embedder.least).mean() >= KEPT
    return TrackFaces(tuple(numbers), vectors, frames, of_one, seen_together(rows, numbers))


_READ = ["frame", "track", "box_x0", "box_x1", "visible", "yaw", "pitch", "cautions"]


def good_frames(rows: pl.DataFrame) -> pl.DataFrame:
    """`frame` and `track` of the best row in each part of each track, as long as it is good enough.

    A face is the better the more it looks into the camera (squared cosines of yaw and pitch), the more of
    its 68 points are in sight, and the larger it is, up to LARGE pixels.
    """
    frontal = (pl.col("yaw").radians().cos() * pl.col("pitch").radians().cos()) ** 2
    large = ((pl.col("box_x1") - pl.col("box_x0")) / LARGE).clip(0, 1)
    part = pl.int_range(pl.len()) * FRAMES_A_TRACK // pl.len()
    words = pl.col("cautions").fill_null("").str.split(" ")
    usable = ~pl.any_horizontal(words.list.contains(word) for word in _UNUSABLE)
    best = (
        rows.filter(usable)
        .sort("frame")
        .with_columns(good=frontal.fill_null(0.25) * pl.col("visible") * large, part=part.over("track"))
        .sort("good", descending=True, nulls_last=True, maintain_order=True)
        .unique(["track", "part"], keep="first", maintain_order=True)
    )
    enough = pl.col("good") >= GOOD * pl.col("good").max().over("track")
    return best.filter(enough).select("frame", "track").sort("frame", "track")


def seen_together(rows: pl.DataFrame, numbers: list[int]) -> Bool[np.ndarray, "track track"]:
    """Whether two tracks were ever seen in one frame; never a track with itself."""
    pairs = rows.select("frame", "track").unique()
    both = pairs.join(pairs, on="frame", suffix="_other").select("track", "track_other").unique()
    place_of = {number: row for row, number in enumerate(numbers)}
    together = np.zeros((len(numbers), len(numbers)), bool)
    for one, other in both.iter_rows():
        together[place_of[one], place_of[other]] = one != other
    return together


def sharpness(face: UInt8[np.ndarray, "side side 3"]) -> float:
    """How much each pixel differs from those around it, on average; above 0.

    >>> flat, edges = np.full((4, 4, 3), 7, np.uint8), np.stack([np.eye(4, dtype=np.uint8)] * 3, axis=2)
    >>> sharpness(flat) < sharpness(edges)
    True
    """
    grey = face.mean(axis=2)
    inner = grey[1:-1, 1:-1]
    around = (grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]) / 4
    return float(np.abs(inner - around).mean()) + 1e-3


Seen = tuple[Float64[np.ndarray, "d"], float]
_BOX = ("box_x0", "box_y0", "box_x1", "box_y1")


def _embedded(
    again: Iterable[tuple[pl.DataFrame, np.ndarray]], chosen: pl.DataFrame, embedder: Embedder
) -> Iterator[tuple[int, Float64[np.ndarray, "frame d"], Float64[np.ndarray, "frame"]]]:
    """Each track that could be embedded, after its last frame: its vectors, and how sharp each face was."""
    waiting: dict[int, list[Seen]] = {}
    last = dict(chosen.group_by("track").agg(pl.col("frame").max()).iter_rows())
    for rows, pixels in again:
        for track, seen in _faces(rows, pixels, embedder):
            waiting.setdefault(track, []).append(seen)
        for track in [track for track in waiting if last[track] <= rows["frame"][0]]:
            yield track, *_stacked(waiting.pop(track))
    for track, seen in waiting.items():
        yield track, *_stacked(seen)


def _stacked(seen: list[Seen]) -> tuple[Float64[np.ndarray, "frame d"], Float64[np.ndarray, "frame"]]:
    return np.stack([vector for vector, _ in seen]), np.array([sharp for _, sharp in seen])


def _seen_again(
    video: Path, table: Path, chosen: pl.DataFrame, sequence: float | None
) -> Iterator[tuple[pl.DataFrame, UInt8[np.ndarray, "height width 3"]]]:
    """The chosen rows of each frame, and its pixels, as far as the video can be decoded once more."""
    whole = pl.scan_parquet(table)
    every = whole.select("frame", "time").drop_nulls().unique("frame").sort("frame").collect()
    narrow = whole.select("frame", "track", "landmarks", *_BOX)
    own = narrow.join(chosen.lazy(), on=["frame", "track"], how="semi").collect()
    of_frame = own.partition_by("frame", as_dict=True)
    try:
        for number, pixels in frames_again(video, every, chosen["frame"].to_list(), sequence):
            yield of_frame[number,], pixels
    except Exception:  # it has gone, or changed: whatever a file does, the others are looked at
        return


def _faces(rows: pl.DataFrame, pixels: np.ndarray, embedder: Embedder) -> Iterator[tuple[int, Seen]]:
    """The track of each face of a frame that could be embedded, its vector and how sharp it is."""
    landmarks = np.array(rows["landmarks"].to_list(), np.float32).reshape(-1, POINT_COUNT, 2)
    vectors = embedder.embed(pixels, landmarks)
    boxes = rows.select(_BOX).rows()
    for track, points, box, vector in zip(rows["track"], landmarks, boxes, vectors, strict=True):
        if np.isfinite(vector).all():
            yield track, (vector, sharpness(place(points, box, _SHARP_SIDE).crop(pixels)))
