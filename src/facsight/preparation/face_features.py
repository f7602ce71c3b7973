"""What is kept of the main face of a recording: what our reader makes of it, or its crops."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32, UInt8

from facsight.core.errors import BadRecipe
from facsight.data.recordings import StreamCard
from facsight.hub import bundled_weights, sha256
from facsight.nn.classifier import fold_normalisation
from facsight.nn.pixels import standardise
from facsight.nn.weights import load_network
from facsight.preparation.crop_type import CropType, crop_type
from facsight.preparation.ledger import key_of

#: Faces that go through the network together.
_AT_ONCE = 32


class ReaderFeatures:
    """A reader's features of the face, averaged over its last maps, and its calibrated probabilities.

    Both are means over the face and its mirror image, as readings are. The reader is the one that ships, or
    the weights file of `path`; crops have the size that it was trained with, whatever `crop` says.
    """

    source = "pictures"

    def __init__(self, path: Path | None = None, *, crop: CropType):
        weights = path or bundled_weights()
        network, card = load_network(weights)
        self._network = fold_normalisation(network).to(memory_format=torch.channels_last)  # pyright: ignore
        self._temperature = float(card["temperature"])
        self.crop = crop_type(int(card["crop_size"]), crop.finder)
        self.side = self.crop.size
        self.classes, features = tuple(card["classes"]), self._network.backbone.channels[-1]
        self.size = (features + len(self.classes),)
        self.version = key_of("face:facsight", 1, sha256(weights), self.crop.describe())
        self.about = (
            f"{features} features and the probabilities of {', '.join(self.classes)}, by the reader "
            f"{card.get('name', weights.stem)}; crop: {self.crop}"
        )

    @torch.inference_mode()
    def rows(self, crops: UInt8[np.ndarray, "face side side 3"]) -> Float32[np.ndarray, "face feature"]:
        """A row a face: features, then probabilities."""
        some = [self._rows(crops[first : first + _AT_ONCE]) for first in range(0, len(crops), _AT_ONCE)]
        return np.concatenate(some)

    def _rows(self, crops: np.ndarray) -> np.ndarray:
        pixels = standardise(torch.from_numpy(crops).permute(0, 3, 1, 2))
        pixels = torch.cat([pixels, pixels.flip(3)]).contiguous(memory_format=torch.channels_last)
        maps = self._network.features(pixels)
        told = self._network.read(maps).logits.unflatten(0, (2, -1)).mean(dim=0)
        pooled = maps[-1].mean(dim=(2, 3)).unflatten(0, (2, -1)).mean(dim=0)
        return torch.cat([pooled, (told / self._temperature).softmax(dim=1)], dim=1).float().numpy()


class FaceCrops:
    """The face itself: aligned crops, RGB; of frames without the face there is no row."""

    source = "pictures"

    def __init__(self, path: Path | None = None, *, crop: CropType):
        if path is not None:
            raise BadRecipe(f"face:crop takes no file, found {str(path)!r}")
        self.crop, self.side, self.size = crop, crop.size, (crop.size, crop.size, 3)
        self.version = key_of("face:crop", 1, crop.describe())
        self.about = f"RGB pixels, 0 to 255; crop: {crop}"

    def rows(self, crops: UInt8[np.ndarray, "face side side 3"]) -> UInt8[np.ndarray, "face side side 3"]:
        """The crops as they are."""
        return crops


def face_card(modality: str, extractor: Any, rate: float | None) -> StreamCard:
    """What a modality of faces is."""
    kind, classes = type(extractor).__name__, getattr(extractor, "classes", ())
    return StreamCard(modality, kind, extractor.version, extractor.size, rate, extractor.about, classes)
