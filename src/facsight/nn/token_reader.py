"""Numbers of tokens into a language model, its last states out; shared by the encoders of texts."""

from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from facsight.core.errors import BadRecipe, BadTable


def words_of(network: Any, shape: tuple[int, ...]) -> int:
    """How many words a model knows; `BadRecipe` where it reads none, or a step is not a row of tokens."""
    if len(shape) != 1:
        raise BadRecipe(f"an encoder of texts expects steps of (token,), found {shape}")
    settings = network.config
    if not hasattr(settings, "vocab_size") or hasattr(settings, "conv_stride"):
        raise BadRecipe(
            f"a {settings.model_type} does not read words; take one such as bert, roberta or llama"
        )
    return int(settings.vocab_size)


def token_states(
    network: nn.Module, tokens: Float[Tensor, "n token"], words: int
) -> tuple[Float[Tensor, "n used hidden"], Bool[Tensor, "n used"]]:
    """The last hidden states of texts, and where there is a token; what is empty in all texts is not run.

    `tokens` are numbers plus 1, 0 where there is none; each text has one at least. `BadTable` for a number
    that the model does not know.
    """
    length = int((tokens > 0).any(dim=0).nonzero().max()) + 1
    there = tokens[:, :length] > 0
    numbers = (tokens[:, :length].round().long() - 1).clamp(min=0)
    if int(numbers.max()) >= words:
        raise BadTable(
            f"expected tokens from 1 to {words}, found {int(numbers.max()) + 1}: numbers of another "
            "tokeniser?"
        )
    states = network(input_ids=numbers, attention_mask=there.long()).last_hidden_state
    return states, there


def mean_state(
    states: Float[Tensor, "n token hidden"], there: Bool[Tensor, "n token"]
) -> Float[Tensor, "n hidden"]:
    """The mean of the states of a text's tokens."""
    return torch.where(there.unsqueeze(-1), states, 0.0).sum(dim=1) / there.sum(dim=1, keepdim=True)


def last_state(
    states: Float[Tensor, "n token hidden"], there: Bool[Tensor, "n token"]
) -> Float[Tensor, "n hidden"]:
    """The state of a text's last token, which in a causal model has seen all others."""
    place = there.long() * torch.arange(there.shape[1], device=there.device)
    return states[torch.arange(len(states), device=states.device), place.argmax(dim=1)]
