"""Labels that a network gives itself where two looks at an input make it sure."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

#: By how much numbers that are no picture are shaken, in deviations of their column.
SHAKEN = 0.1


def other_look(inputs: Float[Tensor, "n *shape"]) -> Float[Tensor, "n *shape"]:
    """Pictures mirrored; rows of numbers shaken a little, by torch's own random state."""
    if inputs.ndim > 2:
        return inputs.flip(-1)
    return inputs + SHAKEN * inputs.std(dim=0, correction=0) * torch.randn_like(inputs)


def sure_labels(
    logits: Float[Tensor, "n classes"], others: Float[Tensor, "n classes"], threshold: float
) -> tuple[Int[Tensor, "n"], Bool[Tensor, "n"]]:
    """The class of the surer of two looks, and whether the mean of both largest probabilities is above.

    Augmented confident pseudo-labels (Zeeshan et al., "Subject-based domain adaptation for facial expression
    recognition", FG 2024). The two looks may differ in the class; where both are as sure,
    the first counts.

    >>> one, other = torch.tensor([[0.9, 0.1], [0.6, 0.4]]), torch.tensor([[0.2, 0.8], [0.3, 0.7]])
    >>> sure_labels(one.log(), other.log(), 0.8)
    (tensor([0, 1]), tensor([ True, False]))
    """
    (sure, label), (other_sure, other_label) = (look.softmax(dim=1).max(dim=1) for look in (logits, others))
    surer = torch.where(other_sure > sure, other_label, label)
    return surer, (sure + other_sure) / 2 > threshold


def sure_cost(
    logits: Float[Tensor, "n classes"], label: Int[Tensor, "n"], sure: Bool[Tensor, "n"]
) -> Float[Tensor, ""]:
    """The mean cross entropy over the inputs that are sure; 0 where none is."""
    costs = torch.nn.functional.cross_entropy(logits, label, reduction="none")
    return torch.where(sure, costs, 0.0).sum() / sure.sum().clamp(min=1)
