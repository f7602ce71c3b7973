"""What an adaptation moves, and why: by class, by channel, and by the action units where a face differs."""

from collections.abc import Mapping
from typing import Any, cast

import torch
from jaxtyping import Float
from torch import Tensor

from facsight.analysis.neutral_clip import NEUTRAL, NeutralClip
from facsight.analysis.reader import Reader
from facsight.core.prediction import Prediction
from facsight.facs.au_maps import AuMaps, render_au_maps
from facsight.facs.evidence import action_unit_shares
from facsight.nn.classifier import Head
from facsight.nn.neutral_people import NeutralPeople
from facsight.nn.personal import PersonStyle

#: Channels and action units that are told.
CHANNELS_TOLD, UNITS_TOLD = 5, 3


def what_moved(
    clip: NeutralClip, style: PersonStyle, people: NeutralPeople, reader: Reader
) -> dict[str, Any]:
    """What the style does to the person's mean face of the clip, as plain data.

    `log_odds` says for each class by how much its log-odds against neutral change (calibrated); `channels`
    are those moved furthest, by their number and how far in standard deviations of people; `units` says for
    the class whose log-odds change most, named by `about`, on which action units lies what makes the resting
    face look more (or less) like it than those of other people do, with their shares of it. `attention` says
    by how much the share of the reader's attention on the face at rest changes that lies on an action unit,
    for those where it changes most: an offset that every place gets moves none of it.
    """
    head = cast(Head, reader.plain.head)
    with torch.inference_mode():
        before, after = head.read([clip.maps[None]]), head.read([style(clip.maps[None])])
        usual = head.read([people.maps[None]])
    change = ((after.logits - before.logits)[0] / reader.temperature).double()
    neutral = reader.classes.index(NEUTRAL)
    change = change - change[neutral]
    about = int(change.abs().argmax())
    units = _unit_maps(clip, before, reader)
    return {
        "log_odds": {name: round(float(v), 4) for name, v in zip(reader.classes, change, strict=True)},
        "channels": _channels(clip, style, people),
        "about": reader.classes[about],
        "units": _units(_differs(before, usual, about, neutral), float(change[about]), units),
        "attention": _largest(_changes(_shares(before.attention, units), _shares(after.attention, units))),
    }


def _channels(clip: NeutralClip, style: PersonStyle, people: NeutralPeople) -> dict[str, float]:
    means = clip.features.mean(dim=0, keepdim=True)
    spread = torch.where(people.spread > 0, people.spread, torch.inf)
    moved = (style(means) - means)[0] / spread
    largest = moved.abs().argsort(descending=True)[:CHANNELS_TOLD].tolist()
    return {str(channel): round(float(moved[channel]), 3) for channel in largest}


def _differs(before: Prediction, usual: Prediction, about: int, neutral: int) -> Float[Tensor, "h w"]:
    """By how much each place speaks more for a class, against neutral, than on many people's faces."""
    maps = (before.class_maps - usual.class_maps)[0]
    return maps[about] - maps[neutral]


def _unit_maps(clip: NeutralClip, read: Prediction, reader: Reader) -> AuMaps:
    """Where each action unit acts on the mean face of the clip."""
    return render_au_maps(
        clip.landmarks[None],
        (read.class_maps.shape[2], read.class_maps.shape[3]),
        extent=(reader.crop_size, reader.crop_size),
        action_units=reader.action_units,
    )


def _units(differs: Float[Tensor, "h w"], change: float, units: AuMaps) -> dict[str, float]:
    """The units on which lies what the change takes away: the places where the face is unlike people's."""
    towards = (differs if change < 0 else -differs).clamp(min=0)
    return {unit: share for unit, share in _largest(_shares(towards[None], units)).items() if share > 0}


def _shares(map_: Float[Tensor, "1 h w"], units: AuMaps) -> dict[int, float]:
    """The share of a map that lies on each unit, NaN where the unit cannot be told."""
    shares, _ = action_unit_shares(map_, units, torch.ones(1, len(units.action_units)))
    return dict(zip(units.action_units, shares[0].tolist(), strict=True))


def _changes(before: Mapping[int, float], after: Mapping[int, float]) -> dict[int, float]:
    return {unit: after[unit] - share for unit, share in before.items()}


def _largest(told: Mapping[int, float]) -> dict[str, float]:
    """The units with the largest values, leaving out what is not known."""
    known = {unit: value for unit, value in told.items() if value == value}
    order = sorted(known, key=lambda unit: -abs(known[unit]))[:UNITS_TOLD]
    return {str(unit): round(known[unit], 3) for unit in order}
