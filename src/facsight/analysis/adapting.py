"""A reader and a clip of a person at rest in, the person out."""

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from facsight import __version__, catalog
from facsight.analysis.moved import what_moved
from facsight.analysis.neutral_clip import NEUTRAL, NeutralClip, doubts, look_at_neutral
from facsight.analysis.person_file import Person, check_name
from facsight.analysis.reader import Reader
from facsight.analysis.translating import features_network, translated_style, translation_for
from facsight.core.errors import BadCheckpoint, BadRecipe, did_you_mean
from facsight.core.people import Unlabelled
from facsight.hub import bundled_neutral_people, sha256
from facsight.nn.channel_style import ChannelStyle
from facsight.nn.neutral_people import NeutralPeople, load_neutral_people
from facsight.nn.personal import MapsHead, PersonStyle
from facsight.nn.translation import Translation

#: The methods of adaptation that need a neutral clip alone and come to a style of channels; first the
#: default. The last needs a translator, too, that learnt from labelled people before.
TRANSLATING = "personalized_feature_translation"
NEUTRAL_METHODS = ("neutral_shift", "neutral_subtraction", TRANSLATING)
#: The clip is cut into so many stretches: every other one is kept back to test what the rest has taught.
_STRETCHES = 10
#: What is kept back may be called neutral less surely by so much before this counts as harm.
HARM = 0.02


def adapt(
    reader: Reader,
    *,
    neutral: str | Path,
    person: str = "person",
    method: str = NEUTRAL_METHODS[0],
    people: NeutralPeople | str | Path | None = None,
    translation: Translation | str | Path | None = None,
    span: tuple[float, float] | None = None,
    track: int | None = None,
    sequence: float | None = None,
) -> Person:
    """Adapt a reader to one person from a clip in which their face is at rest.

    `person` is a name or, better, a code; `method` is one of NEUTRAL_METHODS; `people` are moments of neutral
    faces for this reader (`nn.neutral_people`), `translation` is what the method of that name has learnt from
    people (`analysis.translating`): by default those that ship with the bundled reader. `span`, `track` and
    `sequence` are those of `analysis.neutral_clip`. What speaks against using what comes out is in its
    `warnings`. Nothing is written: see `Person.save`.

    >>> anna = adapt(reader, neutral="anna_at_rest.mp4", person="anna")  # doctest: +SKIP
    >>> list(reader.for_person(anna).read_video("session.mp4"))  # doctest: +SKIP
    """
    name, usual = check_name(person), _people(reader, people)
    adapter = Adapter(method, reader, usual, translation)
    clip = look_at_neutral(neutral, reader, span=span, track=track, sequence=sequence)
    style = adapter.style(clip.features)
    card = {
        "person": name,
        "method": method,
        "options": {},
        "base": {"name": reader.card.get("name", reader.weights.stem), "sha256": sha256(reader.weights)},
        "people": dict(usual.card),
        **adapter.learnt_from,
        "data": {
            "file": clip.name,
            "seconds": round(clip.seconds, 3),
            "frames": clip.frames,
            "faces": len(clip),
        },
        "made": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "facsight": __version__,
    }
    checked = adapter.check(clip)
    warnings = doubts(clip, reader.classes, usual) | _harm(checked)
    told = {"warnings": warnings, "checked": checked, "moved": what_moved(clip, style, usual, reader)}
    return Person(style, card | told)


def _harm(checked: Mapping[str, float]) -> dict[str, str]:
    if checked["after"] >= checked["before"] - HARM:
        return {}
    return {
        "harmful": "parts of the clip that were kept back are read as neutral less surely after adapting to "
        f"the others ({checked['after']:.2f}) than before ({checked['before']:.2f}): better not use it"
    }


class Adapter:
    """A method of adaptation, for the features that a reader's backbone hands to its head."""

    def __init__(
        self,
        method: str,
        reader: Reader,
        people: NeutralPeople,
        translation: Translation | str | Path | None = None,
    ):
        if method not in NEUTRAL_METHODS:
            raise BadRecipe(_why_not(method))
        self._translation = translation_for(reader, translation) if method == TRANSLATING else None
        self._make, self._reader, self._people = catalog.load("adaptation", method), reader, people
        self._neutral = reader.classes.index(NEUTRAL) if NEUTRAL in reader.classes else 0

    @property
    def learnt_from(self) -> dict[str, Any]:
        """For the card: whom a method has learnt from, where it has."""
        return {} if self._translation is None else {"translation": dict(self._translation.card)}

    def style(self, features: Float[Tensor, "n channel"]) -> PersonStyle:
        """The person's style from features of neutral frames."""
        if self._translation is not None:
            return translated_style(self._reader, self._translation, features)
        network = features_network(self._reader, features.shape[1])
        moments = self._people.as_moments(len(self._reader.classes), self._neutral)
        method = self._make(network, moments=moments, neutral=self._neutral)
        method.eval().begin(Unlabelled(features, torch.zeros(len(features), dtype=torch.long)), None)
        return method.style.requires_grad_(False)

    def check(self, clip: NeutralClip) -> dict[str, float]:
        """How surely kept-back stretches are read as neutral, before and after adapting to the others.

        Geometric means of the calibrated probability; no label is needed, as the clip is said to be neutral.
        """
        parts = torch.arange(len(clip)).tensor_split(_STRETCHES)
        halves = torch.cat(parts[::2]), torch.cat(parts[1::2])
        unchanged = ChannelStyle(clip.features.shape[1])
        before, after = (
            torch.cat([self._log_neutral(clip.features[tested], style) for tested, style in told])
            .mean()
            .exp()
            for told in (
                [(half, unchanged) for half in halves],
                [
                    (half, self.style(clip.features[rest]))
                    for half, rest in zip(halves, halves[::-1], strict=True)
                ],
            )
        )
        return {"before": round(float(before), 4), "after": round(float(after), 4)}

    @torch.no_grad()
    def _log_neutral(self, features: Tensor, style: PersonStyle) -> Float[Tensor, "n"]:
        logits = MapsHead(self._reader.plain.head)(style(features)) / self._reader.temperature
        return logits.log_softmax(dim=1)[:, self._neutral]


def _why_not(method: str) -> str:
    """Why a reader is not adapted by this method, and what to take in its place."""
    instead = (
        f"Take {NEUTRAL_METHODS[0]}, which asks only for the mean of many people's neutral faces and ships "
        "with the reader; or train it on people of your own by a recipe: see docs/personal.md"
    )
    kind = catalog.load("adaptation", method) if method in catalog.ADAPTATION else None
    if kind is not None and kind.sees == "neutral":
        return (
            f"{method!r} needs more of source people than ships with a reader: labelled expressions of many "
            "people, each told apart from the others. The faces that the bundled reader was trained on do "
            f"not say whose they are, so that no weights can be trained on them. {instead}"
        )
    return (
        f"{method!r} does not adapt by a neutral clip alone: {did_you_mean(method, NEUTRAL_METHODS)}. Those "
        "that look at more are for recipes: see docs/personal.md"
    )


def _people(reader: Reader, people: NeutralPeople | str | Path | None) -> NeutralPeople:
    """Neutral people for this very reader."""
    if people is None:
        people = bundled_neutral_people()
    found = people if isinstance(people, NeutralPeople) else load_neutral_people(Path(people))
    base = sha256(reader.weights)
    if found.card["base"] != base:
        raise BadCheckpoint(
            f"the neutral people at hand were measured with another reader than {reader.weights.name}: "
            "measure them with this one (facsight.nn.neutral_people) and give the file with --people"
        )
    return found
