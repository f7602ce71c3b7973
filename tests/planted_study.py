"""A folder of videos as `facsight analyze` leaves it, made up: every value known, no video and no network."""

import base64
import json
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from facsight.analysis.study import LAYOUT
from planted import drawn_face

CLASSES = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
UNITS = (1, 2, 4, 6, 12, 25)
SIZE = (640, 480)
READER = {
    "classes": list(CLASSES),
    "action_units": list(UNITS),
    "finder": "planted",
    "card": {"name": "planted"},
    "weights": {"file": "planted.safetensors", "sha256": "0" * 64},
    "codebook": {"name": "facsight", "version": 1},
    "facsight": "0",
}


def made_rows(
    file: str,
    times: Sequence[float],
    people: Sequence[Sequence[int]],
    *,
    cuts: Sequence[float] = (),
    seed: int = 0,
) -> pl.DataFrame:
    """The rows of a video: `people` are the numbers of the frames in which each track, from 1, is seen.

    Expressions wander, so that each is read for a while; all else follows from the label.
    """
    generator = np.random.default_rng(seed)
    time = np.asarray(times, dtype=float)
    shot = 1 + np.searchsorted(np.sort(np.asarray(cuts, dtype=float)), time, side="right")
    tables = [_person(n, np.asarray(at, dtype=int), generator) for n, at in enumerate(people, 1)]
    seen = np.unique(np.concatenate([np.asarray(at, dtype=int) for at in people] or [[]])).astype(int)
    without = np.setdiff1d(np.arange(len(time)), seen)
    tables.append(pl.DataFrame({"frame": without, "status": ["no_face"] * len(without)}))
    rows = pl.concat(tables, how="diagonal").with_columns(pl.col("frame", "track").cast(pl.Int32))
    at = rows["frame"].to_numpy()
    return rows.with_columns(
        pl.lit(file).alias("file"),
        pl.Series("time", time[at]),
        pl.Series("shot", shot[at].astype(np.int32)),
        pl.lit(SIZE[0]).alias("frame_width"),
        pl.lit(SIZE[1]).alias("frame_height"),
    ).sort("frame", "track")


def _person(track: int, at: np.ndarray, generator: np.random.Generator) -> pl.DataFrame:
    scores = generator.normal(0, 0.35, (len(at), len(CLASSES)))
    phase = np.arange(len(at))[:, None] / 97 + np.arange(len(CLASSES)) * 2.1 + track
    scores += 3 * np.sin(phase) + np.where(np.arange(len(CLASSES)) == 0, 1.0, 0.0)
    shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    best = shares.argmax(axis=1)
    left = 60.0 + 220 * track + 10 * np.sin(phase[:, 0])
    columns: dict[str, Any] = {
        "frame": at,
        "track": np.full(len(at), track),
        "status": ["ok"] * len(at),
        "label": np.array(CLASSES)[best],
        "uncertainty": -(shares * np.log(shares)).sum(axis=1) / np.log(len(CLASSES)),
        "cautions": np.where(shares.max(axis=1) < 0.5, "uncertain elsewhere", ""),
        **{f"box_{end}": left + add for end, add in zip(("x0", "x1"), (0.0, 120.0), strict=True)},
        **{f"box_{end}": np.full(len(at), side) for end, side in (("y0", 100.0), ("y1", 260.0))},
        **{f"expression_{name}": shares[:, n] for n, name in enumerate(CLASSES)},
    }
    evidence = generator.dirichlet(np.ones(len(UNITS) + 1), len(at))
    for number, unit in enumerate(UNITS):
        tied = (best + number) % 3 == 0
        columns[f"evidence_AU{unit:02d}"] = [
            float(v) if known else None for v, known in zip(evidence[:, number], tied, strict=True)
        ]
    columns["evidence_elsewhere"] = evidence[:, -1]
    return pl.DataFrame(columns)


def told(rows: pl.DataFrame, **more: Any) -> dict[str, Any]:
    """What study.json says of the video of these rows."""
    frames = rows["frame"].n_unique()
    about = {"announced": frames, "duration": float(rows["time"].max()), "audio": []}  # pyright: ignore
    about |= {"damage": [], "notes": [], "error": None}
    with_face = rows.filter(status="ok")["frame"].n_unique()
    return {
        "file": rows["file"][0],
        "path": rows["file"][0],
        "frames": frames,
        "with_face": with_face,
        **about,
        **more,
    }


def saved_study(folder: Path, rows: pl.DataFrame, videos: Sequence[dict[str, Any]], **about: Any) -> Path:
    """The folder with its table, also as a file a video, and its description."""
    (folder / "readings").mkdir(parents=True, exist_ok=True)
    rows.write_parquet(folder / "readings.parquet")
    listed = [video | {"table": f"{number}.parquet"} for number, video in enumerate(videos)]
    for video in listed:
        rows.filter(file=video["file"]).write_parquet(folder / "readings" / video["table"])
    whole = {
        "layout": LAYOUT,
        "made": "2026-01-02T03:04:05+00:00",
        "read_from": str(folder),
        "rate": None,
        "every": 1,
        "sequence": None,
    }
    whole |= {"videos": listed, "reader": READER, **about}
    (folder / "study.json").write_text(json.dumps(whole), encoding="utf-8")
    return folder


def with_everything(rows: pl.DataFrame) -> pl.DataFrame:
    """The same rows with the columns that a table may have: smoothed, detected, attention, landmarks."""
    smooth = [
        pl.col(f"expression_{n}").rolling_mean(15, min_samples=1, center=True).over("track") for n in CLASSES
    ]
    seen = pl.col("track").is_not_null()
    maps = np.zeros((len(rows), 144), dtype=np.uint8)
    maps[:, 30:40] = 255
    points = drawn_face(True)[1].astype(float)
    columns = {
        f"{axis}_{n}": pl.when(seen).then(pl.col(f"box_{axis}0") + points[n, place])
        for place, axis in enumerate("xy")
        for n in range(68)
    }
    return rows.with_columns(
        *(one.alias(f"smooth_{n}") for one, n in zip(smooth, CLASSES, strict=True)),
        pl.when(seen).then((pl.col("frame") % 10 != 3).cast(pl.Int32)).alias("detected"),
        pl.Series("attention", maps.tolist(), dtype=pl.List(pl.UInt8)),
        **columns,
    )


def unpacked(data: dict[str, Any]) -> dict[str, np.ndarray]:
    """What `report.packing` packed, by the book: deflate, then 32-bit differences, then bytes."""
    raw = zlib.decompress(base64.b64decode(data["data"]))
    found, place = {}, 0
    for name, kind, count in data["index"]:
        found[name] = np.frombuffer(raw, dtype={"i4": "<i4", "u1": "u1"}[kind], count=count, offset=place)
        place += found[name].nbytes
        if kind == "i4":
            found[name] = found[name].cumsum()
    assert place == len(raw)
    return found
