"""What is kept of the sound of a recording, by the middle of the stretch that each row is made from."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32

from facsight.core.errors import BadCheckpoint, BadRecipe, MissingData
from facsight.data.recordings import Stream, StreamCard
from facsight.functional.sound import BANDS, HOP, PITCH_WINDOW, PROSODY, log_mel, prosody
from facsight.functional.voice import NUMBERS, describe
from facsight.hub import sha256
from facsight.media.samples import Sound
from facsight.preparation.crop_type import CropType
from facsight.preparation.ledger import key_of

#: Frames that are measured at a time: a minute.
BLOCK = 6000
#: An encoder reads so many seconds at a time, with so many before and after them that are only context.
CORE, CONTEXT = 20.0, 2.0


Measure = Callable[[torch.Tensor, int], tuple[torch.Tensor, torch.Tensor]]


class _Measure:
    """Something that is measured of sound in frames; a minute at a time, so that memory does not grow."""

    source, rate = "sound", 16_000

    def __init__(self, name: str, path: Path | None, measure: Measure, size: int, about: str):
        if path is not None:
            raise BadRecipe(f"{name} takes no file, found {str(path)!r}")
        self._measure, self._name, self._about = measure, name, about
        self.size = (size,)
        self.version = key_of(name, 1, self.rate, size, about)

    def stream(self, sound: Sound) -> tuple[Stream, StreamCard]:
        """A row every hundredth of a second; none where the sound is shorter than one frame."""
        samples, hop = torch.from_numpy(sound.samples), round(HOP * self.rate)
        reach = round(PITCH_WINDOW * self.rate)  # no frame is longer
        times, rows, first = [], [], 0
        while first == 0 or first < len(samples):
            time, values = self._measure(samples[first : first + BLOCK * hop + reach], self.rate)
            times.append(time[:BLOCK].numpy() + first / self.rate)
            rows.append(values[:BLOCK].numpy())
            first += BLOCK * hop
        card = StreamCard(
            self._name, type(self).__name__, self.version, self.size, self.rate / hop, self._about
        )
        return Stream(sound.start + np.concatenate(times), np.concatenate(rows)), card


class LogMel(_Measure):
    """Log-mel spectra (`functional.sound.log_mel`), 100 rows a second."""

    def __init__(self, path: Path | None = None, *, crop: CropType):
        super().__init__("audio:logmel", path, log_mel, BANDS, f"log power in {BANDS} mel bands, 16 kHz")


class Prosody(_Measure):
    """Loudness, pitch and clarity of the voice (`functional.sound.prosody`), 100 rows a second."""

    def __init__(self, path: Path | None = None, *, crop: CropType):
        super().__init__("audio:prosody", path, prosody, len(PROSODY), f"{', '.join(PROSODY)}, 16 kHz")


class Voice:
    """A whole recording as one row of numbers (`functional.voice`), at its middle: for short utterances.

    Take steps that are longer than the longest recording, so that each is one step.
    """

    source, rate, size = "sound", 16_000, (NUMBERS,)

    def __init__(self, path: Path | None = None, *, crop: CropType):
        if path is not None:
            raise BadRecipe(f"audio:voice takes no file, found {str(path)!r}")
        self.version = key_of("audio:voice", 1, self.rate, NUMBERS)

    def stream(self, sound: Sound) -> tuple[Stream, StreamCard]:
        """One row; none where the sound is shorter than a frame for pitch."""
        samples = torch.from_numpy(sound.samples)
        voice, mel = (measure(samples, self.rate)[1].numpy() for measure in (prosody, log_mel))
        rows = describe(mel, voice)[None] if len(voice) else np.empty((0, NUMBERS), np.float32)
        about = f"{NUMBERS} numbers of a whole voice, 16 kHz"
        card = StreamCard("audio:voice", "Voice", self.version, self.size, None, about)
        return Stream(np.full(len(rows), (sound.start + sound.end) / 2), rows), card


class AudioEncoder:
    """The last hidden layer of an audio encoder of `transformers` that reads samples, such as wav2vec 2.0.

    `path` is its folder: configuration and safetensors weights; nothing is downloaded. Samples get mean 0 and
    deviation 1 over the recording where the encoder was trained so. It reads 20 s at a time with 2 s of
    context on both sides, so a recording may be of any length.
    """

    source = "sound"

    def __init__(self, path: Path | None = None, *, crop: CropType):
        if path is None:
            raise BadRecipe("audio:wav2vec2 is a folder's model: give audio:wav2vec2=PATH")
        self._model, told = _load(path)
        self.rate = int(told.get("sampling_rate", 16_000))
        self._normalise = bool(told.get("do_normalize", True))
        config: Any = self._model.config
        self._hop, self._reach = 1, 1
        for kernel, stride in zip(config.conv_kernel, config.conv_stride, strict=True):
            self._reach += (kernel - 1) * self._hop
            self._hop *= stride
        self.size = (int(config.hidden_size),)
        weights = {file.name: sha256(file) for file in sorted(path.glob("*.safetensors"))}
        self.version = key_of("audio:wav2vec2", 1, weights, config.to_diff_dict(), told, CORE, CONTEXT)
        self.about = f"last hidden layer of {config.model_type} in {path.name}, {self.size[0]} numbers"

    def stream(self, sound: Sound) -> tuple[Stream, StreamCard]:
        """A row every hop of the encoder; none where the sound is shorter than one of its frames."""
        count = max(0, (len(sound.samples) - self._reach) // self._hop + 1)
        samples = torch.from_numpy(sound.samples)
        if self._normalise and count:
            samples = (samples - samples.mean()) / (samples.var(correction=0) + 1e-7).sqrt()
        core, context = (max(1, round(s * self.rate / self._hop)) for s in (CORE, CONTEXT))
        parts = [
            self._read(samples, first, min(first + core, count), context, count)
            for first in range(0, count, core)
        ]
        values = np.concatenate(parts) if parts else np.empty((0, *self.size), np.float32)
        middles = (np.arange(count) * self._hop + self._reach / 2) / self.rate
        card = StreamCard(
            "audio:wav2vec2", "AudioEncoder", self.version, self.size, self.rate / self._hop, self.about
        )
        return Stream(sound.start + middles, values), card

    @torch.inference_mode()
    def _read(
        self, samples: torch.Tensor, first: int, last: int, context: int, count: int
    ) -> Float32[np.ndarray, "row feature"]:
        """Rows `first` up to `last`, read with up to so many rows of context on each side."""
        begin, end = max(0, first - context), min(count, last + context)
        piece = samples[begin * self._hop : (end - 1) * self._hop + self._reach]
        told = self._model(piece[None]).last_hidden_state[0]
        return told[first - begin : last - begin].float().numpy()


def _load(path: Path) -> tuple[Any, dict[str, Any]]:
    """The encoder in a folder, and what its preprocessing says."""
    from transformers import AutoModel

    if not (path / "config.json").is_file():
        raise MissingData(f"expected the folder of an audio encoder with config.json at {path}, found none")
    try:
        model = AutoModel.from_pretrained(path, local_files_only=True, use_safetensors=True)
        preparation = path / "preprocessor_config.json"
        told = json.loads(preparation.read_text("utf-8")) if preparation.is_file() else {}
    except (OSError, ValueError, KeyError) as error:
        raise BadCheckpoint(f"{path} holds no audio encoder that transformers can load: {error}") from error
    if not hasattr(model.config, "conv_stride"):
        raise BadCheckpoint(
            f"{path} holds a {model.config.model_type}, expected an encoder that reads samples, such as "
            "wav2vec2, hubert, wavlm or data2vec-audio"
        )
    kept = {key: told[key] for key in ("sampling_rate", "do_normalize") if key in told}
    return model.eval(), kept
