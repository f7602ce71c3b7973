"""VGG on patches of a log-mel spectrum, a step by itself.

Paper    Hershey et al., "CNN architectures for large-scale audio classification", ICASSP 2017,
         https://arxiv.org/abs/1609.09430
Needs    a patch of a log-mel spectrum a step, (frame, band); the paper's are 96 frames of 64 bands, 0.96 s
Learns   everything, from scratch: the published weights are not loaded
Differs  `width` scales all layers (the paper's network is width 64 and size 128); the last maps are averaged
         over time to 6 columns at most, so that any number of frames will do; no PCA, no quantisation
"""

import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from facsight.core.errors import BadRecipe
from facsight.nn.masked import where_known

#: Halvings of time and bands in the network, and the most columns of its last maps: 96 frames give 6.
HALVINGS, COLUMNS = 4, 6


class VGGish(nn.Module):
    """Six 3 x 3 convolutions in four stages of 1 to 8 times `width`, then two layers of 64 times it."""

    def __init__(self, shape: tuple[int, ...], *, size: int = 128, width: int = 16):
        super().__init__()
        least = 2**HALVINGS
        if len(shape) != 2 or min(shape) < least:
            raise BadRecipe(
                f"vggish expects steps of at least {least} frames and {least} bands, found {shape}: give the "
                "modality more `frames`, or take log_mel_cnn"
            )
        self.size = size
        layers: list[nn.Module] = []
        inputs = 1
        for stage, depth in enumerate((1, 1, 2, 2)):
            for _ in range(depth):
                layers += [nn.Conv2d(inputs, width * 2**stage, 3, padding=1), nn.ReLU()]
                inputs = width * 2**stage
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.columns = min(COLUMNS, shape[0] // least)
        flat = self.columns * (shape[1] // least) * inputs
        self.read = nn.Sequential(
            nn.Linear(flat, 64 * width),
            nn.ReLU(),
            nn.Linear(64 * width, 64 * width),
            nn.ReLU(),
            nn.Linear(64 * width, size),
        )

    def forward(
        self, stream: Float[Tensor, "batch step frame band"], known: Bool[Tensor, "batch step"]
    ) -> Float[Tensor, "batch step encoded"]:
        return where_known(self._patches, stream, known, self.size)

    def _patches(self, patches: Float[Tensor, "n frame band"]) -> Float[Tensor, "n encoded"]:
        maps = self.features(patches.unsqueeze(1))
        return self.read(F.adaptive_avg_pool2d(maps, (self.columns, maps.shape[3])).flatten(1))
