"""How many JPEG faces a second become batches: facsight's threads beside a plain torch DataLoader with PIL.

    python benchmarks/picture_batches.py [--pictures 2000] [--workers 2]

Both read the same folder of drawn faces, in grey and in colour, as squares of 96 pixels in batches of 64, in
random order, with two workers, in turns and several times over; the plain one is what tutorials show (open,
convert, resize bilinearly, stack). Faces come in three sizes: the squares', AffectNet's, and that of photos.
"""

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import torch
from PIL import Image

from facsight.data import open_dataset
from facsight.data.mock_files import mock_faces, write_picture
from facsight.data.pictures import Pictures
from record import record

SIZE, BATCH = 96, 64
SIDES = {"as_small_as_squares": 96, "affectnet": 224, "photos": 512}
ROUNDS = 5


class Plain(torch.utils.data.Dataset):
    """The data set of a tutorial: a file is opened, decoded whole and resized."""

    def __init__(self, paths: list[Path], mode: str):
        self.paths, self.mode = paths, mode

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> torch.Tensor:
        with Image.open(self.paths[index]) as file:
            small = file.convert(self.mode).resize((SIZE, SIZE), Image.Resampling.BILINEAR)
        picture = torch.from_numpy(np.array(small))
        return picture[None] if self.mode == "L" else picture.permute(2, 0, 1)


def write(home: Path, count: int, side: int) -> None:
    """Faces of four expressions in class folders; a few dozen are drawn, noise makes every file another."""
    drawn = mock_faces(["happiness", "anger", "surprise", "neutral"] * 8, seed=0, size=side)
    generator = np.random.default_rng(0)
    for number in range(count):
        face = drawn[number % len(drawn)][..., None].astype(np.int16)
        noisy = (face + generator.integers(-6, 7, (side, side, 3))).clip(0, 255).astype(np.uint8)
        write_picture(home / ("anger", "fear")[number % 2] / f"{number:06d}.jpg", noisy)


def ours(home: Path, workers: int, colour: bool) -> float:
    pictures = Pictures(open_dataset("folder", home), size=SIZE, colour=colour)
    start = time.perf_counter()
    seen = sum(len(batch) for batch in pictures.batches(BATCH, threads=workers))
    return seen / (time.perf_counter() - start)


def plain(home: Path, workers: int, colour: bool) -> float:
    data = Plain(sorted(home.rglob("*.jpg")), "RGB" if colour else "L")
    loader = torch.utils.data.DataLoader(
        data, BATCH, shuffle=True, num_workers=workers, persistent_workers=True
    )
    next(iter(loader))  # the workers are started before the clock
    start = time.perf_counter()
    seen = sum(len(batch) for batch in loader)
    return seen / (time.perf_counter() - start)


def side_by_side(home: Path, workers: int, colour: bool) -> dict[str, object]:
    """Pictures a second of both, in turns, so that what else the machine does hits both."""
    rates = {"facsight": [], "plain": []}
    for _ in range(ROUNDS):
        rates["facsight"].append(ours(home, workers, colour))
        rates["plain"].append(plain(home, workers, colour))
    pairs = zip(rates["facsight"], rates["plain"], strict=True)
    return {
        "facsight_per_second": round(median(rates["facsight"])),
        "plain_per_second": round(median(rates["plain"])),
        "times_as_fast": round(median(a / b for a, b in pairs), 2),
        "each": {name: [round(rate) for rate in values] for name, values in rates.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=2)
    chosen = parser.parse_args()
    results = {"pictures": chosen.pictures, "workers": chosen.workers, "size": SIZE, "batch": BATCH}
    for name, side in SIDES.items():
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder), chosen.pictures, side)
            for colour in (False, True):
                key = f"{name}_{side}_{'colour' if colour else 'grey'}"
                results[key] = side_by_side(Path(folder), chosen.workers, colour)
                print(key, results[key])
    record("picture_batches", results)


if __name__ == "__main__":
    main()
