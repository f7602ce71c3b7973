"""Near copies among the FER+ faces: time, memory, and how many of the listed pairs are found.

    python benchmarks/near_copies.py [--data ../shared/data/ferplus] [--threads 2]

`labels.csv` there lists groups of near copies (`dup_cluster`). Clusters are parted in two halves by a hash of
their number: thresholds were chosen on the half "tuning", the figures to quote are of the half "report". All
pictures are searched at once. A pair counts in a half by the share of its two pictures whose listed cluster
is in that half. A pair is found if both pictures are in one cluster that was found. The list is not complete:
`--look 40 --out FILE` makes a picture of so many found pairs of the half "report" that it lacks (never to be
committed), `found_pairs` is what precision is counted of.

`unlisted`: are found pairs that the list lacks copies? See unlisted_copies.py.

`made_copies`: of 500 faces of the half "report" copies are made in several ways and searched for among them.

The peer, in the same run: perceptual hashes of 64 and 256 bits (low DCT frequencies against their median, as
in the packages imagehash and pHash), with and without mirror images, brute force over all pairs, at the
largest Hamming distance at which precision in "tuning" is not below ours.

`one_sitting`: the London portraits beside the faces: neutral and smiling photos of a person, moments apart.
"""

import argparse
import hashlib
import io
import random
import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl
import torch
from PIL import Image, ImageDraw, ImageOps
from scipy.fft import dctn
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from facsight.data.near_copies import find_near_copies
from record import record
from unlisted_copies import unlisted_check

#: Sides of the perceptual hashes, and the largest distance that is tried.
HASHES = {8: 10, 16: 60}
GOALS = {"recall": 0.95, "precision": 0.95, "seconds": 180}


def half_of(cluster: int) -> int:
    return hashlib.sha256(str(cluster).encode()).digest()[0] % 2


def pairs_of(cluster: np.ndarray) -> set[tuple[int, int]]:
    """All pairs of rows with the same number."""
    order = np.argsort(cluster, kind="stable")
    cuts = np.flatnonzero(np.diff(cluster[order])) + 1
    groups = (np.sort(rows) for rows in np.split(order, cuts))
    return {
        (int(one), int(other)) for rows in groups for k, one in enumerate(rows) for other in rows[k + 1 :]
    }


def scores(found: set[tuple[int, int]], listed: set[tuple[int, int]], half: np.ndarray) -> dict[str, dict]:
    """Recall and precision in each half, and in all."""

    def weight(pairs: set[tuple[int, int]], which: int | None) -> float:
        if which is None:
            return float(len(pairs))
        return sum((half[one] == which) / 2 + (half[other] == which) / 2 for one, other in pairs)

    told = {}
    for name, which in (("tuning", 0), ("report", 1), ("all", None)):
        hits, known, all_found = (weight(pairs, which) for pairs in (found & listed, listed, found))
        told[name] = {
            "listed_pairs": known,
            "found_pairs": all_found,
            "recall": round(hits / known, 4),
            "precision": round(hits / all_found, 4) if all_found else None,
        }
    return told


def ours(faces: np.ndarray) -> tuple[np.ndarray, dict[str, object]]:
    """The cluster of each face as found, and what it cost."""
    start, used = time.perf_counter(), time.process_time()
    found = find_near_copies((f"{row:06d}", face) for row, face in enumerate(faces))
    marked = found.mark(pl.DataFrame({"sample": [f"{row:06d}" for row in range(len(faces))]}))
    took = time.perf_counter() - start
    own = pl.coalesce("near_copies", "sample").cast(pl.Int64)
    cost = {
        "seconds": round(took, 1),
        "processor_seconds": round(time.process_time() - used, 1),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "pairs": len(found.pairs),
        "mirrored_pairs": int(found.pairs["mirrored"].sum()),
        "blank": len(found.blank),
    }
    return marked.select(own).to_series().to_numpy(), cost


def framed(face: Image.Image) -> Image.Image:
    return ImageOps.expand(face, 2, fill=0)


