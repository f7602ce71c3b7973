"""Guided against unguided learning: same budget, several seeds, several shares of the faces.

    FACSIGHT_DATA=path/to/data python benchmarks/guidance.py
    FACSIGHT_DATA=path/to/data python benchmarks/guidance.py --recipe recipes/guided/ferplus.toml --shares 1

Every run is `facsight train` with the recipe (by default recipes/guided/ferplus_small.toml; the second line
is that of the shipped reader, at its whole budget) and seed, data.fraction and method.guidance changed; runs
that are done are not repeated, an interrupted one goes on. With a share p of the faces the epochs are
the recipe's divided by sqrt(p), rounded: few faces are looked at more often.
"""

import argparse
import itertools
import statistics
from pathlib import Path

from facsight.experiment import score, train
from facsight.recipe import read_recipe
from facsight.training.run_folder import METRICS, read_json
from record import record

SMALL = Path(__file__).parent.parent / "recipes" / "guided" / "ferplus_small.toml"
SHARES = (0.05, 0.25, 1.0)
WEIGHTS = {"unguided": 0.0, "guided": 2.0}


def run_one(recipe: Path, folder: Path, fraction: float, guidance: float, seed: int) -> dict[str, float]:
    """Train and score one combination, and return its scores by flat names."""
    epochs = round(read_recipe(recipe).sections["training"]["epochs"] / fraction**0.5)
    changes = [
        f"seed={seed}",
        f"data.fraction={fraction}",
        f"training.epochs={epochs}",
        f"method.guidance={guidance}",
    ]
    if not (folder / METRICS).is_file():
        train(read_recipe(recipe, changes), folder)
        score(folder)
    scores = read_json(folder / METRICS)
    flat = {name: entry["value"] for name, entry in scores["classification"].items()}
    for source, row in scores["evidence"].items():
        flat |= {f"{source}.{name}": value for name, value in row.items() if value is not None}
    return flat


def summary(runs: list[dict[str, float]]) -> dict[str, dict[str, float]]:
    """Mean and standard deviation over seeds."""
    return {
        name: {
            "mean": round(statistics.mean(run[name] for run in runs), 4),
            "sd": round(statistics.stdev(run[name] for run in runs), 4) if len(runs) > 1 else 0.0,
        }
        for name in runs[0]
    }


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--runs", type=Path, default=Path("runs/guidance"))
    options.add_argument("--recipe", type=Path, default=SMALL)
    options.add_argument("--shares", type=float, nargs="+", default=SHARES)
    options.add_argument("--seeds", type=int, default=3)
    chosen = options.parse_args()
    results, file = {}, "guidance" if chosen.recipe == SMALL else f"guidance-{chosen.recipe.stem}"
    for fraction, (name, guidance) in itertools.product(chosen.shares, WEIGHTS.items()):
        runs = []
        for seed in range(chosen.seeds):
            folder = chosen.runs / f"{name}-{fraction}-{seed}"
            runs.append(run_one(chosen.recipe, folder, fraction, guidance, seed))
            print(folder.name, {key: round(runs[-1][key], 4) for key in ("accuracy", "macro_f1")}, flush=True)
        results.setdefault(str(fraction), {})[name] = summary(runs)
        record(file, {"recipe": chosen.recipe.stem, "seeds": chosen.seeds, "by_share_of_faces": results})


if __name__ == "__main__":
    main()
