"""How fast faces are found, aligned and cut out; how near their points lie; whether memory grows.

    python benchmarks/faces.py

The photo is scikit-image's portrait. With the folder shared/data beside the repository also the distance to
points placed by hand, and the share of 48-pixel faces that are found.
"""

import csv
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from skimage.data import astronaut

from facsight.faces.align import align
from facsight.faces.face import FaceFinder
from facsight.faces.finder import default_finder
from record import record

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
ROUNDS, PHOTOS = 200, 200

#: Columns of the portraits' labels, and the number of the point among the 68.
HAND_PLACED = {
    "right_outer_eye": 36,
    "right_inner_eye": 39,
    "left_inner_eye": 42,
    "left_outer_eye": 45,
    "right_mouth_corner": 48,
    "left_mouth_corner": 54,
    "upper_lip_top": 51,
    "lower_lip_bottom": 57,
    "chin": 8,
    "nose_base": 33,
}


def milliseconds(work: Callable[[], object], rounds: int = ROUNDS) -> dict[str, float]:
    """Best and median of many rounds: the best is what a busy machine would do if it were idle."""
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        taken.append((time.perf_counter() - start) * 1e3)
    return {"best_ms": round(min(taken), 3), "median_ms": round(float(np.median(taken)), 3)}


def speed(finder: FaceFinder, photo: np.ndarray) -> dict[str, object]:
    (face,) = finder.find(photo)
    small = Image.fromarray(photo)
    crowd = np.tile(np.asarray(small.crop((130, 40, 330, 240)).resize((100, 100))), (5, 8, 1))
    large = np.asarray(small.resize((4000, 3000)))
    results: dict[str, object] = {
        "find_640x480_one_face": milliseconds(lambda: finder.find(photo)),
        "find_640x480_no_face": milliseconds(lambda: finder.find(np.full_like(photo, 127)), 40),
        "find_12_megapixels_one_face": milliseconds(lambda: finder.find(large), 20),
        "find_800x500_forty_faces": {
            "found": len(finder.find(crowd)),
            **milliseconds(lambda: finder.find(crowd), 10),
        },
        "align": milliseconds(lambda: align(face.landmarks, 48)),
    }
    for size in (48, 96, 112):
        alignment = align(face.landmarks, size)
        results[f"crop_{size}"] = milliseconds(lambda alignment=alignment: alignment.crop(photo))
    attention = np.random.default_rng(0).random((12, 12), np.float32)
    results["map_to_photo"] = milliseconds(
        lambda: align(face.landmarks, 48).map_to_photo(attention, photo.shape[:2])
    )
    return results


def distance_to_hand_placed(finder: FaceFinder) -> dict[str, object]:
    """Mean distance of ten points, in units of the distance of the outer eye corners."""
    with (SHARED / "london" / "labels.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["chin_x"]]
    distances = []
    for row in rows:
        placed = np.array([[float(row[f"{name}_{axis}"]) for axis in "xy"] for name in HAND_PLACED])
        photo = np.asarray(Image.open(SHARED / "london" / row["image"]).convert("RGB"))
        points = finder.find(photo)[0].landmarks[list(HAND_PLACED.values())]
        distances.append(np.linalg.norm(points - placed, axis=1) / np.linalg.norm(placed[0] - placed[3]))
    mean = np.mean(distances, axis=0)
    each = {name: round(float(value), 4) for name, value in zip(HAND_PLACED, mean, strict=True)}
    return {"photos": len(rows), "mean": round(float(mean.mean()), 4), "each_point": each}


def share_of_small_faces(count: int = 1000) -> dict[str, object]:
    """The share of FER+ faces, 48 pixels and grey, that are found at two thresholds."""
    with np.load(SHARED / "ferplus" / "faces.npz") as archive:
        faces = archive["faces"]
    chosen = np.random.default_rng(0).choice(len(faces), count, replace=False)
    finder = default_finder(min_confidence=0.3)
    found = [finder.find(np.repeat(faces[i][..., None], 3, axis=2)) for i in chosen]
    surest = np.array([max((face.confidence for face in some), default=0) for some in found])
    return {
        "faces": count,
        **{f"found_at_{least}": round(float((surest >= least).mean()), 4) for least in (0.3, 0.5)},
    }


def growth(finder: FaceFinder, photo: np.ndarray) -> dict[str, object]:
    """Peak memory before and after many photos, in megabytes."""
    unit = 2**20 if sys.platform == "darwin" else 2**10
    for _ in range(20):
        finder.find(photo)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    for shift in range(PHOTOS):
        finder.find(np.roll(photo, shift, axis=1))
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    return {"photos": PHOTOS, "before_mb": round(before, 1), "after_mb": round(after, 1)}


def main() -> None:
    start = time.perf_counter()
    finder = default_finder()
    results: dict[str, object] = {"open_s": round(time.perf_counter() - start, 2)}
    photo = np.asarray(Image.fromarray(astronaut()).resize((640, 640)).crop((0, 0, 640, 480)))
    results |= speed(finder, photo)
    results["memory"] = growth(finder, photo)
    if SHARED.is_dir():
        results["points"] = distance_to_hand_placed(finder)
        results["small_faces"] = share_of_small_faces()
    for name, value in results.items():
        print(f"{name:30} {value}")
    print(record("faces", results))


if __name__ == "__main__":
    main()
