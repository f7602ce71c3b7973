"""What can be asked: something that answers chats with one of some labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

#: The messages of a chat.
Chat = Sequence[dict[str, str]]


@dataclass(frozen=True)
class Reply:
    """What a model said to a chat.

    `label` is None where the reply is none of the labels; `said` is the reply in its own words. `shares` are
    the probabilities of the labels, in their order, None where the model does not tell. `read` and `written`
    count tokens, as far as they are known.
    """

    label: str | None
    said: str
    shares: tuple[float, ...] | None = None
    read: int = 0
    written: int = 0


@runtime_checkable
class LanguageModel(Protocol):
    """`name` tells the model and all that changes its answers; `batch` chats are answered at once."""

    name: str
    batch: int

    def answer(self, chats: Sequence[Chat], labels: Sequence[str]) -> list[Reply]: ...
