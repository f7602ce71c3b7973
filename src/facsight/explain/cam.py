"""Class activation maps: which places of the face spoke for a class.

Paper    Zhou, Khosla, Lapedriza, Oliva and Torralba, "Learning deep features for discriminative
         localization", CVPR 2016, https://arxiv.org/abs/1512.04150
Needs    a `Prediction` whose class maps are the head's weights applied at every place (eq. 2)
Shows    relu(M_c): places that spoke for class c, in logits; places that spoke against it are 0
Differs  the paper enlarges M_c to the picture and keeps negative values until it is drawn; here negative
         places are cut off, and enlarging is left to whoever draws
"""

from jaxtyping import Float, Int
from torch import Tensor

from facsight.core.errors import BadLabels
from facsight.core.prediction import Prediction


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
