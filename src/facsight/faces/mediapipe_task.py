"""Faces by a MediaPipe FaceLandmarker bundle (`face_landmarker.task`): 478 points and 52 blendshapes.

Works with every MediaPipe that has `mediapipe.tasks`, also those whose wheel carries no models (1.x). The
bundle is a zip archive; its near-range BlazeFace is run on its own too, for the confidence that the
landmarker does not return and for `facsight.faces.search`. There is no far-range detector in it: small faces
are found in parts of the photo.

The blendshapes are those of the model card "MediaPipe Blendshape V2"; `tongueOut` is not among them, and
several (cheekPuff, noseSneer) hardly ever move: they are a model's output, not coded action units.
"""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from facsight.core.errors import MissingData
from facsight.faces.mediapipe_mesh import LEAST_SCORE, mesh_points
from facsight.faces.quiet import without_chatter
from facsight.faces.requirements import import_lean, missing_library
from facsight.faces.search import Detection, Sight
from facsight.faces.staged import Mesh, Place, StagedFinder

_DETECTOR = "face_detector.tflite"


def mediapipe_task_finder(model: Path, *, min_confidence: float = 0.5) -> StagedFinder:
    """A finder with a FaceLandmarker bundle. `MissingData` where the file is none."""
    detector_model = _read_detector(model)
    detector, landmarker = BundleDetector(detector_model), BundleLandmarker(model.read_bytes())
    return StagedFinder(
        detector, landmarker, min_confidence=min_confidence, release=(detector.close, landmarker.close)
    )


class BundleDetector:
    """A `Detector`: the bundle's near-range BlazeFace."""

    sight = Sight(clear=0.85, small=0.16, bonus=0.08, turns=(2,), levels=2)

    def __init__(self, model: bytes):
        with without_chatter():
            vision, base = _tasks()
            options = vision.FaceDetectorOptions(
                base_options=base(model_asset_buffer=model), min_detection_confidence=LEAST_SCORE
            )
            self._task = vision.FaceDetector.create_from_options(options)
            self(np.zeros((192, 192, 3), np.uint8))

    def __call__(self, picture: UInt8[np.ndarray, "height width 3"]) -> list[Detection]:
        return [_detection(one, picture.shape) for one in self._task.detect(_image(picture)).detections]

    def close(self) -> None:
        self._task.close()


class BundleLandmarker:
    """A `Mesher`: the whole landmarker on a picture of one face, which it detects again.

    Of several faces in the picture it takes the one nearest the place. Its presence is 1: the landmarker
    keeps its score to itself and returns nothing below 0.5.
    """

    def __init__(self, model: bytes):
        with without_chatter():
            vision, base = _tasks()
            options = vision.FaceLandmarkerOptions(
                base_options=base(model_asset_buffer=model),
                output_face_blendshapes=True,
                num_faces=3,
                min_face_detection_confidence=LEAST_SCORE,
            )
            self._task = vision.FaceLandmarker.create_from_options(options)
            self(np.zeros((192, 192, 3), np.uint8), Place((96.0, 96.0), 192.0, 0.0))

    def __call__(self, picture: UInt8[np.ndarray, "height width 3"], place: Place) -> Mesh | None:
        seen = self._task.detect(_image(picture))
        height, width = picture.shape[:2]
        meshes = [mesh_points(face, width, height) for face in seen.face_landmarks]
        if not meshes:
            return None
        distances = [np.linalg.norm(mesh[:, :2].mean(axis=0) - place.centre) for mesh in meshes]
        nearest = int(np.argmin(distances))
        shapes = {shape.category_name: float(shape.score) for shape in seen.face_blendshapes[nearest]}
        return Mesh(meshes[nearest], 1.0, shapes)

    def close(self) -> None:
        self._task.close()


def _read_detector(model: Path) -> bytes:
    if not model.is_file():
        raise MissingData(
            f"expected a FaceLandmarker bundle at {model}, found no file; "
            "facsight.hub.fetch('face_landmarker') downloads one and returns its path"
        )
    try:
        with zipfile.ZipFile(model) as bundle:
            return bundle.read(_DETECTOR)
    except (zipfile.BadZipFile, KeyError) as error:
        raise MissingData(
            f"expected a FaceLandmarker bundle (a zip archive with {_DETECTOR}), found something else in "
            f"{model}; facsight.hub.fetch('face_landmarker') downloads one and returns its path"
        ) from error


def _tasks() -> tuple[Any, Any]:
    """MediaPipe's vision tasks and its `BaseOptions`."""
    try:
        tasks = import_lean("mediapipe.tasks.python")
    except ImportError as error:
        raise missing_library("mediapipe", error) from error
    return tasks.vision, tasks.BaseOptions


def _image(picture: np.ndarray) -> Any:
    from mediapipe import Image, ImageFormat

    return Image(image_format=ImageFormat.SRGB, data=picture)


def _detection(one: Any, shape: tuple[int, ...]) -> Detection:
    box, (height, width) = one.bounding_box, shape[:2]
    corners = (box.origin_x, box.origin_y, box.origin_x + box.width, box.origin_y + box.height)
    eyes = [(point.x * width, point.y * height) for point in one.keypoints[:2]]
    return Detection(
        np.array(corners, np.float64) + 0.5, min(1.0, one.categories[0].score), np.array(eyes) + 0.5
    )
