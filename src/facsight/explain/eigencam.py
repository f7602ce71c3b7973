"""Eigen-CAM: the one map that tells most of a layer, whatever the class.

Paper    Muhammad and Yeasin, "Eigen-CAM: class activation map using principal components", IJCNN 2020,
         https://arxiv.org/abs/2008.00299
Needs    a layer with maps over places; no gradients, and no class: `about` changes nothing
Shows    the places projected on the first right singular vector of the (place, channel) matrix
Differs  a singular vector has no sign of its own, and the paper gives none: here the map rises with the
         mean size of the features over places. Nothing is cut off. As in the paper the channels are not
         centred, though principal components are; `centred` takes off each channel's mean over places, as
         some implementations do
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from facsight.functional.maps import fuse
from facsight.probe.probe import Probe


def eigen_cam(
    probe: Probe, pixels: Float[Tensor, "batch _ _ _"], about: Int[Tensor, "batch"], *, centred: bool = False
) -> Float[Tensor, "batch height width"]:
    r"""Eigen-CAM maps, the same for every class.

    .. math:: F v_1 = \sigma_1 u_1, \qquad F = U \Sigma V^\top \text{ of shape (place, channel)}

    with the sign for which :math:`\sum_p (F v_1)(p) \sum_d |f_d(p)| \ge 0`: never negative for maps after a
    ReLU. Needs the network only once.
    """
    return fuse([_first_component(maps, centred) for maps in probe.record(pixels).maps])


def _first_component(maps: Tensor, centred: bool) -> Tensor:
    # not finite: such a face tells nothing, and must not fail the others
    features = maps.double().nan_to_num(nan=0.0, posinf=0.0, neginf=0.0).flatten(2)
    size = features.abs().sum(dim=1)
    if centred:
        features = features - features.mean(dim=2, keepdim=True)
    places = _projection(features)
    sign = torch.where((places * size).sum(dim=1, keepdim=True) < 0, -1.0, 1.0)
    return (sign * places).unflatten(1, maps.shape[2:]).to(maps.dtype)


def _projection(features: Float[Tensor, "batch channel place"]) -> Float[Tensor, "batch place"]:
    """Places on the first singular vector, by the smaller of the two Gram matrices."""
    channels, places = features.shape[1:]
    if channels <= places:
        gram = features @ features.transpose(1, 2)
        first = torch.linalg.eigh(gram).eigenvectors[:, :, -1:]
        return (features.transpose(1, 2) @ first).squeeze(2)
    values, vectors = torch.linalg.eigh(features.transpose(1, 2) @ features)
    return values[:, -1:].clamp(min=0).sqrt() * vectors[:, :, -1]
