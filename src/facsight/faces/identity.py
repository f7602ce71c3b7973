"""Directions of faces that are alike for one person and unlike for two, from any back end.

They tell apart the people of one's own recordings. They are biometric data: whoever has one may find its
person in other pictures. Nothing in facsight writes one to a disk.
"""

from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32, Float64, UInt8

from facsight.core.errors import UnknownName
from facsight.faces.recogniser import Recogniser
from facsight.faces.texture import Texture


@runtime_checkable
class Embedder(Protocol):
    """What tells faces apart: `name` and `version` say which it is, two that say the same give the same.

    `least` is the cosine from which the faces of two tracks are taken for one person's; `numbers` is how many
    numbers a vector has.
    """

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def least(self) -> float: ...

    @property
    def numbers(self) -> int: ...

    def embed(
        self, picture: UInt8[np.ndarray, "height width 3"], landmarks: Float32[np.ndarray, "face 68 2"]
    ) -> Float64[np.ndarray, "face d"]:
        """A unit vector for each face of an RGB picture, NaN where it cannot be had."""
        ...


def open_embedder(name: str) -> Embedder:
    """`texture`, which needs nothing, or `onnx:PATH`, a face-recognition model that the user brings.

    `UnknownName` for any other; a model's errors say what is wrong with it (`faces.recogniser`).
    """
    if name == Texture.name:
        return Texture()
    kind, _, path = name.partition(":")
    if kind != "onnx" or not path:
        raise UnknownName(
            f"expected texture, or onnx:PATH with the path of a face-recognition model, found {name!r}"
        )
    return Recogniser(Path(path))
