"""How well people are told apart: studio portraits of 52 people, changed as videos change faces, and clips.

    python benchmarks/people.py                       # the built-in texture; and shape, which is not built in
    python benchmarks/people.py onnx:my_model.onnx    # a face-recognition model as well

Needs the folder shared/data beside the repository. A picture of each person at rest and one smiling, of one
session: what another day, another side of the head or another light do to a face is not in them, but for the
changes that are made here.
"""

import csv
import io
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.metrics import adjusted_rand_score

from facsight.analysis.same_person import tell_people
from facsight.analysis.track_faces import TrackFaces
from facsight.faces.face import Face
from facsight.faces.finder import default_finder
from facsight.faces.identity import Embedder, open_embedder
from facsight.faces.pose import mean_mesh, rotation_of
from facsight.functional.grouping import middle
from facsight.media.photo import read_photo
from facsight.media.video import open_video
from record import record

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
CLIPS = ("grid_bbaf2n.mpg", "grid_lbax4n.mpg", "grid_lrwp9a.mpg", "grid_pwij3p.mpg", "grid_swiz3n.mpg")
CLIPS_ALONE = ("fer_woman2.mp4", "pyfeat_single_face.mp4")
TRACKS_EACH, DRAWS, PEOPLE = 6, 50, (2, 4, 8, 16)

Pictures = Mapping[tuple[str, str], np.ndarray]
Change = Callable[[np.ndarray, float], np.ndarray]


def resized(picture: np.ndarray, factor: float) -> np.ndarray:
    height, width = picture.shape[:2]
    size = (round(width * factor), round(height * factor))
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))


def compressed(picture: np.ndarray) -> np.ndarray:
    held = io.BytesIO()
    Image.fromarray(picture).save(held, "JPEG", quality=30)
    return np.asarray(Image.open(held))


