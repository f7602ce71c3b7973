"""Masked autoencoder: a network learns faces by drawing the patches that are hidden from it, without labels.

Paper    He et al., "Masked autoencoders are scalable vision learners", CVPR 2022, arXiv 2111.06377; regions
         of the face hidden whole: Cai et al., "MARLIN: masked autoencoder for facial video representation
         learning", CVPR 2023, arXiv 2211.06627
Needs    faces, and for hidden regions their 68 landmarks; the backbone small_deit. Labels are used by the
         probe only, which teaches the backbone nothing
Learns   the mean squared error of the hidden patches' pixels, each patch standardised; beside it the head,
         as a linear probe of the features of whole faces, so that its score tells during training what they
         are worth
Differs  a convolutional stem sees over the edge of a patch, so hidden pixels become 0 before it, and its
         batch normalisation keeps the statistics of whole faces only; "regions" hides half of the regions of
         each face whole and fills up with other patches, where MARLIN goes on until all but one are hidden;
         pictures; clips are `masked_clips`
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, cast

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from facsight.core.batch import Faces, LabelledFaces
from facsight.core.errors import BadRecipe
from facsight.core.method import FaceMethod
from facsight.core.prediction import Prediction
from facsight.core.terms import Terms
from facsight.functional.hiding import REGIONS, half_of, hide_any, patches_of_regions, standardised
from facsight.nn.classifier import Classifier
from facsight.nn.patch_decoder import PatchDecoder
from facsight.nn.small_deit import PATCH, SmallDeiT


class MaskedAutoencoder(FaceMethod):
    """`share` of the patches is hidden: at random, or "regions" of the face first.

    What it leaves is a classifier whose backbone another training starts from: `network.start`.
    """

    def __init__(
        self, network: Classifier, *, share: float = 0.75, hide: Literal["random", "regions"] = "random"
    ):
        super().__init__()
        if not isinstance(network.backbone, SmallDeiT):
            raise BadRecipe(
                "a masked autoencoder hides patches of a vision transformer: "
                f'set network.name = "small_deit", found {type(network.backbone).__name__}'
            )
        if not 0 < share < 1:
            raise BadRecipe(
                f"share is the part of the patches that is hidden, above 0 and below 1, found {share}"
            )
        self.network, self.share, self.hide = network, share, hide
        self.decoder = PatchDecoder(network.backbone.channels[-1], cells=self.backbone.cells, pixels=PATCH**2)

    @property
    def backbone(self) -> SmallDeiT:
        return cast(SmallDeiT, self.network.backbone)

    def objective(self, batch: LabelledFaces, progress: float) -> Terms:
        hidden = self.hidden(batch.faces).to(batch.faces.pixels.device)
        drawn = self.draw(batch.faces.pixels, hidden)
        wanted = standardised_patches(batch.faces.pixels)
        with torch.no_grad():
            features = self.network.features(batch.faces.pixels)
        logits = self.network.read([maps.detach() for maps in features]).logits
        return Terms(
            reconstruction=(drawn.float() - wanted).square().mean(dim=2)[hidden].mean(),
            expression=F.cross_entropy(logits, batch.expression),
        )

    def hidden(self, faces: Faces) -> Bool[Tensor, "batch patch"]:
        """Which patches of each face are hidden, at random; as many of each."""
        cells = self.backbone.cells
        first = None
        if self.hide == "regions":
            of_regions = patches_of_regions(faces.landmarks.cpu(), REGIONS, patch=PATCH, cells=cells)
            first = half_of(of_regions)
        return hide_any(len(faces), cells**2, self.share, first=first)

    def draw(
        self, pixels: Float[Tensor, "batch 1 side side"], hidden: Bool[Tensor, "batch patch"]
    ) -> Float[Tensor, "batch patch pixels"]:
        """Every patch, drawn from those that are not hidden."""
        grid = hidden.unflatten(1, (self.backbone.cells, self.backbone.cells)).unsqueeze(1)
        covered = grid.repeat_interleave(PATCH, dim=2).repeat_interleave(PATCH, dim=3)
        with _statistics_kept(self.backbone):
            patches = self.backbone.embed(pixels.masked_fill(covered, 0.0))
        seen = patches[~hidden].unflatten(0, (len(pixels), -1))
        tokens, _ = self.backbone.attend(seen)
        return self.decoder(self.backbone.norm(tokens[:, 1:]), hidden)

    def predict(self, faces: Faces) -> Prediction:
        """What the probe says."""
        return self.network(faces.pixels)


def standardised_patches(pixels: Float[Tensor, "batch 1 side side"]) -> Float[Tensor, "batch patch pixels"]:
    """The pixels of each patch, row by row, less their mean, in units of their deviation."""
    patches = F.unfold(pixels.float(), PATCH, stride=PATCH).transpose(1, 2)
    return standardised(patches)


@contextmanager
def _statistics_kept(network: nn.Module) -> Iterator[None]:
    """Batch normalisations use the batch's statistics here, and do not add them to those they keep."""
    norms = [part for part in network.modules() if isinstance(part, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
