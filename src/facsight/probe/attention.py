"""What each block of a transformer attends to, whatever it is written with."""

from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor
from torch.overrides import TorchFunctionMode

from facsight.core.errors import UnknownName
from facsight.probe.layers import token_grid
from facsight.probe.outputs import class_scores
from facsight.probe.probe import Probe, at_least_single

SOFTMAXES = (F.softmax, torch.softmax, torch.Tensor.softmax, torch.special.softmax)


@dataclass(frozen=True)
class AttentionRecording:
    """What a transformer said of some pictures, and the attention of its blocks, in the order they ran in.

    `weights[k][b, h, i, j]` is how much token i takes from token j in head h: each row sums to one. The last
    tokens are the patches of the picture, `grid` (height, width) of them, row by row.
    """

    scores: Float[Tensor, "batch class"]
    weights: tuple[Float[Tensor, "batch head token token"], ...]
    kept: tuple[Tensor, ...]
    grid: tuple[int, int]

    def gradients(self, about: Int[Tensor, "batch"]) -> tuple[Float[Tensor, "batch head token token"], ...]:
        """How the score of each picture's class changes with each weight; zero where it does not."""
        chosen = self.scores.gather(1, about.unsqueeze(1)).sum()
        found = torch.autograd.grad(
            chosen, self.kept, retain_graph=True, allow_unused=True, materialize_grads=True
        )
        return tuple(g.float().view_as(w) for g, w in zip(found, self.weights, strict=True))

    def over_patches(self, mixed: Float[Tensor, "batch token token"]) -> Float[Tensor, "batch height width"]:
        """What the class token takes from each patch, as maps; the mean over all tokens where there is none.

        The class token is the first of those that stand before the patches.
        """
        height, width = self.grid
        extra = mixed.shape[2] - height * width
        taken = mixed[:, 0] if extra else mixed.mean(dim=1)
        return taken[:, extra:].unflatten(1, self.grid)


def record_attention(
    probe: Probe, pixels: Float[Tensor, "batch _ height width"], *, gradients: bool = False
) -> AttentionRecording:
    """Run the network once and keep the attention between tokens of every block; nothing stays behind in it.

    Seen are `scaled_dot_product_attention`, `nn.MultiheadAttention`, and softmaxes that give square weights
    (attention spelt out). Attention between other things than all tokens of a picture, such as pooling
    queries, is passed by. With `gradients`, the recording can tell how the scores depend on the weights.
    `UnknownName` for a network without attention, with attention in windows, or among tokens that are not
    the same throughout or no grid.
    """
    listener = _Listener(gradients)
    with torch.set_grad_enabled(gradients), listener:
        scores = at_least_single(class_scores(probe.network(pixels), probe.head))
    name = type(probe.network).__name__
    kept = tuple(listener.kept)
    if not kept:
        raise UnknownName(
            f"expected attention between tokens, found none in {name}: choose an explainer for any network "
            "(gradcam, layercam, integrated_gradients, occlusion, rise); a transformer that computes its "
            'attention in a fused kernel shows it with attn_implementation="sdpa" or "eager"'
        )
    weights = tuple(_by_head(one.detach(), len(pixels), name) for one in kept)
    tokens = {one.shape[-1] for one in weights}
    grid = token_grid(weights[-1].shape[-1], (pixels.shape[-2], pixels.shape[-1]))
    if len(tokens) > 1 or grid is None:
        raise UnknownName(
            f"expected the same tokens, patches of the {pixels.shape[-2]} x {pixels.shape[-1]} picture, in "
            f"every block of {name}, found {sorted(tokens)} tokens: choose gradcam or layercam instead"
        )
    return AttentionRecording(scores, weights, kept, grid)


def _by_head(weights: Tensor, batch: int, name: str) -> Tensor:
    """`(batch, head, token, token)`, also of `nn.MultiheadAttention`, which stacks heads along the batch."""
    windows = weights.shape[0] != batch if weights.ndim == 4 else weights.shape[0] % batch
    if windows or weights.ndim not in (3, 4):
        raise UnknownName(
            f"expected attention among all tokens of a picture, found attention in windows in {name} "
            f"({weights.shape[0]} for {batch} pictures): choose gradcam or layercam instead"
        )
    return weights.float().reshape(batch, -1, *weights.shape[-2:])


class _Listener(TorchFunctionMode):
    """Sees every call of a torch function while it is entered, and keeps the attention among them."""

    def __init__(self, gradients: bool):
        super().__init__()
        self.gradients = gradients
        self.kept: list[Tensor] = []

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        options = kwargs or {}
        if func is F.scaled_dot_product_attention:
            return self._attend(*args, **options)
        if func is F.multi_head_attention_forward:
            with self:  # listen to what it is made of, which a mode is not asked about by itself
                return _unasking(func)(*args, **options)
        result = func(*args, **options)
        if func in SOFTMAXES and _is_square(result) and _along_last(result, *args[1:], **options):
            return self._keep(result)
        return result

    def _keep(self, weights: Tensor) -> Tensor:
        if self.gradients and not weights.requires_grad:
            weights = weights.detach().requires_grad_()
        self.kept.append(weights)
        return weights

    def _attend(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: Tensor | None = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        scale: float | None = None,
        enable_gqa: bool = False,
    ) -> Tensor:
        """`softmax(scale * q k' + mask) v`, as `scaled_dot_product_attention` documents it, step by step."""
        if enable_gqa:
            key, value = (
                one.repeat_interleave(query.shape[-3] // one.shape[-3], dim=-3) for one in (key, value)
            )
        closeness = (query @ key.transpose(-2, -1)) * (query.shape[-1] ** -0.5 if scale is None else scale)
        if is_causal:
            attn_mask = torch.ones(closeness.shape[-2:], dtype=torch.bool, device=query.device).tril()
        weights = _softmax(closeness, attn_mask)
        if _is_square(weights):
            weights = self._keep(weights)
        return F.dropout(weights, dropout_p) @ value


def _softmax(closeness: Tensor, mask: Tensor | None) -> Tensor:
    """Zero, not NaN, in the rows of tokens that may see nothing, as torch has it."""
    if mask is None:
        return closeness.softmax(dim=-1)
    closed = closeness.masked_fill(~mask, -torch.inf) if mask.dtype == torch.bool else closeness + mask
    blind = (closed == -torch.inf).all(dim=-1, keepdim=True)
    return closed.masked_fill(blind, 0).softmax(dim=-1).masked_fill(blind, 0)


def _is_square(weights: Tensor) -> bool:
    return weights.ndim >= 3 and weights.shape[-1] == weights.shape[-2] > 1


def _along_last(result: Tensor, dim: int | None = None, *_: Any, **_options: Any) -> bool:
    return dim in (-1, result.ndim - 1)


def _unasking(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, except that it does its work itself instead of asking the mode to."""
    assert isinstance(function, FunctionType)
    names = {**function.__globals__, "has_torch_function": lambda _tensors: False}
    copy = FunctionType(
        function.__code__, names, function.__name__, function.__defaults__, function.__closure__
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy
