"""What it costs to read a video by a network of action units, too.

    python benchmarks/video_units.py CLIP [--rounds 5]

Seconds of reading every frame of CLIP by the bundled reader, with the network of
recipes/action_units/relation_graph.toml beside it (random weights: they cost the same) over without, in turns
on one thread of torch; the median ratio of the rounds. Beside it the network alone: sixteen faces in one pass
over sixteen passes of a face each.
"""

import argparse
import tempfile
import tomllib
from pathlib import Path
from statistics import median
from time import perf_counter

import torch

from facsight.analysis.reader import Reader
from facsight.analysis.unit_reader import UnitReader
from facsight.nn.unit_weights import KIND, build_unit_network
from facsight.nn.weights import save_network
from record import record

RECIPE = Path(__file__).parents[1] / "recipes" / "action_units" / "relation_graph.toml"
UNITS, SIDE, TOGETHER, PASSES = (1, 2, 4, 5, 6, 9, 12, 15, 17, 20, 25, 26), 48, 16, 20


def saved_units(folder: Path) -> Path:
    """Weights of a network as the recipe has it, with twelve units."""
    architecture = tomllib.loads(RECIPE.read_text())["network"]
    card = {
        "kind": KIND,
        "name": "random",
        "data": "nothing",
        "architecture": architecture,
        "action_units": list(UNITS),
        "thresholds": [0.5] * len(UNITS),
        "crop_size": SIDE,
    }
    save_network(build_unit_network(UNITS, **architecture), folder / "units.safetensors", card)
    return folder / "units.safetensors"


def seconds(reader: Reader, clip: Path) -> tuple[float, int]:
    """Seconds of reading the clip, and its frames."""
    start = perf_counter()
    frames = sum(1 for _ in reader.read_video(clip))
    return perf_counter() - start, frames


def together(units: UnitReader) -> float:
    """A pass of sixteen faces over sixteen passes of one."""
    faces = torch.randn(TOGETHER, 1, SIDE, SIDE)

    def passes(parts: int) -> float:
        start = perf_counter()
        for _ in range(PASSES):
            for part in faces.chunk(parts):
                units.read(part)
        return perf_counter() - start

    passes(1)
    return passes(1) / passes(TOGETHER)


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("clip", type=Path)
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        units = saved_units(Path(folder))
        readers = {"without": Reader(), "with": Reader(units=units)}
        seconds(readers["with"], chosen.clip)
        rounds = [
            {name: seconds(reader, chosen.clip) for name, reader in readers.items()}
            for _ in range(chosen.rounds)
        ]
        ratios = [one["with"][0] / one["without"][0] for one in rounds]
        results = {
            "clip": chosen.clip.name,
            "frames": rounds[0]["with"][1],
            "units": len(UNITS),
            "with_over_without": round(median(ratios), 3),
            "each": [round(one, 3) for one in ratios],
            "sixteen_at_once_over_one_by_one": round(
                median(together(UnitReader(units)) for _ in range(5)), 3
            ),
        }
    print(results)
    print(record("video_units", results))


if __name__ == "__main__":
    main()
