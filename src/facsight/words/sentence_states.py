"""What a frozen encoder makes of sentences: a row a stretch, made once and read as any other feature."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float32

from facsight.data.recordings import StreamCard
from facsight.data.texts import open_tokenizer, token_rows
from facsight.nn.encoders.transformers_text import TransformersText
from facsight.nn.release import checksum
from facsight.preparation.ledger import key_of

#: The modality, and texts that are read at once.
SENTENCES, _AT_ONCE = "text:sentences", 32


class SentenceStates:
    """A published encoder of texts as it is: the mean of its last states of each text.

    `model` is a local folder, a name of a hub, or `@package/folder`. Of longer texts the last `tokens` are
    read; `cut` counts them.
    """

    def __init__(self, model: str, *, tokens: int = 256):
        self._tokenizer, self._tokens, self.cut = open_tokenizer(model), tokens, 0
        self._encoder = TransformersText((tokens,), pretrained=model).eval()
        version = key_of(SENTENCES, 1, tokens, checksum(self._encoder.network.network).tolist())
        name = model if model.startswith("@") else model.rstrip("/").rsplit("/", 1)[-1]
        about = f"means of the last states of {name} as published, up to {tokens} tokens"
        self.card = StreamCard(SENTENCES, "TransformersText", version, (self._encoder.size,), None, about)

    @torch.inference_mode()
    def rows(self, texts: Sequence[str]) -> Float32[np.ndarray, "text state"]:
        """A row a text; 0 for one without a word. Texts of like length are read together."""
        order = sorted(range(len(texts)), key=lambda k: len(texts[k]))
        found = np.zeros((len(texts), self._encoder.size), np.float32)
        for first in range(0, len(order), _AT_ONCE):
            own = order[first : first + _AT_ONCE]
            rows, cut = token_rows(self._tokenizer, [texts[k] for k in own], self._tokens)
            known = torch.ones(len(own), 1, dtype=torch.bool)
            found[own] = self._encoder(rows.unsqueeze(1), known)[:, 0].numpy()
            self.cut += cut
        return found
