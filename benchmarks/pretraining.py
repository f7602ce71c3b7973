"""What a masked autoencoder on FER+ faces is worth, with few labels and with all, against from scratch.

    FACSIGHT_DATA=path/to/data python benchmarks/pretraining.py [--runs runs/pretraining]

One masked autoencoder sees all training faces and no label. Then, with 5 % and with all of the labels, three
seeds each, the same network is trained from its backbone and from random weights, for as many epochs and with
the same options. Faces of 32 x 32 pixels and a small network, so that it ends in about two hours on one core.
Runs that are done are not repeated; an interrupted one goes on.
"""

import argparse
import itertools
from pathlib import Path

from facsight.experiment import score, train
from facsight.recipe import read_recipe
from facsight.training.run_folder import METRICS, WEIGHTS, read_json
from guidance import summary
from record import record

RECIPES = Path(__file__).parent.parent / "recipes" / "pretraining"
#: The network, in all runs.
SMALL = ["crop.size=32", "network.side=32", "network.width=96", "network.depth=4", 'training.precision="no"']
PRETRAINING, EPOCHS = 8, {0.05: 30, 1.0: 3}


def pretrained(folder: Path) -> Path:
    if not (folder / WEIGHTS).is_file():
        changes = [*SMALL, f"training.epochs={PRETRAINING}"]
        train(read_recipe(RECIPES / "masked_autoencoder.toml", changes), folder)
    return folder


def fine_tuned(folder: Path, fraction: float, seed: int, start: Path | None) -> dict[str, float]:
    """Accuracy and macro F1 on the validation faces."""
    changes = [*SMALL, f"seed={seed}", f"data.fraction={fraction}", f"training.epochs={EPOCHS[fraction]}"]
    changes += [f'network.start="{start.as_posix()}"'] if start else []
    if not (folder / METRICS).is_file():
        train(read_recipe(RECIPES / "fine_tuning.toml", changes), folder)
        score(folder)
    scores = read_json(folder / METRICS)["classification"]
    return {name: scores[name]["value"] for name in ("accuracy", "macro_f1")}


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--runs", type=Path, default=Path("runs/pretraining"))
    options.add_argument("--seeds", type=int, default=3)
    chosen = options.parse_args()
    start = pretrained(chosen.runs / "masked_autoencoder")
    results: dict[str, dict[str, object]] = {}
    for fraction, (name, given) in itertools.product(EPOCHS, (("from scratch", None), ("pretrained", start))):
        runs = []
        for seed in range(chosen.seeds):
            folder = chosen.runs / f"{name.replace(' ', '-')}-{fraction}-{seed}"
            runs.append(fine_tuned(folder, fraction, seed, given))
            print(folder.name, runs[-1], flush=True)
        results.setdefault(str(fraction), {})[name] = {"epochs": EPOCHS[fraction], **summary(runs)}
        record("pretraining", {"seeds": chosen.seeds, "pretraining_epochs": PRETRAINING, "by_share": results})


if __name__ == "__main__":
    main()
