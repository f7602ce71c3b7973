"""Class activation maps: which places of the face spoke for a class.

Paper    Zhou, Khosla, Lapedriza, Oliva and Torralba, "Learning deep features for discriminative
         localization", CVPR 2016, https://arxiv.org/abs/1512.04150
Needs    a `Prediction` with class maps, or any network that averages maps over places and then applies one
         linear layer (eq. 2); that it does is checked on the faces themselves
Shows    relu(M_c): places that spoke for class c, in logits; places that spoke against it are 0
Differs  the paper enlarges M_c to the picture and keeps negative values until it is drawn; here negative
         places are cut off, and enlarging is left to whoever draws
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from facsight.core.errors import BadLabels, UnknownName
from facsight.core.prediction import Prediction
from facsight.probe.probe import Probe, Recording

#: How far mean(maps) W + b may be from the scores, as a share of the largest: the rounding of half precision.
ROUNDING = {torch.bfloat16: 2e-2, torch.float16: 3e-3, torch.float32: 1e-4, torch.float64: 1e-8}


def class_activation(
    prediction: Prediction, classes: Int[Tensor, "batch"] | None = None
) -> Float[Tensor, "batch height width"]:
    r"""The class map of one class per face, without what spoke against it.

    .. math:: \max\Big(0, \sum_d w_{cd} f_d(x, y)\Big)

    with `f` the last features and `w` the linear head. `classes` defaults to the predicted ones. The map
    says where the *evidence for this class* lies; before the cut its mean over places, plus the class's
    bias, is the class's logit.
    """
    chosen = prediction.label if classes is None else classes
    count = prediction.class_maps.shape[1]
    if len(chosen) and not 0 <= int(chosen.min()) <= int(chosen.max()) < count:
        raise BadLabels(
            f"expected class numbers from 0 to {count - 1}, one per face, found {chosen.tolist()}"
        )
    rows = chosen.view(-1, 1, 1, 1).expand(-1, 1, *prediction.class_maps.shape[-2:])
    return prediction.class_maps.gather(1, rows).squeeze(1).relu()


def class_activation_map(
    probe: Probe, pixels: Float[Tensor, "batch _ _ _"], about: Int[Tensor, "batch"]
) -> Float[Tensor, "batch height width"]:
    r"""Class maps of the class `about` each face, in any network that ends with pooling and a linear layer.

    .. math:: \max\Big(0, \sum_d w_{cd} f_d(p)\Big), \qquad y_c = b_c + \frac1Z \sum_{p,d} w_{cd} f_d(p)

    The second equation is checked on the given faces. `UnknownName` where it does not hold, which says what
    to use instead.
    """
    seen = probe.record(pixels)
    weight = _head(probe, seen).weight.detach().to(seen.maps[0].dtype)
    return torch.einsum("bd,bdhw->bhw", weight[about], seen.maps[0]).relu()


def _head(probe: Probe, seen: Recording) -> nn.Linear:
    """The last linear layer that gives the scores when it is applied to the maps' mean."""
    pooled = seen.maps[0].mean(dim=(2, 3))
    heads = [part for part in probe.network.modules() if isinstance(part, nn.Linear)]
    for head in reversed(heads if len(seen.maps) == 1 else []):
        fits = head.weight.shape == (seen.scores.shape[1], pooled.shape[1])
        if fits and _gives(head, pooled, seen.scores.detach()):
            return head
    layers = ", ".join(repr(name) for name, _ in probe.layers)
    raise UnknownName(
        f"class activation maps need one layer whose mean over places goes through one linear layer to the "
        f"scores, which {layers} of {type(probe.network).__name__} is not: use layercam or gradcam, or name "
        "the layer that is averaged"
    )


def _gives(head: nn.Linear, pooled: Tensor, scores: Tensor) -> bool:
    told = pooled @ head.weight.detach().to(pooled.dtype).T
    if head.bias is not None:
        told = told + head.bias.detach()
    known = scores.isfinite().all(dim=1)
    largest = scores[known].abs().amax().clamp(min=1) if known.any() else 1.0
    return bool(((told - scores)[known].abs() <= ROUNDING[head.weight.dtype] * largest).all())
