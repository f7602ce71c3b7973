"""ADL: now and then the most attended places are hidden in the middle of the network, else stressed.

Paper    Choe and Shim, "Attention-based dropout layer for weakly supervised object localization", CVPR 2019,
         https://arxiv.org/abs/1908.10028
Needs    labelled faces; a backbone with stages, such as small_resnet
Learns   cross_entropy(prediction, label) while each chosen stage's features are multiplied by a drop mask or
         by an importance map (section 3); with guidance, attention is aligned with the label's AU map
         (facs/guide.py). Nothing is dropped at prediction
Differs  guidance sees the last stage's attention before it is dropped: hidden places would contradict it
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from facsight.core.batch import Faces, LabelledFaces
from facsight.core.errors import BadRecipe
from facsight.core.method import FaceMethod
from facsight.core.prediction import Prediction
from facsight.core.terms import Terms
from facsight.facs.guide import Guide
from facsight.nn.classifier import Classifier


class AttentionDropout(FaceMethod):
    """Cross entropy under attention-based dropout.

    `stages` numbers the backbone's stages that are treated (0: the first); a step drops with the chance
    `drop_rate`, alike for the whole batch and anew for each stage, and stresses otherwise; a place is dropped
    whose attention exceeds the share `threshold` of the face's highest (gamma).
    """

    def __init__(
        self,
        network: Classifier,
        guide: Guide,
        *,
        stages: Sequence[int] = (1, 2),
        drop_rate: float = 0.75,
        threshold: float = 0.9,
    ):
        super().__init__()
        available = getattr(network.backbone, "stages", None)
        if not isinstance(available, nn.ModuleList) or not set(stages) <= set(range(len(available))):
            count = len(available) if isinstance(available, nn.ModuleList) else "no"
            raise BadRecipe(
                f"adl works on stages of the backbone; {type(network.backbone).__name__} has {count} stages, "
                f"counted from 0, asked for {list(stages)}"
            )
        if not 0 <= drop_rate <= 1 or not 0 < threshold < 1:
            raise BadRecipe(
                "adl needs a drop_rate from 0 to 1 and a threshold between 0 and 1, found "
                f"drop_rate={drop_rate}, threshold={threshold}"
            )
        last = len(available) - 1
        self.network, self.guide = network, guide
        self.inner, self.last = tuple(s for s in stages if s != last), last in stages
        self.drop_rate, self.threshold = drop_rate, threshold

    def objective(self, batch: LabelledFaces, progress: float) -> Terms:
        with self._dropping_inside():
            features = self.network.features(batch.faces.pixels)
        attention = features[-1].mean(dim=1)
        if self.last:
            features = [*features[:-1], self._treated(features[-1])]
        said = self.network.read(features)
        terms = Terms(expression=F.cross_entropy(said.logits, batch.expression))
        terms.update(self.guide(attention, said.class_maps, batch))
        return terms

    def predict(self, faces: Faces) -> Prediction:
        return self.network(faces.pixels)

    @contextmanager
    def _dropping_inside(self) -> Iterator[None]:
        def treat(_stage: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
            return self._treated(output)

        stages = self.network.backbone.get_submodule("stages")
        hooks = [stages.get_submodule(str(number)).register_forward_hook(treat) for number in self.inner]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def _treated(self, features: Tensor) -> Tensor:
        attention = features.mean(dim=1, keepdim=True)
        # torch's own random state: the training loop seeds it anew in every step
        dropping = torch.rand(()) < self.drop_rate
        return features * (drop_mask(attention, self.threshold) if dropping else attention.sigmoid())


def drop_mask(attention: Float[Tensor, "batch 1 h w"], threshold: float) -> Float[Tensor, "batch 1 h w"]:
    """0 where attention exceeds that share of its highest value on the face, 1 elsewhere.

    >>> drop_mask(torch.tensor([[[[1.0, 5.0, 10.0]]]]), 0.4)
    tensor([[[[1., 0., 0.]]]])
    """
    still = attention.detach()
    return (still <= threshold * still.amax(dim=(2, 3), keepdim=True)).to(attention)
