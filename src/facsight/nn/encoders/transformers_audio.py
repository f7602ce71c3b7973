"""Any audio encoder of `transformers` that reads samples, on the windows' own sound.

Paper    Baevski, Zhou, Mohamed and Auli, "wav2vec 2.0: a framework for self-supervised learning of speech
         representations", NeurIPS 2020, https://arxiv.org/abs/2006.11477, and its relatives: HuBERT, WavLM,
         data2vec
Needs    the samples of a step, (sample,), at the encoder's rate; a folder or name of published weights
Learns   nothing of the encoder, its last layers or all; a linear layer where `size` is given
Differs  a window is read by itself, up to its last known step, as what follows would change the first
         normalisation of some of these encoders; a gap is silence to it
"""

import math
from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from facsight.core.errors import BadRecipe
from facsight.nn.release import Released, Trained, open_model


class TransformersAudio(nn.Module):
    """The last hidden states of each step, averaged.

    `pretrained` is a local folder or hub repository with safetensors; or `kind` is a transformers model type
    ("wav2vec2", "hubert", "wavlm"), built with random weights from `config`. `train` says what of it is
    trained: "none", the "last" `layers`, or "all". `normalise` gives a window's samples mean 0 and deviation
    1 first, as the encoders whose preprocessing says so expect. `size` of 0 keeps the encoder's own.
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
        normalise: bool = True,
    ):
        super().__init__()
        if len(shape) != 1:
            raise BadRecipe(f"transformers_audio expects steps of (sample,), found {shape}")
        network: Any = open_model(pretrained, kind, config or {})
        settings: Any = network.config
        if not hasattr(settings, "conv_stride"):
            raise BadRecipe(
                f"a {settings.model_type} does not read samples; take one such as wav2vec2, hubert or wavlm"
            )
        self.network = Released(network, train, layers=layers)
        own = int(settings.hidden_size)
        self.size, self.normalise = size or own, normalise
        self.project = nn.Linear(own, size) if size else nn.Identity()
        self.hop = math.prod(settings.conv_stride)
        self.reach = 1 + sum(
            (kernel - 1) * math.prod(settings.conv_stride[:k])
            for k, kernel in enumerate(settings.conv_kernel)
        )

    def forward(
        self, stream: Float[Tensor, "batch step sample"], known: Bool[Tensor, "batch step"]
    ) -> Float[Tensor, "batch step encoded"]:
        rows = [self._window(one, there) for one, there in zip(stream, known, strict=True)]
        return torch.where(known.unsqueeze(-1), torch.stack(rows), 0.0)

    def _window(
        self, samples: Float[Tensor, "step sample"], known: Bool[Tensor, "step"]
    ) -> Float[Tensor, "step encoded"]:
        empty = samples.new_zeros(len(known), self.size)
        if not known.any():
            return empty
        steps = int(known.nonzero()[-1]) + 1
        sound = torch.where(known[:steps, None], samples[:steps], 0.0).flatten()
        if self.normalise:
            heard = samples[known]
            centred = (samples[:steps] - heard.mean()) / (heard.var(correction=0) + 1e-7).sqrt()
            sound = torch.where(known[:steps, None], centred, 0.0).flatten()
        if len(sound) < self.reach:
            sound = nn.functional.pad(sound, (0, self.reach - len(sound)))
        states = self.network(input_values=sound.detach().unsqueeze(0)).last_hidden_state[0]
        return torch.cat([self.project(self._of_steps(states, steps, samples.shape[1])), empty[steps:]])

    def _of_steps(
        self, states: Float[Tensor, "n hidden"], steps: int, length: int
    ) -> Float[Tensor, "step hidden"]:
        """The mean of the states whose middles fall into each step; where none does, the nearest one."""
        middle = torch.arange(len(states), device=states.device) * self.hop + (self.reach - 1) / 2
        edge = torch.arange(steps, device=states.device).unsqueeze(1) * length
        inside = (middle >= edge) & (middle < edge + length)
        nearest = (middle - edge - length / 2).abs().argmin(dim=1)
        inside[torch.arange(steps), nearest] |= ~inside.any(dim=1)
        weights = inside.to(states.dtype)
        return weights @ states / weights.sum(dim=1, keepdim=True)
