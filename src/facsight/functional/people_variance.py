"""How much of what features do is the person's, learnt from differences between pairs of rows."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

#: Kinds of pairs, by all that two rows share: each adds one source of difference to the one before.
PAIRS = ("clip", "label", "person", "nothing")


def pair_differences(
    rows: Float[Tensor, "n channel"],
    label: Int[Tensor, "n"],
    person: Int[Tensor, "n"],
    clip: Int[Tensor, "n"],
) -> tuple[Float[Tensor, "4 channel"], Float[Tensor, "4"]]:
    r"""Sums of half the squared difference of each kind of pair, and how many pairs there are.

    Kinds (`PAIRS`) are: of the same clip; of one person and label in two clips; of one person with two
    labels; of two people. Half the squared difference of two rows with independent deviations of variance
    v has the mean v (the semivariance of Matheron 1963), so that means of the sums are, in this order, the
    variance within a clip, plus that between clips, plus that of how people differ in one label more than
    in another, plus that between people. Rows must be free of what labels do to everyone (`label` means
    taken out). A row that was drawn twice is no pair.
    """
    same = [given[:, None] == given for given in (clip, label, person)]
    clips = same[0] & same[2]
    kinds = torch.stack([clips, same[1] & same[2] & ~clips, same[2] & ~same[1] & ~clips, ~same[2]]).triu(
        diagonal=1
    )
    weights = (kinds & ~(rows[:, None] == rows).all(dim=2)).to(rows.dtype)
    # sum over pairs (a, b) of (r_a - r_b)^2 / 2 = sum_a degree_a r_a^2 / 2 - sum_ab w_ab r_a r_b
    degree = weights.sum(dim=1) + weights.sum(dim=2)
    squares = degree @ rows.square() / 2
    products = ((weights @ rows) * rows).sum(dim=1)
    return (squares - products).clamp(min=0), weights.sum(dim=(1, 2))
