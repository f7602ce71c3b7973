"""Embeddings by a published face-recognition network, from an `.onnx` file that the user brings.

Such networks are trained so that pictures of one person point into one direction, and of two into two: Deng,
Guo, Xue and Zafeiriou 2019, "ArcFace: Additive angular margin loss for deep face recognition", CVPR. OpenCV,
which MediaPipe brings along, runs them.
"""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, UInt8

from facsight.core.errors import BadCheckpoint, MissingData
from facsight.faces.five_points import align_five
from facsight.faces.onnx_input import read_onnx_input
from facsight.faces.quiet import without_chatter
from facsight.faces.recogniser_card import colours_last, read_card
from facsight.faces.requirements import missing_library

#: Fewer numbers than this are no embedding, but a class or a score.
_LEAST_NUMBERS = 16


class Recogniser:
    """An `Embedder` made of an ONNX model that takes an aligned face and gives a row of 16 numbers or more.

    Faces go through it one by one, so that no face's numbers depend on another's. `MissingData` where there
    is no file, `BadCheckpoint` where it is no such model or gives what is not finite, `BadRecipe` for a card
    (`faces.recogniser_card`) that is none.
    """

    def __init__(self, model: Path):
        if not model.is_file():
            raise MissingData(f"expected a face-recognition model at {model}, found no file")
        content = model.read_bytes()
        self.name, self.version = f"onnx:{model.name}", hashlib.sha256(content).hexdigest()
        try:
            told = read_onnx_input(content)
            self._colours_last, self.card = colours_last(told), read_card(model, told)
            self._network = _loaded(content)
            with without_chatter():
                self.numbers = self._try_out()
        except BadCheckpoint as error:
            raise BadCheckpoint(f"{model} cannot tell faces apart: {error}") from error

    @property
    def least(self) -> float:
        return self.card.least

    def embed(
        self, picture: UInt8[np.ndarray, "height width 3"], landmarks: Float32[np.ndarray, "face 68 2"]
    ) -> Float64[np.ndarray, "face d"]:
        """A unit vector for each face of an RGB picture; NaN where a point that it is aligned by lacks.

        `BadCheckpoint` where the model gives numbers that are not finite.
        """
        found = np.full((len(landmarks), self.numbers), np.nan)
        for face, points in enumerate(landmarks):
            alignment = align_five(points, self.card.size)
            if np.isfinite(alignment.matrix).all():
                found[face] = self._direction(alignment.crop(picture))
        return found

    def _direction(self, crop: UInt8[np.ndarray, "side side 3"]) -> Float64[np.ndarray, "d"]:
        """What the network makes of an aligned picture, as a vector of length 1."""
        pixels = crop if self.card.channels == "rgb" else crop[..., ::-1]
        given = ((pixels.astype(np.float32) - self.card.mean) / self.card.scale)[None]
        told = self._run(given if self._colours_last else given.transpose(0, 3, 1, 2))
        length = float(np.linalg.norm(told))
        if not (np.isfinite(length) and length > 0):
            raise BadCheckpoint(
                f"{self.name} gave numbers that are not finite, or all zero; it may be damaged, or want "
                "other pixels than its card says"
            )
        return told / length

    def _run(self, given: Float32[np.ndarray, "1 a b c"]) -> Float64[np.ndarray, "d"]:
        try:
            self._network.setInput(np.ascontiguousarray(given))
            told = self._network.forward(self._network.getUnconnectedOutLayersNames())
        except _cv2().error as error:
            raise BadCheckpoint(
                f"it cannot be run on pictures of {self.card.size} pixels a side; its card can say another"
            ) from error
        rows = [out for out in map(np.asarray, told) if out.size == max(out.shape) >= _LEAST_NUMBERS]
        if len(rows) != 1:
            shapes = ", ".join(" x ".join(map(str, np.shape(out))) for out in told)
            raise BadCheckpoint(f"it gives {shapes}; expected one row of {_LEAST_NUMBERS} numbers or more")
        return rows[0].reshape(-1).astype(np.float64)

    def _try_out(self) -> int:
        """How many numbers come; noise, bright and dim, shows early whether they say anything."""
        shape = (self.card.size, self.card.size, 3)
        noise = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
        one, other = self._direction(noise), self._direction(noise // 2)
        if np.array_equal(one, other):
            raise BadCheckpoint("it gives the same numbers for any picture")
        return len(one)


def _loaded(content: bytes) -> Any:
    cv2 = _cv2()
    try:
        with without_chatter():
            return cv2.dnn.readNetFromONNX(np.frombuffer(content, np.uint8))
    except cv2.error as error:
        raise BadCheckpoint(
            f"OpenCV {cv2.__version__} cannot load it; expected one whole .onnx file, without weights in "
            "files beside it, of layers that OpenCV knows"
        ) from error


def _cv2() -> Any:
    try:
        import cv2
    except ImportError as error:
        raise missing_library("cv2", error) from error
    return cv2
