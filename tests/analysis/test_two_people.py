"""Two people who cross, are hidden for a second, and are cut away: real portraits, the real finder."""

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from facsight.analysis.reader import Reader
from planted import tiny_reader_file
from written_video import saved

RATE, SIZE, HEAD = 25, (360, 640), (190, 150)
SECONDS, CUT, HIDDEN = 7.0, 5.4, (3.6, 4.6)


@pytest.fixture(scope="module")
def heads(shared_data):
    """Portraits cut out in ovals (height, width, RGBA), each from above the brows to below the chin."""
    folder = shared_data / "london"
    with (folder / "labels.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["label"] == "neutral" and row["chin_y"]]
    return [_oval(folder / row["image"], row) for row in rows[:6]]


def _oval(path: Path, row: dict[str, str]) -> np.ndarray:
    x, eyes, chin = (float(row[name]) for name in ("nose_base_x", "right_outer_eye_y", "chin_y"))
    half = 1.15 * (chin - eyes)
    middle = (eyes + chin) / 2 - 0.15 * (chin - eyes)
    box = (x - half * HEAD[1] / HEAD[0], middle - half, x + half * HEAD[1] / HEAD[0], middle + half)
    head = Image.open(path).convert("RGB").crop(tuple(round(v) for v in box)).resize(HEAD[::-1])
    mask = Image.new("L", HEAD[::-1])
    ImageDraw.Draw(mask).ellipse((2, 2, HEAD[1] - 3, HEAD[0] - 3), fill=255)
    return np.dstack([np.asarray(head), np.asarray(mask.filter(ImageFilter.GaussianBlur(2)))])


def _places(time: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """Centres (x, y) of the two heads: they change sides within three seconds, the second in front."""
    way = min(time / 3, 1.0)
    if time >= CUT:
        return (180.0, 150.0), (470.0, 230.0)
    return (150 + 340 * way, 170.0), (490 - 340 * way, 190.0)


def _frame(one: np.ndarray, other: np.ndarray, time: float) -> np.ndarray:
    wall = np.linspace(90, 150, SIZE[1]) if time < CUT else np.linspace(230, 40, SIZE[1])
    picture = np.repeat(np.tile(wall, (SIZE[0], 1))[..., None], 3, axis=2)
    for head, (x, y) in zip((one, other), _places(time), strict=True):
        top, left = round(y - HEAD[0] / 2), round(x - HEAD[1] / 2)
        part = picture[top : top + HEAD[0], left : left + HEAD[1]]
        share = head[..., 3:] / 255
        part[:] = head[..., :3] * share + part * (1 - share)
    if HIDDEN[0] <= time < HIDDEN[1]:
        x, y = _places(time)[0]
        picture[round(y - 110) : round(y + 110), round(x - 90) : round(x + 90)] = 60
    return picture.round().astype(np.uint8)


def _tracks_by_person(video: Path, weights: Path) -> dict[tuple[str, bool], set[int]]:
    """Track numbers of each of the two, before and after the cut, told apart by where they were put."""
    found = defaultdict(set)
    for result in Reader(weights).read_video(video):
        places = _places(result.at.time)
        if abs(places[0][0] - places[1][0]) < 100:
            continue  # one is before the other: whose face it is cannot be told from where it is
        for track, reading in zip(result.tracks, result.readings, strict=True):
            middle = (reading.box[0] + reading.box[2]) / 2
            nearest = min((0, 1), key=lambda person: abs(middle - places[person][0]))
            found["AB"[nearest], result.at.time >= CUT].add(track)
    return found


OTHER_PAIRS = [pytest.param(pair, marks=pytest.mark.slow) for pair in ((2, 3), (4, 5))]


@pytest.mark.parametrize("pair", [(0, 1), *OTHER_PAIRS])
def test_no_number_changes_hands_and_a_cut_ends_all(heads, tmp_path, pair):
    one, other = (heads[number] for number in pair)
    frames = [_frame(one, other, number / RATE) for number in range(round(SECONDS * RATE))]
    video = saved(tmp_path / "two.mkv", frames, codec="ffv1", pixel_format="bgr0")
    found = _tracks_by_person(video, tiny_reader_file(tmp_path / "reader.safetensors"))
    assert {who: len(tracks) for who, tracks in found.items()} == {
        ("A", False): 1, ("B", False): 1, ("A", True): 1, ("B", True): 1
    }  # fmt: skip
    assert len(set().union(*found.values())) == 4
