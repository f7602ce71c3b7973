"""People whose faces are known: as directions, and drawn in a colour of their own in videos with cuts."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from facsight.analysis.track_faces import TrackFaces
from planted import SIDE, _corner, drawn_face

#: One colour a person, and none near another: their directions, grey taken off, lie 55 degrees apart or more.
COLOURS = ((230, 60, 60), (60, 200, 60), (70, 70, 240), (220, 210, 40), (210, 50, 210), (40, 210, 210))
LENGTHS = 64


def planted_tracks(
    seed: int,
    *,
    people: int,
    tracks: int,
    noise: float,
    beside: float = 0.5,
    likeness: float = 0.0,
    lookalike: bool = False,
) -> tuple[TrackFaces, np.ndarray]:
    """Tracks of so many people in one video, and who each of them is.

    A person is a random direction, and all share one direction with a cosine of about `likeness`; a track is
    the person with `noise` (length of the noise beside 1). In turn, shots show one person, or, with the
    probability `beside`, two at the same time. `lookalike`: the first two people are seen together in every
    shot, and look alike (a cosine of 0.8).
    """
    generator = np.random.default_rng(seed)
    shared = _directions(generator, 1)
    faces = np.sqrt(likeness) * shared + np.sqrt(1 - likeness) * _directions(generator, people)
    if lookalike:
        faces[1] = faces[0] + 0.7 * _directions(generator, 1)[0]
    who, together = [], []
    while len(who) < tracks:
        first = len(who)
        count = 2 if generator.random() < beside and people > 1 else 1
        shown = [0, 1] if lookalike else generator.permutation(people)[:count].tolist()
        who += shown
        together += [(first, first + 1)] * (len(shown) == 2)
    vectors = faces[who] + noise * _directions(generator, len(who))
    beside_each = np.zeros((len(who), len(who)), bool)
    for one, other in together:
        beside_each[one, other] = beside_each[other, one] = True
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    numbers = tuple(range(1, len(who) + 1))
    return tracks_of(vectors, together=beside_each, numbers=numbers), np.array(who)


def tracks_of(
    vectors: np.ndarray,
    *,
    together: np.ndarray | None = None,
    frames: Sequence[int] | None = None,
    numbers: Sequence[int] | None = None,
) -> TrackFaces:
    """Tracks with these vectors, each of twelve frames that are alike; none was seen beside another."""
    count = len(vectors)
    return TrackFaces(
        tuple(numbers or range(1, count + 1)),
        vectors,
        np.full(count, 12) if frames is None else np.array(frames),
        np.ones(count, bool),
        np.zeros((count, count), bool) if together is None else together,
    )


def _directions(generator: np.random.Generator, count: int) -> np.ndarray:
    vectors = generator.normal(size=(count, LENGTHS))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def in_order(faces: TrackFaces, order: np.ndarray) -> TrackFaces:
    """The same tracks in another order."""
    numbers = np.array(faces.numbers)[order].tolist()
    return tracks_of(
        faces.vectors[order],
        together=faces.together[order][:, order],
        frames=faces.frames[order],
        numbers=numbers,
    )


def people_video(path: Path, shots: Sequence[tuple[int, Sequence[int]]], *, frames: int = 12) -> Path:
    """A video of shots: `frames` of each show these people, from left to right, before a wall of its own.

    A shot is the number of its wall and the people's numbers; a first pixel tells `PlantedFinder` how many.
    """
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 2 * SIDE, SIDE + 40, "bgr0"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 25)
        for time in range(frames * len(shots)):
            wall, people = shots[time // frames]
            frame = av.VideoFrame.from_ndarray(picture_of(wall, people), format="rgb24").reformat(
                format="bgr0"
            )
            frame.pts, frame.time_base = time, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def picture_of(wall: int, people: Sequence[int]) -> np.ndarray:
    """Drawn faces, each in the colour of its person, before a wall of coarse noise."""
    blocks = np.random.default_rng(wall).integers(0, 256, (10, 16, 3))
    photo = np.repeat(np.repeat(blocks, 20, 0), 20, 1).astype(np.uint8)[: SIDE + 40, : 2 * SIDE]
    for place, person in enumerate(people):
        left, top = _corner(place, photo.shape[1])
        grey = drawn_face(place % 2 == 0)[0].astype(float) / 255
        photo[top : top + SIDE, left : left + SIDE] = (grey * COLOURS[person]).astype(np.uint8)
    photo[0, 0] = len(people), 0, 0
    return photo


class ColourEmbedder:
    """An `Embedder` for `people_video`: the mean colour of a face, grey taken off."""

    name, version, least, numbers = "colour", "1", 0.8, 3

    def __init__(self):
        self.asked = 0

    def embed(self, picture: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
        self.asked += len(landmarks)
        found = np.full((len(landmarks), 3), np.nan)
        for face, points in enumerate(landmarks):
            if np.isfinite(points).all():
                (left, top), (right, bottom) = points.min(axis=0).astype(int), points.max(axis=0).astype(int)
                colour = picture[top:bottom, left:right].mean(axis=(0, 1))
                found[face] = colour - colour.mean()
                found[face] /= np.linalg.norm(found[face])
        return found
