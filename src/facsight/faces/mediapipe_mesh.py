"""Faces by MediaPipe 0.10.21, whose wheel carries its models: nothing to download.

Two BlazeFace detectors look at once, one made for near faces and one for far ones (Bazarevsky et al. 2019,
"BlazeFace", arXiv:1907.05047); the attention mesh gives 478 points (Grishchenko et al. 2020, "Attention
mesh", arXiv:2006.10962). MediaPipe's own FaceMesh runs the near detector alone and returns no confidence;
its parts are put together anew here, at the same cost for the near detector.

MediaPipe's coordinates have their origin in the *centre* of the first pixel; half a pixel is added here.
"""

from typing import Any

import numpy as np
from jaxtyping import Float32, UInt8

from facsight.core.errors import MissingData
from facsight.faces.quiet import without_chatter
from facsight.faces.requirements import import_lean, missing_library
from facsight.faces.search import Detection, Sight
from facsight.faces.staged import Mesh, Place, StagedFinder

#: Detections below this are not worth a second look. (Whether they are kept is for the finder's caller.)
LEAST_SCORE = 0.3

_DETECTORS = """
input_stream: "IMAGE:image"
output_stream: "near"
output_stream: "far"
node {
  calculator: "FaceDetectionShortRangeCpu"
  input_stream: "IMAGE:image"
  output_stream: "DETECTIONS:near"
}
node {
  calculator: "FaceDetectionFullRangeCpu"
  input_stream: "IMAGE:image"
  output_stream: "DETECTIONS:far"
}
"""
_MESH = """
input_stream: "IMAGE:image"
input_stream: "ROI:place"
input_side_packet: "WITH_ATTENTION:with_attention"
output_stream: "LANDMARKS:landmarks"
node {
  calculator: "FaceLandmarkCpu"
  input_stream: "IMAGE:image"
  input_stream: "ROI:place"
  input_side_packet: "WITH_ATTENTION:with_attention"
  output_stream: "LANDMARKS:landmarks"
}
num_threads: 1
"""
_PRESENCE = "facelandmarkcpu__face_presence_score"

#: A landmark of x, y and z in protobuf's bytes: a tag before each number, and the length before the first.
_LANDMARK = np.dtype(
    [("x_tag", "S3"), ("x", "<f4"), ("y_tag", "S1"), ("y", "<f4"), ("z_tag", "S1"), ("z", "<f4")]
)
_TAGS = {"x_tag": b"\x0a\x0f\x0d", "y_tag": b"\x15", "z_tag": b"\x1d"}


def mediapipe_mesh_finder(*, min_confidence: float = 0.5) -> StagedFinder:
    """A finder with the models inside MediaPipe's wheel. `MissingData` where this MediaPipe has none."""
    detectors, mesher = BlazeFaces(), AttentionMesh()
    return StagedFinder(
        detectors, mesher, min_confidence=min_confidence, release=(detectors.close, mesher.close)
    )


class BlazeFaces:
    """A `Detector`: the near and the far BlazeFace in one graph, so that they can run side by side."""

    sight = Sight(clear=0.85, small=0.09, bonus=0.08, turns=(2,), levels=1)

    def __init__(self):
        option = (
            "facedetection{0}rangecpu__facedetection{0}range__facedetection__TensorsToDetectionsCalculator"
        )
        thresholds = {f"{option.format(name)}.min_score_thresh": LEAST_SCORE for name in ("short", "full")}
        with without_chatter():
            self._graph = _graph(_DETECTORS, outputs=["near", "far"], calculator_params=thresholds)
            self(np.zeros((192, 192, 3), np.uint8))

    def __call__(self, picture: UInt8[np.ndarray, "height width 3"]) -> list[Detection]:
        seen = self._graph.process({"image": picture})
        return [_detection(one, picture.shape) for one in [*(seen.near or ()), *(seen.far or ())]]

    def close(self) -> None:
        self._graph.close()


