"""Any text encoder of `transformers`, on the words that are said in each step.

Paper    Devlin, Chang, Lee and Toutanova, "BERT: pre-training of deep bidirectional transformers for language
         understanding", NAACL 2019, https://arxiv.org/abs/1810.04805, and all that `AutoModel` loads
Needs    the numbers of a step's tokens plus 1, (token,), 0 where there is none; a folder or name of published
         weights, whose tokeniser made the numbers
Learns   nothing of the encoder, its last layers or all; a linear layer where `size` is given
Differs  a step's words are read by themselves: what belongs together goes into one step
"""

from collections.abc import Mapping
from typing import Any

from jaxtyping import Bool, Float
from torch import Tensor, nn

from facsight.nn.masked import where_known
from facsight.nn.release import Released, Trained, open_model
from facsight.nn.token_reader import mean_state, token_states, words_of


class TransformersText(nn.Module):
    """The mean of the last hidden states of a step's tokens; 0 where it has none.

    `pretrained`, `kind`, `config`, `train`, `layers` and `size` are those of `transformers_audio`.
    """

    scaled = False

    def __init__(
        self,
        shape: tuple[int, ...],
        *,
        size: int = 0,
        pretrained: str | None = None,
        kind: str | None = None,
        config: Mapping[str, Any] | None = None,
        train: Trained = "none",
        layers: int = 1,
    ):
        super().__init__()
        network: Any = open_model(pretrained, kind, config or {})
        self.words, own = words_of(network, shape), int(network.config.hidden_size)
        self.network = Released(network, train, layers=layers)
        self.size = size or own
        self.project = nn.Linear(own, size) if size else nn.Identity()

    def forward(
        self, stream: Float[Tensor, "batch step token"], known: Bool[Tensor, "batch step"]
    ) -> Float[Tensor, "batch step encoded"]:
        return where_known(self._texts, stream, known & (stream > 0).any(dim=-1), self.size)

    def _texts(self, tokens: Float[Tensor, "n token"]) -> Float[Tensor, "n encoded"]:
        return self.project(mean_state(*token_states(self.network, tokens, self.words)))
