"""Draws faces whose truth is known, and saves them on two sheets.

    python examples/drawn_faces.py [FOLDER]

`action_units.png`: the same face at rest, then with each action unit alone. `faces.png`: forty faces as a
training set has them, each under its expression, person and action units.
"""

import argparse
from pathlib import Path

import torch
from PIL import Image, ImageDraw

from facsight.data.drawn import ACTION_UNITS, as_bytes, draw_faces, paint, studio

COLUMNS, SIDE, CAPTION = 10, 144, 26


def sheet(images: torch.Tensor, captions: list[str]) -> Image.Image:
    """The pictures in rows of ten, each under its caption of up to two lines."""
    rows = -(-len(images) // COLUMNS)
    page = Image.new("L", (COLUMNS * SIDE, rows * (SIDE + CAPTION)), 255)
    draw = ImageDraw.Draw(page)
    for i, (image, caption) in enumerate(zip(images[:, 0].numpy(), captions, strict=True)):
        x, y = (i % COLUMNS) * SIDE, (i // COLUMNS) * (SIDE + CAPTION)
        draw.text((x + 3, y), caption, fill=0)
        page.paste(Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.NEAREST), (x, y + CAPTION))
    return page


def every_action_unit() -> Image.Image:
    shown: list[dict[int, float]] = [{}, *({unit: 1.0} for unit in ACTION_UNITS)]
    pictures = torch.cat([paint(studio(action_units=units), size=SIDE)[0] for units in shown])
    return sheet(as_bytes(pictures), ["at rest", *(f"AU{unit}" for unit in ACTION_UNITS)])


def training_faces() -> Image.Image:
    drawn = draw_faces(40, generator=torch.Generator().manual_seed(0), size=48)
    captions = []
    for row in range(len(drawn)):
        name = drawn.faces.space.classes[int(drawn.faces.label[row])]
        units = [str(unit) for unit, i in zip(ACTION_UNITS, drawn.intensities[row], strict=True) if i > 0.3]
        captions.append(f"{name}, person {int(drawn.identity[row])}\nAU {'+'.join(units) or 'none'}")
    return sheet(drawn.faces.images, captions)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path("out"))
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in (("action_units", every_action_unit()), ("faces", training_faces())):
        page.save(folder / f"{name}.png")
        print(f"wrote {folder / name}.png")


if __name__ == "__main__":
    main()
