"""Recordings of a face and a voice whose valence and arousal are planted."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from facsight.core.labels import LabelSpace
from facsight.data.sequence_set import Recording, SequenceSet

Scenario = Literal["copies", "agreement", "stretches", "privileged"]
SCENARIOS = ("copies", "agreement", "stretches", "privileged")

#: What the labels of simulated recordings are: valence and arousal of steps, or the mood of the whole.
Labels = Literal["affect", "mood"]

MOOD = LabelSpace("simulated_mood", ("calm", "tense", "sad", "glad"), column="mood")
#: Signs of valence and arousal of each mood.
SIGNS = ((1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0), (1.0, 1.0))
#: By how much a mood moves the waves.
MOVED = 1.0
AFFECT = LabelSpace("simulated_affect", ("valence", "arousal"), kind="values", low=-1.0, high=1.0)
#: Seconds of a step, and features of the face and of the voice.
STEP, FACE, VOICE = 0.25, 16, 12
#: Recordings of a person.
EACH = 3


def simulate(
    recordings: int,
    *,
    generator: torch.Generator,
    scenario: Scenario = "copies",
    steps: int = 96,
    noise: float = 1.0,
    people: int = 0,
    missing: float = 0.0,
    labels: Labels = "affect",
    name: str = "simulated",
) -> SequenceSet:
    """Recordings of two modalities, three a person, numbered from person `people` on.

    Valence and arousal are slow waves. A modality shows them as fixed linear features with noise of standard
    deviation `noise`, and its person by a constant. What each shows depends on the `scenario`:

    - "copies": both show both; two looks are better than one.
    - "agreement": each shows waves of its own; valence and arousal are the products of the face's waves and
      the voice's. Neither alone tells anything, only whether the two agree.
    - "stretches": as copies, but in random stretches one of the two is nothing but noise of the same power.
    - "privileged": the face is as in "copies"; the voice has no noise.

    `missing` is the share of recordings that lack one of the modalities. `labels`: "affect" are valence and
    arousal of each step; "mood" is one of four classes of the whole, which moves both waves by `MOVED` into
    the quadrant of their signs. With "agreement" it moves only the product of face and voice.
    """
    mixing = torch.Generator().manual_seed(20_240)  # the same features in training and test
    mix = {"face": torch.randn(2, FACE, generator=mixing), "voice": torch.randn(2, VOICE, generator=mixing)}
    made = [
        _recording(
            f"recording {number}", people + number // EACH, mix, generator, (scenario, labels), steps, noise
        )
        for number in range(recordings)
    ]
    made = [_without_one(one, generator) if _chance(missing, generator) else one for one in made]
    return SequenceSet(name, STEP, (AFFECT if labels == "affect" else MOOD,), tuple(made))


def _recording(
    name: str,
    person: int,
    mix: Mapping[str, Tensor],
    generator: torch.Generator,
    kind: tuple[Scenario, Labels],
    steps: int,
    noise: float,
) -> Recording:
    scenario, labels = kind
    mood = None if labels == "affect" else int(torch.randint(len(MOOD), (), generator=generator))
    shown, truth = _shown(scenario, steps, generator, mood)
    lost = _stretches(steps, generator) if scenario == "stretches" else torch.full((steps,), 2)
    streams = {}
    for place, modality in enumerate(shown):
        power = 0.0 if scenario == "privileged" and modality == "voice" else noise
        look = shown[modality] @ mix[modality] + power * _white(steps, mix[modality], generator)
        nothing = (2 + power**2) ** 0.5 * _white(steps, mix[modality], generator)
        look = torch.where((lost == place)[:, None], nothing, look)
        streams[modality] = look + style(person, mix[modality].shape[1])
    known = {modality: torch.ones(steps, dtype=torch.bool) for modality in streams}
    told = {AFFECT.name: truth} if mood is None else {MOOD.name: torch.eye(len(MOOD))[mood]}
    return Recording(name, f"person {person}", streams, known, told)


def _chance(share: float, generator: torch.Generator) -> bool:
    return bool(torch.rand((), generator=generator) < share)


def _without_one(one: Recording, generator: torch.Generator) -> Recording:
    """The recording as if one of its modalities had not been recorded."""
    gone = list(one.streams)[int(torch.randint(2, (), generator=generator))]
    return replace(
        one,
        streams={name: s * 0 if name == gone else s for name, s in one.streams.items()},
        known={name: k & (name != gone) for name, k in one.known.items()},
    )


def _white(steps: int, mix: Tensor, generator: torch.Generator) -> Float[Tensor, "step feature"]:
    return torch.randn(steps, mix.shape[1], generator=generator)


def style(person: int, features: int) -> Float[Tensor, "feature"]:
    """What a person's features are like whatever they show."""
    own = torch.Generator().manual_seed(1000 * person + features)
    return 0.5 * torch.randn(features, generator=own)


def _shown(
    scenario: Scenario, steps: int, generator: torch.Generator, mood: int | None
) -> tuple[dict[str, Float[Tensor, "step wave=2"]], Float[Tensor, "step wave=2"]]:
    """What face and voice show, with a standard deviation of about 1, and valence and arousal in -1 to 1."""
    moved = torch.zeros(2) if mood is None else MOVED * torch.tensor(SIGNS[mood])
    if scenario == "agreement":
        sign = 1.0 if mood is None else 1.0 - 2 * torch.randint(2, (2,), generator=generator)
        face = waves(steps, generator) + sign * moved.abs().sqrt()
        voice = waves(steps, generator) + sign * moved.sign() * moved.abs().sqrt()
        return {"face": face, "voice": voice}, torch.tanh(face * voice)
    face = waves(steps, generator) + moved
    return {"face": face, "voice": face}, torch.tanh(face)


def waves(steps: int, generator: torch.Generator) -> Float[Tensor, "step wave=2"]:
    """Two sums of slow sines, periods of 4 s to 24 s, standard deviation 1."""
    time = torch.arange(steps) * STEP
    period = 4.0 + 20.0 * torch.rand(2, 4, generator=generator)
    phase = 2 * torch.pi * torch.rand(2, 4, generator=generator)
    waves = torch.sin(2 * torch.pi * time[:, None, None] / period + phase).sum(dim=-1)
    return waves / 2**0.5


def _stretches(steps: int, generator: torch.Generator) -> Tensor:
    """Which modality is noise in each step: 0 or 1, or 2 for neither, in stretches of 2 s to 6 s."""
    found = torch.empty(0, dtype=torch.long)
    while len(found) < steps:
        length = int(torch.randint(round(2 / STEP), round(6 / STEP), (), generator=generator))
        which = torch.randint(3, (), generator=generator)
        found = torch.cat([found, which.repeat(length)])
    return found[:steps]
