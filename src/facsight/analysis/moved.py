"""What an adaptation moves, and why: by class, by channel, and by the action units where a face differs."""

from typing import Any, cast

import torch
from jaxtyping import Float
from torch import Tensor

from facsight.analysis.neutral_clip import NEUTRAL, NeutralClip
from facsight.analysis.reader import Reader
from facsight.core.prediction import Prediction
from facsight.facs.au_maps import render_au_maps
from facsight.facs.evidence import action_unit_shares
from facsight.nn.channel_style import ChannelStyle
from facsight.nn.classifier import Head
from facsight.nn.neutral_people import NeutralPeople

#: Channels and action units that are told.
CHANNELS_TOLD, UNITS_TOLD = 5, 3


def what_moved(
    clip: NeutralClip, style: ChannelStyle, people: NeutralPeople, reader: Reader
) -> dict[str, Any]:
    """What the style does to the person's mean face of the clip, as plain data.

    `log_odds` says for each class by how much its log-odds against neutral change (calibrated); `channels`
    are those moved furthest, by their number and how far in standard deviations of people; `units` says for
    the class whose log-odds change most, named by `about`, on which action units lies what makes the resting
    face look more (or less) like it than those of other people do, with their shares of it.
    """
    head = cast(Head, reader.plain.head)
    with torch.inference_mode():
        before, after = head.read([clip.maps[None]]), head.read([style(clip.maps[None])])
        usual = head.read([people.maps[None]])
    change = ((after.logits - before.logits)[0] / reader.temperature).double()
    neutral = reader.classes.index(NEUTRAL)
    change = change - change[neutral]
    about = int(change.abs().argmax())
    return {
        "log_odds": {name: round(float(v), 4) for name, v in zip(reader.classes, change, strict=True)},
        "channels": _channels(clip, style, people),
        "about": reader.classes[about],
        "units": _units(_differs(before, usual, about, neutral), float(change[about]), clip, reader),
    }


def _channels(clip: NeutralClip, style: ChannelStyle, people: NeutralPeople) -> dict[str, float]:
    means = clip.features.mean(dim=0, keepdim=True)
    spread = torch.where(people.spread > 0, people.spread, torch.inf)
    moved = (style(means) - means)[0] / spread
    largest = moved.abs().argsort(descending=True)[:CHANNELS_TOLD].tolist()
    return {str(channel): round(float(moved[channel]), 3) for channel in largest}


def _differs(before: Prediction, usual: Prediction, about: int, neutral: int) -> Float[Tensor, "h w"]:
    """By how much each place speaks more for a class, against neutral, than on many people's faces."""
    maps = (before.class_maps - usual.class_maps)[0]
    return maps[about] - maps[neutral]


def _units(
    differs: Float[Tensor, "h w"], change: float, clip: NeutralClip, reader: Reader
) -> dict[str, float]:
    """The units on which lies what the change takes away: the places where the face is unlike people's."""
    towards = (differs if change < 0 else -differs).clamp(min=0)
    units = render_au_maps(
        clip.landmarks[None],
        (differs.shape[0], differs.shape[1]),
        extent=(reader.crop_size, reader.crop_size),
        action_units=reader.action_units,
    )
    shares, _ = action_unit_shares(towards[None], units, torch.ones(1, len(reader.action_units)))
    told = {
        unit: share
        for unit, share in zip(reader.action_units, shares[0].tolist(), strict=True)
        if share == share and share > 0
    }
    largest = sorted(told, key=lambda unit: -told[unit])[:UNITS_TOLD]
    return {str(unit): round(told[unit], 3) for unit in largest}
