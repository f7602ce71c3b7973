"""The canonical face that MediaPipe's mesh is defined on, read out of the model bundle."""

import zipfile
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(scope="session")
def canonical_mesh(shared_data: Path) -> np.ndarray:
    """(468, 3) in centimetres: x to the picture's right, y up, z to the viewer; exactly mirror-symmetric."""
    metadata = pytest.importorskip("mediapipe.modules.face_geometry.protos.geometry_pipeline_metadata_pb2")
    geometry = metadata.GeometryPipelineMetadata()
    with zipfile.ZipFile(shared_data / "models/face_landmarker.task") as bundle:
        geometry.ParseFromString(bundle.read("geometry_pipeline_metadata_landmarks.binarypb"))
    return np.array(geometry.canonical_mesh.vertex_buffer).reshape(468, 5)[:, :3]
