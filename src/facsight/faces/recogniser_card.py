"""What a face-recognition network is given: as its `.onnx` file says, and a `.toml` file beside it."""

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from facsight.core.errors import BadCheckpoint, BadRecipe, did_you_mean
from facsight.faces.five_points import ARCFACE_SIDE
from facsight.faces.onnx_input import OnnxInput

#: Layers that bring pixels from 0 to 255 into a network's own range: found first, they make ours needless.
_NORMALISES = ("Sub", "Mul", "Div", "Add")


@dataclass(frozen=True)
class RecogniserCard:
    """Pictures of `size` pixels a side, `channels` in this order, each pixel p as (p - mean) / scale.

    `least` is the cosine from which two tracks are taken for one person's.
    """

    size: int = ARCFACE_SIDE
    channels: str = "rgb"
    mean: float = 127.5
    scale: float = 127.5
    least: float = 0.4

    def __post_init__(self):
        right = 16 <= self.size <= 1024 and self.channels in ("rgb", "bgr")
        if not (right and self.scale > 0 and -1 < self.least < 1):
            raise BadRecipe(
                "expected a size from 16 to 1024, channels rgb or bgr, a scale above 0 and least between -1 "
                f"and 1, found {self}"
            )


def read_card(model: Path, told: OnnxInput) -> RecogniserCard:
    """What the model says of its pictures, unless the file MODEL.toml beside it says otherwise.

    The model says how large they are, and whether it brings pixels into its own range itself. `BadRecipe`
    says what is wrong with the file.
    """
    side = told.shape[1] if colours_last(told) else told.shape[2]
    card = replace(RecogniserCard(), **({"size": side} if side else {}))
    if told.first in _NORMALISES:
        card = replace(card, mean=0.0, scale=1.0)
    path = model.with_suffix(".toml")
    if not path.is_file():
        return card
    try:
        return replace(card, **_said(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, BadRecipe) as error:
        raise BadRecipe(f"{path} is no card of a recogniser: {error}") from error


def _said(text: str) -> dict[str, Any]:
    said = tomllib.loads(text)
    usual = vars(RecogniserCard())
    for name, value in said.items():
        if name not in usual:
            raise BadRecipe(f"it has {name!r}; {did_you_mean(name, usual)}")
        if isinstance(usual[name], float) and type(value) is int:
            said[name] = float(value)
        elif type(value) is not type(usual[name]):
            raise BadRecipe(f"expected {name} like {usual[name]!r}, found {value!r}")
    return said


def colours_last(told: OnnxInput) -> bool:
    """Whether the three colours are the last axis. `BadCheckpoint` unless one square picture is wanted."""
    shape = told.shape
    if len(shape) == 4 and shape[0] in (1, None):
        for last, colours, sides in ((False, shape[1], shape[2:]), (True, shape[3], shape[1:3])):
            if colours == 3 and sides[0] == sides[1]:
                return last
    known = " x ".join("any" if length is None else str(length) for length in shape) or "no shape"
    raise BadCheckpoint(
        "expected a model that takes one square face in colour, 1 x 3 x side x side or 1 x side x side x 3, "
        f"found {known}"
    )