def noisy(picture: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(int(picture.sum())).normal(0, 10, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def lit_from_a_side(picture: np.ndarray, face: float) -> np.ndarray:
    """The picture's left darker and its right brighter: by 40 per cent each at the edges of the face."""
    place = (np.arange(picture.shape[1]) - picture.shape[1] / 2) / face
    gain = np.clip(1 + 0.8 * place, 0.3, 1.7)[None, :, None]
    return np.clip(picture * gain, 0, 255).astype(np.uint8)


#: What is done to a picture whose face is so many pixels wide.
CHANGES: dict[str, Change] = {
    "none": lambda picture, face: picture,
    "100 pixels": lambda picture, face: resized(picture, 100 / face),
    "60 pixels": lambda picture, face: resized(picture, 60 / face),
    "40 pixels": lambda picture, face: resized(picture, 40 / face),
    "compressed": lambda picture, face: compressed(resized(picture, 100 / face)),
    "noise": lambda picture, face: noisy(resized(picture, 100 / face)),
    "dark": lambda picture, face: (255 * (picture / 255) ** 1.8 * 0.6).astype(np.uint8),
    "lit from a side": lit_from_a_side,
}


def portraits() -> Pictures:
    """Of the people who have both: (person, label) to picture."""
    with (SHARED / "london" / "labels.csv").open(newline="") as file:
        rows = {(row["subject"], row["label"]): row["image"] for row in csv.DictReader(file)}
    both = sorted({who for who, _ in rows if {(who, "neutral"), (who, "happiness")} <= rows.keys()})
    return {
        (who, label): read_photo(SHARED / "london" / rows[who, label]).pixels
        for who in both
        for label in ("neutral", "happiness")
    }


def width(face: Face) -> float:
    return face.box[2] - face.box[0]


def embedded(embedder: Embedder, pictures: Pictures, change: Change) -> np.ndarray:
    """A vector (person, label, number) of each picture after the change, its face found anew."""
    finder, rows = default_finder(), []
    for picture in pictures.values():
        (before, *_) = finder.find(picture)
        changed = np.ascontiguousarray(change(picture, width(before)))
        (face, *_) = finder.find(changed)
        rows.append(embedder.embed(changed, face.landmarks[None])[0])
    return np.array(rows).reshape(-1, 2, len(rows[0]))


def pairs(neutral: np.ndarray, smiling: np.ndarray, least: float | None = None) -> dict[str, float]:
    """How far pairs of one person lie from pairs of two, and the shares that `least` gets wrong."""
    cosines = neutral @ smiling.T
    same, other = np.diag(cosines), cosines[~np.eye(len(cosines), dtype=bool)]
    places = np.sort(cosines.ravel())
    missed = np.array([(same < place).mean() for place in places])
    mixed = np.array([(other >= place).mean() for place in places])
    even = int(np.abs(missed - mixed).argmin())
    found = {
        "equal_error_rate": (missed[even] + mixed[even]) / 2,
        "at_cosine": places[even],
        "rank_1": (cosines.argmax(axis=1) == np.arange(len(cosines))).mean(),
    }
    if least is not None:
        found |= {"one_taken_for_two": (same < least).mean(), "two_taken_for_one": (other >= least).mean()}
    return {name: round(float(value), 5) for name, value in found.items()}


def alone(vectors: np.ndarray) -> TrackFaces:
    """Tracks of which none was seen beside another."""
    count = len(vectors)
    numbers, frames = tuple(range(1, count + 1)), np.full(count, 12)
    return TrackFaces(numbers, vectors, frames, np.ones(count, bool), np.zeros((count, count), bool))


def interviews(vectors: Mapping[str, np.ndarray], people: int, least: float, changes: list[str]) -> dict:
    """Tracks of so many people, each at rest or smiling and changed by chance: how well they come back."""
    generator, scores = np.random.default_rng(people), []
    for _ in range(DRAWS):
        who = np.repeat(generator.permutation(len(vectors["none"]))[:people], TRACKS_EACH)
        tracks = [vectors[str(generator.choice(changes))][one, generator.integers(0, 2)] for one in who]
        (told,) = tell_people([alone(np.array(tracks))], least, across=False)
        scores.append(adjusted_rand_score(who, told["person"]))
    return {
        "mean_adjusted_rand_index": round(float(np.mean(scores)), 3),
        "lowest": round(float(min(scores)), 3),
        "share_without_error": round(float(np.mean(np.array(scores) == 1)), 3),
    }


def clip_parts(embedder: Embedder, name: str, parts: int = 4) -> np.ndarray:
    """The vectors of the largest face in each part of a clip."""
    (path,) = (SHARED / "samples").rglob(name)
    finder, found = default_finder(), []
    with open_video(path) as video:
        for frame in video.frames(every=3):
            for face in finder.find(frame.pixels)[:1]:
                found += list(embedder.embed(frame.pixels, face.landmarks[None]))
    return np.stack([middle(some, np.ones(len(some))) for some in np.array_split(np.array(found), parts)])


def clips(embedder: Embedder) -> dict[str, object]:
    """Clips of seven people, each in four parts, as if they were tracks."""
    names = (*CLIPS, *CLIPS_ALONE)
    parts = [clip_parts(embedder, name) for name in names]
    vectors, who = np.concatenate(parts), np.repeat(np.arange(len(names)), len(parts[0]))
    cosines, same = vectors @ vectors.T, who[:, None] == who
    (told,) = tell_people([alone(vectors)], embedder.least, across=False)
    one_camera = who < len(CLIPS)
    filmed_alike = one_camera[:, None] & one_camera & ~same
    return {
        "people": len(names),
        "tracks": len(who),
        "adjusted_rand_index": round(float(adjusted_rand_score(who, told["person"])), 3),
        "least_alike_of_one_person": round(float(cosines[same].min()), 3),
        "most_alike_of_two": round(float(cosines[~same].max()), 3),
        "most_alike_of_two_before_one_camera": round(float(cosines[filmed_alike].max()), 3),
    }


def shape_of(face: Face) -> np.ndarray:
    """The upper face's mesh, turned to face the camera, against the mean face: not built in."""
    assert face.mesh is not None
    assert face.pose is not None
    mean = mean_mesh()
    upper = mean[:, 1] > -0.35
    turned = (face.mesh[:468] * (1, -1, -1)) @ rotation_of(face.pose)
    turned -= turned[upper].mean(axis=0)
    goal = mean - mean[upper].mean(axis=0)
    scale = (turned[upper] * goal[upper]).sum() / np.square(turned[upper]).sum()
    return (scale * turned - goal)[upper, :2].ravel()


def shape(pictures: Pictures) -> dict[str, object]:
    """The same pairs by shape, about the mean of all 104 pictures; and people filmed by another camera."""
    finder = default_finder()
    rows = np.array([shape_of(finder.find(picture)[0]) for picture in pictures.values()])
    middle_of_all = rows.mean(axis=0)

    def directions(shapes: np.ndarray) -> np.ndarray:
        around = shapes - middle_of_all
        return around / np.linalg.norm(around, axis=-1, keepdims=True)

    vectors = directions(rows).reshape(-1, 2, rows.shape[1])
    filmed = []
    for name in CLIPS:
        (path,) = (SHARED / "samples").rglob(name)
        with open_video(path) as video:
            shapes = [shape_of(finder.find(frame.pixels)[0]) for frame in video.frames(every=3)]
        filmed.append(np.mean(shapes, axis=0))
    between = directions(np.array(filmed)) @ directions(np.array(filmed)).T
    others = between[~np.eye(len(between), dtype=bool)]
    return {
        "portraits": pairs(vectors[:, 0], vectors[:, 1]),
        "five_people_before_one_camera": {
            "least_alike": round(float(others.min()), 3),
            "most_alike": round(float(others.max()), 3),
        },
    }


def milliseconds_a_face(embedder: Embedder, pictures: Pictures) -> float:
    """The best of many, as an idle machine would need."""
    picture = next(iter(pictures.values()))
    (face, *_) = default_finder().find(picture)
    taken = []
    for _ in range(50):
        start = time.perf_counter()
        embedder.embed(picture, face.landmarks[None])
        taken.append((time.perf_counter() - start) * 1e3)
    return round(min(taken), 2)


def measured(embedder: Embedder, pictures: Pictures) -> dict[str, object]:
    vectors = {name: embedded(embedder, pictures, change) for name, change in CHANGES.items()}
    still = vectors["none"][:, 0]
    usual = [name for name in CHANGES if name != "lit from a side"]
    return {
        "least": embedder.least,
        "version": embedder.version,
        "milliseconds_a_face": milliseconds_a_face(embedder, pictures),
        "portraits": {name: pairs(still, changed[:, 1], embedder.least) for name, changed in vectors.items()},
        "both_changed": {
            name: pairs(changed[:, 0], changed[:, 1], embedder.least) for name, changed in vectors.items()
        },
        "interviews": {str(n): interviews(vectors, n, embedder.least, usual) for n in PEOPLE},
        "interviews_in_two_lights": {
            str(n): interviews(vectors, n, embedder.least, ["none", "lit from a side"]) for n in PEOPLE
        },
        "clips": clips(embedder),
    }


def main(names: list[str]) -> None:
    pictures = portraits()
    results: dict[str, object] = {"people": len(pictures) // 2, "shape": shape(pictures)}
    for name in ("texture", *names):
        embedder = open_embedder(name)
        results[embedder.name] = measured(embedder, pictures)
    for name, value in results.items():
        print(name, value)
    print(record("people", results))


if __name__ == "__main__":
    main(sys.argv[1:])
