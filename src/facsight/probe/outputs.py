"""Class scores out of whatever a network returns."""

from typing import Any

from torch import Tensor

from facsight.core.errors import BadLabels, did_you_mean
from facsight.probe.layers import parts

#: The names under which networks return class scores, the likeliest first.
USUAL_NAMES = ("logits", "scores", "expression")


def class_scores(output: Any, head: str | int | None = None) -> Tensor:
    """The scores `(batch, class)` in an output: a tensor, or one inside a tuple, mapping or dataclass.

    `head` names or numbers the one that is meant where there are several; `BadLabels` lists them otherwise.
    One score a face becomes one class.
    """
    if isinstance(output, Tensor):
        return _as_scores(output, "the output")
    heads = {name: value for name, value in parts(output).items() if isinstance(value, Tensor)}
    if head is not None:
        if str(head) not in heads:
            raise BadLabels(f"the network has no output {head!r}: {did_you_mean(str(head), heads)}")
        return _as_scores(heads[str(head)], repr(head))
    for name in USUAL_NAMES:
        if name in heads:
            return _as_scores(heads[name], repr(name))
    likely = {name: value for name, value in heads.items() if value.ndim == 2}
    if len(likely) == 1:
        return next(iter(likely.values()))
    told = ", ".join(f"{name!r} {tuple(value.shape)}" for name, value in heads.items())
    if not told:
        raise BadLabels(f"expected class scores (batch, class), the network returns {type(output).__name__}")
    raise BadLabels(f"the network returns several outputs ({told}); say which holds the scores with head=")


def _as_scores(tensor: Tensor, name: str) -> Tensor:
    if tensor.ndim == 1:
        return tensor.unsqueeze(1)
    if tensor.ndim != 2:
        raise BadLabels(f"expected class scores (batch, class) in {name}, found {tuple(tensor.shape)}")
    return tensor