class AttentionMesh:
    """A `Mesher`: FaceMesh's second half, with the score that FaceMesh keeps to itself."""

    def __init__(self):
        # the caller judges the score: a second try from the first mesh often succeeds
        threshold = {"facelandmarkcpu__ThresholdingCalculator.threshold": 0.0}
        outputs, attention = ["landmarks", _PRESENCE], {"with_attention": True}
        with without_chatter():
            self._graph = _graph(_MESH, outputs=outputs, side_inputs=attention, calculator_params=threshold)
            self._rectangle = import_lean("mediapipe.framework.formats.rect_pb2").NormalizedRect
            self(np.zeros((192, 192, 3), np.uint8), Place((96.0, 96.0), 192.0, 0.0))

    def __call__(self, picture: UInt8[np.ndarray, "height width 3"], place: Place) -> Mesh | None:
        height, width = picture.shape[:2]
        rectangle = self._rectangle(
            x_center=place.centre[0] / width,
            y_center=place.centre[1] / height,
            width=place.side / width,
            height=place.side / height,
            rotation=place.roll,
        )
        seen = self._graph.process({"image": picture, "place": rectangle})
        if seen.landmarks is None:
            return None
        points = _in_pixels(coordinates(seen.landmarks), width, height)
        return Mesh(points, float(getattr(seen, _PRESENCE)))

    def close(self) -> None:
        self._graph.close()


def mesh_points(landmarks: Any, width: int, height: int) -> Float32[np.ndarray, "mesh 3"]:
    """MediaPipe's normalised landmarks in pixels, from the corner of the picture; depth in the scale of x."""
    shares = np.array([(point.x, point.y, point.z) for point in landmarks], np.float32)
    return _in_pixels(shares, width, height)


def _in_pixels(
    shares: Float32[np.ndarray, "mesh 3"], width: int, height: int
) -> Float32[np.ndarray, "mesh 3"]:
    return shares * np.array([width, height, width], np.float32) + np.array([0.5, 0.5, 0], np.float32)


def coordinates(landmarks: Any) -> Float32[np.ndarray, "mesh 3"]:
    """x, y and z of each landmark of a list, read from its bytes: asking each one takes ten times as long."""
    message = landmarks.SerializeToString()
    if len(message) == len(landmarks.landmark) * _LANDMARK.itemsize:
        rows = np.frombuffer(message, _LANDMARK)
        if all((rows[tag] == expected).all() for tag, expected in _TAGS.items()):
            return np.stack([rows["x"], rows["y"], rows["z"]], axis=1).astype(np.float32, copy=False)
    return np.array([(point.x, point.y, point.z) for point in landmarks.landmark], np.float32)


def _graph(description: str, **options: Any) -> Any:
    try:
        config = import_lean("mediapipe.framework.calculator_pb2").CalculatorGraphConfig
        solution = import_lean("mediapipe.python.solution_base").SolutionBase
    except ImportError as error:
        raise _no_models(error) from error
    from google.protobuf import text_format

    return solution(graph_config=text_format.Parse(description, config()), **options)


def _no_models(error: ImportError) -> MissingData:
    """MediaPipe is missing, or is one of those whose wheel carries no models."""
    if (error.name or "").startswith("mediapipe."):
        return MissingData(
            "expected MediaPipe 0.10.21, whose wheel carries its models, found one without them. "
            "Use open_finder('mediapipe_task', model=...) with a face_landmarker.task file, which "
            "facsight.hub.face_finder() fetches; or, on Python 3.11 and 3.12: pip install mediapipe==0.10.21"
        )
    return missing_library("mediapipe", error)


def _detection(one: Any, shape: tuple[int, ...]) -> Detection:
    size = np.array([shape[1], shape[0]], np.float64)
    box, points = one.location_data.relative_bounding_box, one.location_data.relative_keypoints
    corners = np.array([(box.xmin, box.ymin), (box.xmin + box.width, box.ymin + box.height)]) * size
    eyes = np.array([(points[eye].x, points[eye].y) for eye in (0, 1)]) * size
    return Detection(corners.ravel() + 0.5, min(1.0, one.score[0]), eyes + 0.5)