def labelled(face: Image.Image) -> Image.Image:
    face = face.copy()
    face.paste(255, (0, 44, 48, 48))
    return face


def as_jpeg(face: Image.Image) -> Image.Image:
    stream = io.BytesIO()
    face.save(stream, "jpeg", quality=40)
    return Image.open(stream)


MADE: dict[str, Callable[[Image.Image], Image.Image]] = {
    "jpeg, quality 40": as_jpeg,
    "32 pixels a side": lambda face: face.resize((32, 32), Image.Resampling.BICUBIC),
    "contrast 0.5, brighter by 40": lambda face: face.point(lambda level: level * 0.5 + 40),
    "mirrored": ImageOps.mirror,
    "turned by 2 degrees": lambda face: face.rotate(2, Image.Resampling.BICUBIC),
    "turned by 5 degrees": lambda face: face.rotate(5, Image.Resampling.BICUBIC),
    "2 pixels cropped all around": lambda face: face.crop((2, 2, 46, 46)),
    "4 pixels cropped all around": lambda face: face.crop((4, 4, 44, 44)),
    "4 pixels cropped on one side": lambda face: face.crop((4, 0, 48, 48)),
    "black frame of 2 pixels": framed,
    "white strip of 4 pixels below": labelled,
}


def made_copies(faces: np.ndarray) -> dict[str, dict[str, float]]:
    """For each way of copying: the share of copies that are found, and wrong pairs a face."""
    told = {}
    for way, make in MADE.items():
        copies = [np.array(make(Image.fromarray(face))) for face in faces]
        found = find_near_copies(
            [(f"{row:04d}", face) for row, face in enumerate(faces)]
            + [(f"{row:04d}-copy", copy) for row, copy in enumerate(copies)]
        )
        right = found.pairs.filter(pl.col("other") == pl.col("sample") + "-copy")
        told[way] = {
            "found": round(len(right) / len(faces), 3),
            "other_pairs": len(found.pairs) - len(right),
        }
    return told


