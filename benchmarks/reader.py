"""The shipped reader on FER+ validation faces: accuracy, calibration, evidence beside floors.

FACSIGHT_DATA=path/to/data python benchmarks/reader.py [--split val]
"""

import argparse
import shutil
import tempfile
from pathlib import Path

from facsight.experiment import score
from facsight.hub import bundled_weights
from record import record

RECIPE = Path(__file__).parent.parent / "recipes" / "guided" / "ferplus.toml"


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--split", default="val", choices=["val", "test"])
    split = options.parse_args().split
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(shutil.copy(bundled_weights(), folder))
        scores = score(weights, split=split, recipe=RECIPE)
    print({name: round(entry["value"], 4) for name, entry in scores["classification"].items()})
    record(f"reader-{split}", scores)


if __name__ == "__main__":
    main()
