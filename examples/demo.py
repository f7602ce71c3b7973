"""Reads a real portrait without a download, and writes a page about it.

The photo comes with scikit-image (`pip install 'facsight[demo]'`): NASA's portrait of the astronaut Eileen
Collins, in the public domain. Run from anywhere: `python examples/demo.py [FOLDER]`.
"""

import sys
from pathlib import Path

from PIL import Image
from skimage.data import astronaut

from facsight.cli.app import run


def main(folder: Path) -> None:
    """Save the portrait, and read it as `facsight analyze` would."""
    folder.mkdir(parents=True, exist_ok=True)
    photo = folder / "astronaut.png"
    Image.fromarray(astronaut()).save(photo)
    run(["analyze", str(photo), "--out", str(folder)])


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "demo-out"))
