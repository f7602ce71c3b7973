"""Personalised feature translation of a reader: its translator from labelled people, a style from a clip."""

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from facsight.analysis.neutral_clip import NEUTRAL
from facsight.analysis.reader import Reader
from facsight.core.errors import BadCheckpoint
from facsight.core.people import People, Unlabelled
from facsight.hub import bundled_translation, sha256
from facsight.methods.adaptation.personalized_feature_translation import (
    PersonalizedTranslation,
    TranslationSources,
)
from facsight.nn.personal import MapsHead, TranslatedStyle
from facsight.nn.split_network import SplitNetwork
from facsight.nn.translation import Translation, load_translation
from facsight.training.adapting import BUDGET, adapt, train_sources
from facsight.training.run_folder import RunFolder

#: Of a clip so many frames are looked at, evenly spaced: more are alike.
_ROWS = 512
#: The budget of training a translator.
_TRAINING = replace(BUDGET, batch_size=128)


def train_translation(
    reader: Reader, people: People, card: Mapping[str, Any], *, seed: int = 0
) -> Translation:
    """A translator for a reader, from features (n, channel) of labelled people, told apart, all with rest.

    The features are means over places of the last maps, each face read with its mirror image
    (`nn.neutral_people.both_ways_maps`); labels are numbers of the reader's classes. `card` says who the
    people are. The reader is not changed. `BadTraining` for fewer than two people.
    """
    channels, neutral = people.inputs.shape[1], reader.classes.index(NEUTRAL)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        stage = TranslationSources(
            features_network(reader, channels),
            classes=len(reader.classes),
            persons=len(people.names),
            neutral=neutral,
        )
    plan = replace(_TRAINING, batch_size=min(_TRAINING.batch_size, len(people)))
    with tempfile.TemporaryDirectory() as run:
        stage = train_sources(stage, people, plan, RunFolder(Path(run), ""), seed=seed).cpu().eval()
    stage.people.variances()
    told = {"base": sha256(reader.weights), "persons": len(people.names), "faces": len(people)}
    parts = (stage.translator.requires_grad_(False), stage.people)
    return Translation(*parts, neutral, {**card, **told})


def translated_style(
    reader: Reader, translation: Translation, features: Float[Tensor, "n channel"]
) -> TranslatedStyle:
    """The person's style from features of neutral frames."""
    network = features_network(reader, features.shape[1])
    clip = Unlabelled(features, torch.zeros(len(features), dtype=torch.long)).thinned(_ROWS)
    method = PersonalizedTranslation(network, source=translation)
    with tempfile.TemporaryDirectory() as run:
        method = adapt(method, clip, None, BUDGET, RunFolder(Path(run), ""), seed=0).cpu()
    return TranslatedStyle(method.own, translation.translator).requires_grad_(False)


def translation_for(reader: Reader, given: Translation | str | Path | None) -> Translation:
    """The translation for this very reader: as given, from a file, or the one that ships."""
    if given is None:
        given = bundled_translation()
    found = given if isinstance(given, Translation) else load_translation(Path(given))
    if found.card["base"] != sha256(reader.weights):
        raise BadCheckpoint(
            f"the translator at hand was trained with another reader than {reader.weights.name}: train one "
            "with this reader (facsight.analysis.translating.train_translation) and give the file with "
            "--translation, or take neutral_shift"
        )
    return found


def features_network(reader: Reader, channels: int) -> SplitNetwork:
    """The reader's head, frozen, for features that are encoded already."""
    network = SplitNetwork(nn.Identity(), MapsHead(reader.plain.head), channels=channels)
    return network.requires_grad_(False)
