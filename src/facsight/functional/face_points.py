"""The 68 points of faces without where a head is, how large it is seen and how far it is tilted."""

import torch
from jaxtyping import Float
from torch import Tensor

from facsight.core.landmarks import RIGID, RIGID_TEMPLATE
from facsight.functional.geometry import apply, fit_similarity

#: The outer corners of the eyes among the rigid points.
_CORNERS = (RIGID.index(36), RIGID.index(45))


def in_face_units(landmarks: Float[Tensor, "n 68 2"]) -> Float[Tensor, "n 68 2"]:
    r"""Points brought upright by eye corners and nose, which hardly move with expression.

    The similarity that brings the points `RIGID` nearest to `RIGID_TEMPLATE` (`fit_similarity`), then

    .. math:: q_i = (A p_i + t - o) / u

    with the origin :math:`o` midway between the outer corners of the template's eyes and the unit :math:`u`
    their distance. x to the right of the picture, y down. Blind to shift, scale and roll of the points;
    turned and nodding heads keep their shape. A missing point is NaN, and so is the whole face where a rigid
    one is missing or all of them coincide.
    """
    template = torch.tensor(RIGID_TEMPLATE, dtype=landmarks.dtype)
    corners = template[list(_CORNERS)]
    upright = apply(fit_similarity(landmarks[:, list(RIGID)], template), landmarks)
    return (upright - corners.mean(dim=0)) / (corners[1] - corners[0]).norm()
