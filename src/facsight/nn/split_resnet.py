"""A network for faces, cut before its head: the small residual network under average pooling.

Source   He et al., "Deep residual learning for image recognition", CVPR 2016, as in `nn.small_resnet`; Zhou
         et al., "Learning deep features for discriminative localization", CVPR 2016, as in `nn.heads.gap`
"""

from collections.abc import Sequence

from facsight.core.errors import BadPeople
from facsight.nn.split_network import SplitNetwork, split
from facsight.nn.weights import build_network


def split_resnet(
    shape: tuple[int, ...],
    *,
    classes: int,
    widths: Sequence[int] = (32, 64, 128),
    blocks: Sequence[int] = (1, 1, 1),
    stem: int = 16,
    dropout: float = 0.2,
) -> SplitNetwork:
    """A residual network for standardised grey faces (1, side, side), with random weights."""
    if len(shape) != 3 or shape[0] != 1:
        raise BadPeople(
            f"expected inputs that are standardised grey faces (1, side, side), found {shape}: rows of "
            "numbers take network.name=split_perceptron"
        )
    options = {"widths": tuple(widths), "blocks": tuple(blocks), "stem": stem}
    return split(build_network(classes, dropout=dropout, **options))
