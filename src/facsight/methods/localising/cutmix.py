"""CutMix: a patch of another face, and its share of that face's label.

Paper    Yun, Han, Oh, Chun, Choe and Yoo, "CutMix: regularization strategy to train strong classifiers with
         localizable features", ICCV 2019, https://arxiv.org/abs/1905.04899
Needs    labelled faces, two or more in a batch
Learns   cross_entropy(prediction of the mixed face, labels mixed by area) (eq. 1 and 2); with guidance,
         attention is aligned with a mixed AU map (facs/guide.py): the partner's inside the patch, the face's
         own outside
Differs  a face or partner without a valid map (neutral, no landmarks) takes only its own part out of the
         comparison: the other part is compared still, if it holds a good part of an action unit. With
         guidance on class maps, the class shown is the partner's inside the patch
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from facsight.core.batch import Faces, LabelledFaces
from facsight.core.errors import BadRecipe
from facsight.core.method import FaceMethod
from facsight.core.prediction import Prediction
from facsight.core.terms import Terms
from facsight.facs.guide import Guide
from facsight.nn.classifier import Classifier

#: The compared places must hold this share of the maps' highest value: faint tails point nowhere.
ENOUGH = 0.5


class CutMix(FaceMethod):
    """Cross entropy on faces with a patch of another.

    A step mixes with chance `probability`, one place for the whole batch; the area left to the own face is
    drawn from Beta(`concentration`, `concentration`) (alpha; 1: evenly).
    """

    def __init__(
        self,
        network: Classifier,
        guide: Guide,
        *,
        probability: float = 0.5,
        concentration: float = 1.0,
    ):
        super().__init__()
        if not 0 <= probability <= 1 or not concentration > 0:
            raise BadRecipe(
                "cutmix needs a probability from 0 to 1 and a concentration above 0, found "
                f"probability={probability}, concentration={concentration}"
            )
        if guide.contrast:
            raise BadRecipe("contrast compares with one class a face, cutmix shows two: set contrast = 0")
        self.network, self.guide = network, guide
        self.probability, self.concentration = probability, concentration

    def objective(self, batch: LabelledFaces, progress: float) -> Terms:
        # torch's own random state: the training loop seeds it anew in every step
        patch = self._draw_patch(batch.faces.pixels.shape[-2:]).to(batch.faces.pixels.device)
        partner = torch.randperm(len(batch)).to(patch.device)
        pixels = torch.where(patch, batch.faces.pixels[partner], batch.faces.pixels)
        said = self.network(pixels)
        share = patch.float().mean()
        mixed = torch.lerp(batch.expression, batch.expression[partner], share)
        terms = Terms(expression=F.cross_entropy(said.logits, mixed))
        if self.guide.weight:
            terms["guidance"] = self.guide.weight * self.misalignment(said, batch, partner, patch)
        return terms

    def misalignment(
        self,
        said: Prediction,
        batch: LabelledFaces,
        partner: Int[Tensor, "batch"],
        patch: Bool[Tensor, "height width"],
    ) -> Float[Tensor, ""]:
        """How far what the network shows is from the mixed AU maps, over the places that have one."""
        guide, label = self.guide, batch.label
        with torch.autocast(said.attention.device.type, enabled=False):
            size = said.attention.shape[-2:]
            inside = cells_inside(patch, (size[0], size[1]))
            cues, places, valid = mix_maps(*guide.cues(batch, size), partner, inside)
            shown = (guide.shown(said.attention, said.class_maps, about) for about in (label, label[partner]))
            gaps = [
                guide.misalignment(torch.where(inside, theirs, own), cues, valid, places)
                for own, theirs in zip(*shown, strict=True)
            ]
            return torch.stack(gaps).mean()

    def predict(self, faces: Faces) -> Prediction:
        return self.network(faces.pixels)

    def _draw_patch(self, size: torch.Size) -> Bool[Tensor, "height width"]:
        if torch.rand(()) >= self.probability:
            return torch.zeros(size, dtype=torch.bool)
        own_share = torch.distributions.Beta(self.concentration, self.concentration).sample()
        return patch_at(torch.rand(2), 1 - own_share, (size[0], size[1]))


def patch_at(
    centre: Float[Tensor, "2"], share: Float[Tensor, ""], size: tuple[int, int]
) -> Bool[Tensor, "height width"]:
    """A rectangle of this share of the picture around `centre` (down, across, in [0, 1]); cut at the border.

    >>> patch_at(torch.tensor([0.0, 0.5]), torch.tensor(0.25), (4, 4)).int()
    tensor([[0, 1, 1, 0],
            [0, 0, 0, 0],
            [0, 0, 0, 0],
            [0, 0, 0, 0]], dtype=torch.int32)
    """
    rows, columns = (
        ((torch.arange(n) + 0.5) / n - middle).abs() < share.sqrt() / 2
        for n, middle in zip(size, centre, strict=True)
    )
    return rows[:, None] & columns


def cells_inside(patch: Bool[Tensor, "height width"], size: tuple[int, int]) -> Bool[Tensor, "h w"]:
    """The cells of a coarser map whose centres lie inside the patch."""
    return F.interpolate(patch[None, None].float(), size=size, mode="nearest-exact")[0, 0] > 0.5


def mix_maps(
    cues: Float[Tensor, "batch h w"],
    valid: Bool[Tensor, "batch"],
    partner: Int[Tensor, "batch"],
    inside: Bool[Tensor, "h w"],
) -> tuple[Float[Tensor, "batch h w"], Bool[Tensor, "batch h w"], Bool[Tensor, "batch"]]:
    """Each face's map with its partner's inside the patch, its valid places, and whether they are enough.

    They are if the mixed map reaches half of the highest value of both whole maps there.
    """
    places = torch.where(inside, valid[partner, None, None], valid[:, None, None])
    mixed = torch.where(inside, cues[partner], cues)
    highest = torch.where(valid, cues.amax(dim=(1, 2)), 0.0)
    held = torch.where(places, mixed, 0.0).amax(dim=(1, 2))
    return mixed, places, (held > 0) & (held >= ENOUGH * torch.maximum(highest, highest[partner]))
