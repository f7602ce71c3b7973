"""A language model as the encoder of texts, trained by low-rank changes of its linear layers.

Paper    Hu, Shen, Wallis, Allen-Zhu, Li, Wang, Wang and Chen, "LoRA: low-rank adaptation of large language
         models", ICLR 2022, https://arxiv.org/abs/2106.09685; rank-stabilised: Kalajdzievski,
         https://arxiv.org/abs/2312.03732. For expressions told in text: https://arxiv.org/abs/2407.12927
Needs    the numbers of a step's tokens plus 1, (token,), 0 where there is none; `pip install
         facsight[text]`; a folder or name of published weights, whose tokeniser made the numbers
Learns   two matrices of `rank` beside each linear layer of the model, their product scaled by
         sqrt(rank): the rank-stabilised alpha / sqrt(rank) with alpha = rank, as in 2407.12927
Differs  weights are loaded in `precision`: 2 bytes each in bfloat16 (8 billion: 16 GB), about half a byte
         in the linear layers in "nf4" (QLoRA, `nn.release`), without its second quantisation, of scales
"""

import copy
from collections.abc import Mapping
from typing import Any, Literal, cast

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from facsight.core.errors import BadCheckpoint, MissingData
from facsight.nn.masked import where_known
from facsight.nn.release import checksum, open_model
from facsight.nn.token_reader import last_state, mean_state, token_states, words_of


class LowRankText(nn.Module):
    """The last hidden state of a step's last token ("last", as causal models need), or their mean.

    Published weights (`pretrained`) are neither copied for averages nor written to a run's weights file,
    which holds what was learnt and a checksum of what it was learnt on: other weights are refused. Random
    ones (`kind` and `config`) are written whole.
    """

    scaled = False
    read_on: Tensor

    def __init__(
        self,
        shape: tuple[int, ...],
        *,
        pretrained: str | None = None,
        kind: str | None = None,
        config: Mapping[str, Any] | None = None,
        rank: int = 8,
        dropout: float = 0.05,
        pooling: Literal["last", "mean"] = "last",
        precision: Literal["float32", "bfloat16", "nf4"] = "float32",
    ):
        super().__init__()
        network: Any = open_model(pretrained, kind, config or {}, precision)
        self.words, self.size = words_of(network, shape), int(network.config.hidden_size)
        network.requires_grad_(False)
        mark = checksum(network) if pretrained else torch.zeros(4, dtype=torch.int64)
        self.register_buffer("read_on", mark)
        self.published = mark.tolist()
        self.network = _with_low_rank(network, rank, dropout)
        self.pooling = pooling
        if pretrained:
            self.register_state_dict_post_hook(_leave_out_published)
            self.register_load_state_dict_post_hook(_same_published)

    def __deepcopy__(self, memo: dict[int, Any]) -> "LowRankText":
        """A copy that shares the published weights."""
        memo.update({id(p): p for p in self.parameters() if not p.requires_grad})
        twin = type(self).__new__(type(self))
        memo[id(self)] = twin
        twin.__dict__.update(copy.deepcopy(self.__dict__, memo))
        return twin

    def forward(
        self, stream: Float[Tensor, "batch step token"], known: Bool[Tensor, "batch step"]
    ) -> Float[Tensor, "batch step encoded"]:
        return where_known(self._texts, stream, known & (stream > 0).any(dim=-1), self.size)

    def _texts(self, tokens: Float[Tensor, "n token"]) -> Float[Tensor, "n encoded"]:
        states, there = token_states(self.network, tokens, self.words)
        return (last_state if self.pooling == "last" else mean_state)(states.float(), there)


def _with_low_rank(network: nn.Module, rank: int, dropout: float) -> nn.Module:
    """The model with two trainable matrices beside each of its linear layers; the second ones start at 0."""
    try:
        from peft import LoraConfig, inject_adapter_in_model
    except ModuleNotFoundError as error:
        raise MissingData("low_rank_text needs peft: pip install 'facsight[text]'") from error
    layers = [name for name, part in network.named_modules() if isinstance(part, nn.Linear)]
    plan = LoraConfig(r=rank, lora_alpha=rank, lora_dropout=dropout, use_rslora=True, target_modules=layers)
    return cast(nn.Module, inject_adapter_in_model(plan, network))


def _leave_out_published(module: nn.Module, state: dict[str, Tensor], prefix: str, _: Any) -> None:
    """The weights, and what four-bit ones keep beside them under their names."""
    published = tuple(prefix + name for name, one in module.named_parameters() if not one.requires_grad)
    beside = tuple(f"{name}." for name in published)
    for key in [key for key in state if key in published or key.startswith(beside)]:
        del state[key]


def _same_published(module: nn.Module, found: Any) -> None:
    """Published weights are there already, and not missed; those of another model are refused."""
    encoder = cast(LowRankText, module)
    if encoder.read_on.tolist() != encoder.published:
        raise BadCheckpoint(
            "what was learnt belongs to other published weights (or another precision) than those that "
            "`pretrained` names: give the folder that the run was trained with"
        )
    published = {name for name, parameter in module.named_parameters() if not parameter.requires_grad}
    mark = next(iter(published))
    prefix = next((key.removesuffix(mark) for key in found.missing_keys if key.endswith(mark)), "")
    found.missing_keys[:] = [key for key in found.missing_keys if key.removeprefix(prefix) not in published]
