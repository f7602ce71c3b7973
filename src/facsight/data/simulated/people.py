"""Simulated people: every one shows the same expressions, each in a style of their own.

Nothing measured on them says how a method does on people.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from facsight.core.people import People, Unlabelled

#: What clips show, by number; the first is neutral, which moves nothing.
EXPRESSIONS = ("neutral", "first", "second", "third")
NEUTRAL = 0
#: Numbers of an input.
CHANNELS = 16
#: By how much an expression moves inputs, and the deviation of clips, and of the frames of a clip.
MOVED, CLIP_NOISE, FRAME_NOISE = 3.0, 0.4, 0.8


@dataclass(frozen=True)
class Style:
    """How much people differ; 0 not at all.

    `gain` is the deviation of the logarithm of each channel's gain, `offset` of what is added to each,
    `rotation` the typical angle, in radians, by which channels are turned into each other.
    """

    gain: float = 0.3
    offset: float = 1.2
    rotation: float = 0.3


#: People who do not differ: whoever is a target is one more source.
NOBODY = Style(0.0, 0.0, 0.0)


def simulate_people(
    people: int,
    *,
    generator: torch.Generator,
    first: int = 0,
    style: Style = Style(),
    clips: int = 8,
    frames: int = 8,
    one_sided: int = 0,
    mostly: float = 0.75,
) -> People:
    """So many people, from number `first` on, with `clips` clips each of `frames` rows of 16 numbers.

    A clip shows one expression, in turn, all through, about as strongly. The last `one_sided` people show
    expressions in turn first, and then one of their own, until it is in a share `mostly` of their clips; this
    is that of their number modulo four. With d its direction (none for
    neutral), m what a face is like at rest, and e the noise of clip and frame, a frame is

        x = R (g * (m + s d + e)) + o

    with the person's gains g, rotation R and offsets o. These depend on the person's number only: the same
    person is the same in every call, whatever the generator. Numbers of `person` start from 0.
    """
    clip = torch.arange(people * clips).repeat_interleave(frames)
    person = clip // clips
    in_turn = clip % clips
    label = in_turn % len(EXPRESSIONS)
    own = (person >= people - one_sided) & (in_turn >= evenly_shown(clips, mostly))
    label = torch.where(own, (first + person) % len(EXPRESSIONS), label)
    rest, directions = _faces()
    strength = 1 + 0.2 * torch.randn(people * clips, 1, generator=generator)
    drift = CLIP_NOISE * torch.randn(people * clips, CHANNELS, generator=generator)
    noise = FRAME_NOISE * torch.randn(len(clip), CHANNELS, generator=generator)
    shown = rest + strength[clip] * directions[label] + drift[clip] + noise
    inputs = torch.cat([styled(shown[person == one], first + one, style) for one in range(people)])
    names = tuple(f"person {first + one}" for one in range(people))
    return People(inputs, label, person, clip, names)


def evenly_shown(clips: int, mostly: float) -> int:
    """How many of a person's clips show expressions in turn, if one is to be in a share `mostly` of all.

    >>> evenly_shown(16, 0.625)  # two each of four, and eight more of one: 10 of 16
    8
    """
    return round(clips * (1 - mostly) * len(EXPRESSIONS) / (len(EXPRESSIONS) - 1))


def styled(shown: Float[Tensor, "row channel"], person: int, style: Style) -> Float[Tensor, "row channel"]:
    """What everybody shows alike, as the person of that number shows it."""
    own = torch.Generator().manual_seed(7_000 + person)
    gain = (style.gain * torch.randn(CHANNELS, generator=own)).exp()
    offset = style.offset * torch.randn(CHANNELS, generator=own)
    turning = torch.randn(CHANNELS, CHANNELS, generator=own) / CHANNELS**0.5
    rotation = torch.linalg.matrix_exp(style.rotation * (turning - turning.T) / 2**0.5)
    return gain * shown @ rotation.T + offset


def neutral_clips(target: People) -> Unlabelled:
    """The neutral clips of people, without their labels: what is known to be neutral."""
    return target.take(target.label == NEUTRAL).without_labels()


def _faces() -> tuple[Float[Tensor, "channel"], Float[Tensor, "expression channel"]]:
    """What a face is like at rest, and where each expression moves it: always the same."""
    fixed = torch.Generator().manual_seed(77)
    rest = torch.randn(CHANNELS, generator=fixed)
    across = torch.linalg.qr(torch.randn(CHANNELS, len(EXPRESSIONS) - 1, generator=fixed)).Q.T
    return rest, MOVED * torch.cat([torch.zeros(1, CHANNELS), across])
