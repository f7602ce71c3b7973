"""A frontal face at rest, on which published figures and anatomy are checked."""

import pytest
import torch
from torch import Tensor

from facsight.core.landmarks import LEFT_EYE, RIGHT_EYE, RIGID, RIGID_TEMPLATE
from facsight.functional.geometry import apply, fit_similarity

#: Mean 68 points of 74 neutral studio portraits (MediaPipe's mesh by facsight's index map), made symmetric,
#: in inter-ocular distances from between the eyes. Portraits: DeBruine & Jones 2017, CC BY 4.0.
FRONTAL_FACE = (
    # jaw
    (-1.108, 0.093),
    (-1.097, 0.324),
    (-1.076, 0.557),
    (-1.035, 0.807),
    (-0.963, 1.064),
    (-0.754, 1.411),
    (-0.613, 1.539),
    (-0.355, 1.698),
    (0.000, 1.764),
    (0.355, 1.698),
    (0.613, 1.539),
    (0.754, 1.411),
    (0.963, 1.064),
    (1.035, 0.807),
    (1.076, 0.557),
    (1.097, 0.324),
    (1.108, 0.093),
    # brows
    (-0.902, -0.235),
    (-0.807, -0.329),
    (-0.655, -0.379),
    (-0.457, -0.370),
    (-0.231, -0.340),
    (0.231, -0.340),
    (0.457, -0.370),
    (0.655, -0.379),
    (0.807, -0.329),
    (0.902, -0.235),
    # nose
    (0.000, -0.073),
    (0.000, 0.152),
    (0.000, 0.257),
    (0.000, 0.506),
    (-0.257, 0.643),
    (-0.145, 0.669),
    (0.000, 0.687),
    (0.145, 0.669),
    (0.257, 0.643),
    # eyes
    (-0.698, -0.002),
    (-0.602, -0.066),
    (-0.439, -0.079),
    (-0.264, 0.027),
    (-0.419, 0.059),
    (-0.578, 0.061),
    (0.264, 0.027),
    (0.439, -0.079),
    (0.602, -0.066),
    (0.698, -0.002),
    (0.578, 0.061),
    (0.419, 0.059),
    # lips
    (-0.381, 1.068),
    (-0.222, 0.963),
    (-0.112, 0.927),
    (0.000, 0.948),
    (0.112, 0.927),
    (0.222, 0.963),
    (0.381, 1.068),
    (0.212, 1.170),
    (0.113, 1.196),
    (0.000, 1.203),
    (-0.113, 1.196),
    (-0.212, 1.170),
    (-0.346, 1.064),
    (-0.090, 1.042),
    (0.000, 1.046),
    (0.090, 1.042),
    (0.346, 1.064),
    (0.090, 1.046),
    (0.000, 1.049),
    (-0.090, 1.046),
)

#: Eye centres, nose tip and mouth corners in a picture of 224 pixels: ArcFace's template of 112, doubled.
ARCFACE_224 = (
    (76.5892, 103.3926),
    (147.0636, 103.0028),
    (112.0504, 143.4732),
    (83.0986, 184.731),
    (141.4598, 184.4082),
)


@pytest.fixture
def frontal() -> Tensor:
    """In inter-ocular distances; the origin lies between the eyes."""
    return torch.tensor(FRONTAL_FACE, dtype=torch.float64)


@pytest.fixture
def crop48(frontal: Tensor) -> Tensor:
    """In an aligned crop of 48 pixels."""
    goal = torch.tensor(RIGID_TEMPLATE, dtype=torch.float64) * 48
    return apply(fit_similarity(frontal[None, list(RIGID)], goal), frontal[None])[0]


@pytest.fixture
def portrait224(frontal: Tensor) -> Tensor:
    """In a picture of 224 pixels, aligned as the reference paper aligns."""
    eyes = [frontal[list(eye)].mean(dim=0) for eye in (LEFT_EYE, RIGHT_EYE)]
    five = torch.stack([*eyes, frontal[30], frontal[48], frontal[54]])
    goal = torch.tensor(ARCFACE_224, dtype=torch.float64)
    return apply(fit_similarity(five[None], goal), frontal[None])[0]
