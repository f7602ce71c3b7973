"""Faces by YuNet, a small detector that OpenCV runs from an `.onnx` file.

Wu, Peng and Yu 2023, "YuNet: A tiny millisecond-level face detector", Machine Intelligence Research 20.

It gives boxes and five points, and sees small and turned faces well. The 68 points, the mesh and the pose
come from MediaPipe's mesh where its models are installed. Where they are not, a face has its box, the tip of
the nose and the corners of the mouth (points 30, 48 and 54); the other points are NaN.
"""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from facsight.core.errors import MissingData
from facsight.faces.mediapipe_mesh import AttentionMesh
from facsight.faces.quiet import without_chatter
from facsight.faces.requirements import missing_library
from facsight.faces.search import Detection, Sight
from facsight.faces.staged import StagedFinder

LEAST_SCORE, SAME_FACE_OVERLAP, MOST_FACES = 0.3, 0.3, 5000
#: The input size that a model of any size is loaded with; it is set anew for each picture.
_SOME_SIZE = 320
_HOW_TO_GET = "facsight.hub.fetch('yunet') downloads one and returns its path"


def yunet_finder(model: Path, *, min_confidence: float = 0.5) -> StagedFinder:
    """A finder with a YuNet model. `MissingData` where the file is none."""
    detector = YuNet(model)
    try:
        mesher = AttentionMesh()
    except MissingData:
        return StagedFinder(detector, None, min_confidence=min_confidence)
    return StagedFinder(detector, mesher, min_confidence=min_confidence, release=(mesher.close,))


class YuNet:
    """A `Detector`, for pictures of any size. Its points hardly follow a face turned by a quarter."""

    sight = Sight(clear=0.925, small=0.06, bonus=0.02, turns=(1, 2, 3), levels=1)

    def __init__(self, model: Path):
        if not model.is_file():
            raise MissingData(f"expected a YuNet model at {model}, found no file; {_HOW_TO_GET}")
        try:
            import cv2
        except ImportError as error:
            raise missing_library("cv2", error) from error
        weights = np.frombuffer(_with_fixed_size(model.read_bytes()), np.uint8)
        size, no_config = (_SOME_SIZE, _SOME_SIZE), np.zeros(0, np.uint8)
        try:
            with without_chatter():
                self._net: Any = cv2.FaceDetectorYN.create(
                    "onnx", weights, no_config, size, LEAST_SCORE, SAME_FACE_OVERLAP, MOST_FACES
                )
        except cv2.error as error:
            raise MissingData(
                f"expected a YuNet model, found something that OpenCV cannot load in {model}; {_HOW_TO_GET}"
            ) from error

    def __call__(self, picture: UInt8[np.ndarray, "height width 3"]) -> list[Detection]:
        height, width = picture.shape[:2]
        self._net.setInputSize((width, height))
        _, rows = self._net.detect(np.ascontiguousarray(picture[..., ::-1]))  # it was trained on BGR
        return [_detection(row) for row in ([] if rows is None else rows)]


def _detection(row: np.ndarray) -> Detection:
    """A row of 15 numbers: corner, width, height, five points, score."""
    corner, size = row[:2], row[2:4]
    box = np.concatenate([corner, corner + size]).astype(np.float64)
    return Detection(box, min(1.0, float(row[14])), row[4:14].reshape(5, 2).astype(np.float64))


def _with_fixed_size(model: bytes) -> bytes:
    """The model with numbers in place of the names of its input sizes.

    OpenCV 4 cannot load YuNet exported for any size (opencv/opencv_zoo issue 44), though once loaded it runs
    it at any size. In the file a named size is a protobuf field 2 (text), a number is field 1 (varint);
    varints may be padded with zeros, so one takes the place of the other byte for byte.
    """
    for name, value in ((b"batch", 1), (b"height", _SOME_SIZE), (b"width", _SOME_SIZE)):
        length = len(name) + 1
        named = bytes([0x0A, len(name) + 2, 0x12, len(name)]) + name
        digits = [value >> 7 * place & 127 | 128 * (place < length - 1) for place in range(length)]
        model = model.replace(named, bytes([0x0A, len(name) + 2, 0x08, *digits]))
    return model
