"""ACoL: a second classifier learns from what the first leaves over, so that evidence is not one spot only.

Paper    Zhang, Wei, Feng, Yang and Huang, "Adversarial complementary learning for weakly supervised object
         localization", CVPR 2018, https://arxiv.org/abs/1804.06962
Needs    labelled faces; a network with `head = "two_branches"` (nn/heads/two_branches.py)
Learns   cross_entropy(first branch, label) + cross_entropy(second branch, label), the second reading features
         that are erased where the first branch's map of the label is high (algorithm 1); with guidance, the
         shared features' attention is aligned with the label's AU map (facs/guide.py)
Differs  labels may be annotators' votes: the class with most is what is erased. At prediction nobody knows
         the label: the first branch's choice is erased for all classes, and the logits are the first branch's
"""

from typing import cast

import torch.nn.functional as F

from facsight.core.batch import Faces, LabelledFaces
from facsight.core.errors import BadRecipe
from facsight.core.method import FaceMethod
from facsight.core.prediction import Prediction
from facsight.core.terms import Terms
from facsight.facs.guide import Guide
from facsight.nn.classifier import Classifier
from facsight.nn.heads.two_branches import TwoBranches


class ComplementaryLearning(FaceMethod):
    """Cross entropy of two branches, of which the second sees what the first did not use."""

    def __init__(self, network: Classifier, guide: Guide):
        super().__init__()
        if not isinstance(network.head, TwoBranches):
            raise BadRecipe(
                f"acol trains a network of two branches, found {type(network.head).__name__}; set "
                'network.head = "two_branches"'
            )
        self.network, self.guide = network, guide

    def objective(self, batch: LabelledFaces, progress: float) -> Terms:
        head = cast(TwoBranches, self.network.head)
        features = self.network.features(batch.faces.pixels)
        branches = head.branches(features, batch.label)
        said = head.joined(features, branches)
        terms = Terms(
            expression=F.cross_entropy(said.logits, batch.expression),
            complement=F.cross_entropy(branches.second.mean(dim=(2, 3)), batch.expression),
        )
        terms.update(self.guide(said.attention, said.class_maps, batch))
        return terms

    def predict(self, faces: Faces) -> Prediction:
        return self.network(faces.pixels)
