"""What the training loop draws its batches from."""

from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Int
from torch import Tensor


@runtime_checkable
class Examples(Protocol):
    """A training set: so many examples, and the batch of any of them, augmented with a generator's numbers.

    A batch has `to(device)` and is what the method's `objective` takes. `kind` is the word for an example in
    messages: "face", "window".
    """

    kind: str

    def __len__(self) -> int: ...

    def __call__(self, rows: Int[Tensor, "batch"], generator: torch.Generator, /) -> Any: ...

    def labels(self) -> Int[Tensor, "n"] | Bool[Tensor, "n group"] | None:
        """By what examples are balanced: the class of each, or the groups that it is in; None for neither."""
        ...