def one_sitting(folder: Path) -> dict[str, int]:
    """How many of the pairs of photos of one person are found, and how many of two people."""
    labels = pl.read_csv(folder / "labels.csv").select("image", "subject")
    photos = ((name, np.array(Image.open(folder / name).convert("RGB"))) for name in labels["image"])
    subject = dict(labels.iter_rows())
    found = [
        subject[one] == subject[other]
        for one, other in find_near_copies(photos).pairs.select("sample", "other").iter_rows()
    ]
    alike = labels["subject"].value_counts()["count"]
    return {
        "photos": len(labels),
        "pairs_of_one_person": int((alike * (alike - 1) // 2).sum()),
        "found_of_one_person": sum(found),
        "found_of_two_people": len(found) - sum(found),
    }


def across_splits(cluster: np.ndarray, split: pl.Series) -> dict[str, int]:
    """Clusters with pictures of both splits, and how many pictures of each they hold."""
    table = pl.DataFrame({"cluster": cluster, "split": split})
    crossing = table.filter(pl.col("split").n_unique().over("cluster") > 1)
    sides = dict(crossing.group_by("split").len().iter_rows())
    return {"clusters": crossing["cluster"].n_unique(), **sides}


def picture_of(pairs: list[tuple[int, int]], faces: np.ndarray, file: Path) -> None:
    """Pairs side by side, numbered."""
    page = Image.new("L", (8 * 236, (len(pairs) + 7) // 8 * 126), 255)
    for number, pair in enumerate(pairs):
        left, top = number % 8 * 236, number // 8 * 126
        ImageDraw.Draw(page).text((left, top), str(number), fill=0)
        for side, row in enumerate(pair):
            page.paste(Image.fromarray(faces[row]).resize((112, 112)), (left + side * 114, top + 12))
    page.save(file)


def hashes(faces: np.ndarray, side: int) -> np.ndarray:
    """side * side signs a face: the lowest DCT frequencies against their median."""
    small = np.stack(
        [np.array(Image.fromarray(f).resize((4 * side, 4 * side), Image.Resampling.LANCZOS)) for f in faces]
    )
    low = dctn(small.astype(np.float32), axes=(1, 2))[:, :side, :side].reshape(len(faces), -1)
    return np.where(low > np.median(low, axis=1, keepdims=True), 1.0, -1.0).astype(np.float32)


def close(one: np.ndarray, other: np.ndarray, most: int) -> Iterator[np.ndarray]:
    """Rows (i, j, distance) with i < j of hashes that differ in at most so many bits."""
    first, second = torch.from_numpy(one), torch.from_numpy(other)
    for start in range(0, len(one), 2048):
        apart = (one.shape[1] - first[start : start + 2048] @ second.T) / 2
        rows = (apart <= most).nonzero()
        distance = apart[rows[:, 0], rows[:, 1]]
        found = torch.column_stack([rows[:, 0] + start, rows[:, 1], distance.long()]).numpy()
        yield found[found[:, 0] < found[:, 1]]


def clusters_within(pairs: np.ndarray, most: int, count: int) -> np.ndarray:
    near = pairs[pairs[:, 2] <= most]
    graph = coo_array((np.ones(len(near), bool), (near[:, 0], near[:, 1])), shape=(count, count))
    return connected_components(graph, directed=False)[1]


def peer(
    faces: np.ndarray, side: int, mirror: bool, listed: set, half: np.ndarray, least: float
) -> dict[str, object]:
    """A perceptual hash at the largest distance with at least this precision in the half "tuning"."""
    start = time.perf_counter()
    own = hashes(faces, side)
    most = HASHES[side]
    parts = list(close(own, own, most))
    if mirror:
        parts += close(own, hashes(faces[:, :, ::-1].copy(), side), most)
    pairs = np.concatenate(parts)
    took = time.perf_counter() - start
    best: dict[str, object] = {}
    for distance in range(most + 1):
        cluster = clusters_within(pairs, distance, len(faces))
        sizes = np.bincount(cluster)
        if (sizes * (sizes - 1)).sum() / 2 > 10 * len(listed):
            break
        told = scores(pairs_of(cluster), listed, half)
        if distance and (told["tuning"]["precision"] or 0) < least:
            break
        best = {"bits": side * side, "mirrored_too": mirror, "hamming_distance": distance, **told}
    return {**best, "seconds": round(took, 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    default = Path(__file__).parents[2] / "shared" / "data" / "ferplus"
    parser.add_argument("--data", type=Path, default=default)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--look", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("unlisted.png"))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    faces = np.load(options.data / "faces.npz", allow_pickle=False)["faces"]
    labels = pl.read_csv(options.data / "labels.csv").sort("row")
    half = np.array([half_of(number) for number in labels["dup_cluster"].to_list()])
    listed = pairs_of(labels["dup_cluster"].to_numpy())
    cluster, cost = ours(faces)
    found = pairs_of(cluster)
    told = scores(found, listed, half)
    if options.look:
        unlisted = sorted(pair for pair in found - listed if half[list(pair)].all())
        picture_of(random.Random(0).sample(unlisted, options.look), faces, options.out)
    some = np.flatnonzero(half == 1)[:: int((half == 1).sum()) // 500][:500]
    least = told["tuning"]["precision"]
    results = {
        "faces": len(faces),
        "ours": {**cost, **told, "across_splits": across_splits(cluster, labels["split"])},
        "unlisted": unlisted_check(found, listed, faces, labels),
        "perceptual_hash": [
            peer(faces, side, mirror, listed, half, least) for side in HASHES for mirror in (False, True)
        ],
        "made_copies": made_copies(faces[some]),
        "one_sitting": one_sitting(options.data.parent / "london"),
        "goals": GOALS,
    }
    print(results)
    print(record("near_copies", results))


if __name__ == "__main__":
    main()
