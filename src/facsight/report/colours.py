"""Colours for maps: even steps to the eye, also to colour-blind ones, and in print."""

import numpy as np
from jaxtyping import Float, UInt8

#: 33 equal steps of viridis (S. van der Walt and N. Smith, matplotlib, CC0): lightness rises evenly, and blue
#: to yellow is told apart with any of the common colour-vision deficiencies.
_VIRIDIS = (
    "440154 470d60 48186a 482374 472d7b 453781 424086 3e4989 3b528b 375b8d 33638d "
    "2f6b8e 2c728e 297a8e 26828e 23898e 21918c 1f978b 1f9f88 21a685 27ad81 31b57b "
    "3dbc74 4cc26c 5cc863 6ece58 81d34d 95d840 aadc32 c0df25 d5e21a eae51a fde725"
)
STEPS = np.frombuffer(bytes.fromhex(_VIRIDIS), dtype=np.uint8).reshape(-1, 3)

#: How much of the picture the strongest place hides.
OPACITY = 0.8


def paint(values: Float[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h w 3"]:
    """The colour of each value in [0, 1]: 0 dark violet, 1 yellow; values outside are cut off.

    >>> paint(np.array([[0.0, 1.0]])).tolist()
    [[[68, 1, 84], [253, 231, 37]]]
    """
    places = np.linspace(0, 1, len(STEPS))
    colour = np.stack([np.interp(values, places, STEPS[:, channel]) for channel in range(3)], axis=-1)
    return np.round(colour).astype(np.uint8)


def veil(picture: UInt8[np.ndarray, "h w 3"], values: Float[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h w 3"]:
    """The picture in grey, covered by the colour of each value: not at all at 0, by OPACITY at 1."""
    grey = (picture @ np.array([0.299, 0.587, 0.114]))[..., None]
    cover = OPACITY * np.clip(values, 0, 1)[..., None]
    return np.round((1 - cover) * grey + cover * paint(values)).astype(np.uint8)


def stretched(values: Float[np.ndarray, "h w"]) -> Float[np.ndarray, "h w"]:
    """Values moved to [0, 1], so that a map of any scale can be seen; a constant map becomes 0."""
    low, high = float(np.min(values)), float(np.max(values))
    return (values - low) / (high - low) if high > low else np.zeros_like(values)
