"""A causal model of `transformers` on this machine, held to the labels by their own probabilities."""

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from facsight.core.errors import BadRecipe, UnknownName
from facsight.core.installed import published_folder
from facsight.language.model import Chat, Reply
from facsight.nn.release import loading


class LocalModel:
    r"""Answers with the label that the model finds most probable as the whole of its reply.

    .. math:: \log p(\text{label} \mid \text{chat}) = \sum_t \log p(w_t \mid \text{chat}, w_{<t})

    over the tokens of the label and the end of the reply, where the model has a token for it; shares are
    these probabilities divided by their sum over the labels, which is what decoding that may write nothing
    but a label draws from. Nothing is drawn here: the same chat has the same answer. Costs a reading of the
    chat for each label.

    `path` is a local folder, a name of a hub, or `@package/folder`, with safetensors; `precision` a type of
    torch. `longest` is how many tokens of a chat are read: a longer one is refused, never cut.
    """

    def __init__(self, path: str, *, precision: str = "float32", batch: int = 4, longest: int = 4096):
        self.tokenizer, self.network = _opened(path, precision)
        self.name, self.batch, self.longest = f"{path} in {precision}", batch, longest

    @torch.inference_mode()
    def answer(self, chats: Sequence[Chat], labels: Sequence[str]) -> list[Reply]:
        """The reply to each chat; `BadRecipe` for a chat longer than `longest`."""
        end = [] if self.tokenizer.eos_token_id is None else [self.tokenizer.eos_token_id]
        ways = [
            self.tokenizer(label, add_special_tokens=False)["input_ids"] + end
            for label in self._spelt(labels)
        ]
        read = [self._numbers(chat) for chat in chats]
        scores = torch.tensor([[self._log_share(own, way) for way in ways] for own in read])
        return [
            Reply(
                labels[int(row.argmax())],
                labels[int(row.argmax())],
                tuple(row.softmax(dim=0).tolist()),
                read=len(own),
                written=0,
            )
            for own, row in zip(read, scores, strict=True)
        ]

    def _spelt(self, labels: Sequence[str]) -> list[str]:
        """Labels as they go on after a chat; without a chat form a blank comes first."""
        return list(labels) if self.tokenizer.chat_template else [f" {label}" for label in labels]

    def _numbers(self, chat: Chat) -> list[int]:
        if self.tokenizer.chat_template:
            text = self.tokenizer.apply_chat_template(list(chat), add_generation_prompt=True, tokenize=False)
            numbers = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        else:
            text = "\n".join(message["content"] for message in chat)
            numbers = self.tokenizer(text, add_special_tokens=False)["input_ids"]
            begin = self.tokenizer.bos_token_id
            numbers = numbers if begin is None else [begin, *numbers]
        if len(numbers) > self.longest:
            raise BadRecipe(
                f"a chat has {len(numbers)} tokens, at most {self.longest} are read: shorten the texts "
                "(facsight textualize --tokens), or raise the limit"
            )
        return numbers

    def _log_share(self, chat: list[int], way: list[int]) -> float:
        numbers = torch.tensor([chat + way], device=self.network.device)
        logits: Float[Tensor, "token word"] = self.network(input_ids=numbers).logits[0].float()
        steps = logits[len(chat) - 1 : -1].log_softmax(dim=1)
        return float(steps.gather(1, numbers[0, len(chat) :, None]).sum())


def _opened(path: str, precision: str) -> tuple[Any, Any]:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    options = loading(precision)
    try:
        folder = published_folder(path)
        tokenizer = AutoTokenizer.from_pretrained(folder)
        network = AutoModelForCausalLM.from_pretrained(folder, use_safetensors=True, **options)
    except (OSError, ValueError, KeyError) as error:
        raise UnknownName(f"no causal language model could be loaded from {path!r}: {error}") from error
    return tokenizer, network.eval()
