"""Faces aligned by five points, as networks that recognise people want them."""

import numpy as np
import torch
from jaxtyping import Float32

from facsight.core.landmarks import LEFT_EYE, RIGHT_EYE
from facsight.faces.align import Alignment
from facsight.functional.geometry import fit_similarity

#: The side of ArcFace's pictures, and where in them it wants the centres of the eyes, the tip of the nose and
#: the corners of the mouth. These are the published places, which count from the first pixel's centre.
ARCFACE_SIDE = 112
ARCFACE_POINTS = (
    (38.2946, 51.6963),
    (73.5318, 51.5014),
    (56.0252, 71.7366),
    (41.5493, 92.3655),
    (70.7299, 92.2041),
)
_NOSE_AND_MOUTH = (30, 48, 54)


def align_five(landmarks: Float32[np.ndarray, "68 2"], side: int) -> Alignment:
    """The similarity that brings five points nearest to where ArcFace wants them; NaN where one lacks.

    An eye is the mean of its six points. In an `Alignment` the centre of the first pixel is 0.5.
    """
    eyes = [landmarks[list(eye)].mean(axis=0) for eye in (LEFT_EYE, RIGHT_EYE)]
    points = np.stack([*eyes, *landmarks[list(_NOSE_AND_MOUTH)]]).astype(np.float64)
    template = (np.array(ARCFACE_POINTS) + 0.5) * side / ARCFACE_SIDE
    matrix = fit_similarity(torch.from_numpy(points)[None], torch.from_numpy(template))[0].numpy()
    return Alignment(matrix, side)
