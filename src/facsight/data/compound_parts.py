"""Compound labels as what they are made of: a face of two basic expressions, half of each.

A network that learns so has a class for each basic expression and says how much of each; which compound
that is, `facs.compound.pair_scores` decides, of any list of pairs, those without a training face, too.
"""

from dataclasses import replace

import torch

from facsight.core.labels import FERPLUS, LabelSpace
from facsight.data.face_set import FaceSet
from facsight.facs.compound import shares_of_parts


def in_parts(faces: FaceSet, space: LabelSpace = FERPLUS) -> FaceSet:
    """The same faces with labels of basic expressions; `BadLabels` for labels that are no compounds, or whose
    parts `space` does not have."""
    shares = torch.from_numpy(shares_of_parts(faces.space.classes, space.classes)).to(faces.expression)
    return replace(faces, space=space, expression=faces.expression @ shares)
