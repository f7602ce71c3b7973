"""Why a reading says what it says: where the reader looked, and which action units lie there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from facsight.analysis.cautions import evidence_cautions
from facsight.analysis.wording import sentence
from facsight.core.errors import BadLabels, did_you_mean
from facsight.core.labels import ALIASES
from facsight.core.prediction import Prediction
from facsight.explain.cam import class_activation
from facsight.faces.align import Alignment
from facsight.facs.au_maps import AuMaps, expression_maps
from facsight.facs.evidence import action_unit_shares
from facsight.functional.similarity import centred_cosine

Kind = Literal["attention", "class map"]


@dataclass(frozen=True, eq=False)
class Source:
    """One face as the network saw it: what evidence for any of its classes is made from.

    `prediction` and `units` (the action units' maps at the attention's resolution) are batches of one;
    `weights` (class, unit) say which units belong to which class; `probabilities` are calibrated.
    """

    probabilities: Mapping[str, float]
    prediction: Prediction
    units: AuMaps
    weights: Float[Tensor, "class au"]
    alignment: Alignment
    photo_size: tuple[int, int]
    cautions: tuple[str, ...]

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(self.probabilities)


@dataclass(frozen=True, eq=False)
class Evidence:
    """The grounds of a reading, for one class.

    `attention` says how strongly each place of the aligned face weighed: for the reading itself the mean of
    the last features over channels ("attention"), for a class asked about what spoke for it ("class map").
    `au_map` is where the class's action units act, in [0, 1]. `action_units` divides the attention, less its
    minimum, among those units, largest share first; the shares and `elsewhere` sum to 1. They say where the
    reader looked, not how strongly a muscle pulled. Regions fade out softly, so that even attention equal to
    the AU map leaves something elsewhere: `elsewhere_floor` says how much. `agreement` is the centred cosine
    of the two maps in [-1, 1], and `rank` the place of this class when the AU maps of all classes are sorted
    by it (1 = best).

    What does not apply is absent, never 0: `au_map` and `rank` None, `action_units` empty, `elsewhere`, its
    floor and `agreement` NaN, where the class has no action units or the face no landmarks (`available` is
    False).
    """

    label: str
    kind: Kind
    attention: Float[np.ndarray, "h w"]
    au_map: Float[np.ndarray, "h w"] | None
    action_units: dict[int, float]
    elsewhere: float
    elsewhere_floor: float
    agreement: float
    rank: int | None
    cautions: tuple[str, ...]
    sentence: str
    source: Source = field(repr=False)

    @property
    def available(self) -> bool:
        """Whether the attention could be compared with action units."""
        return self.au_map is not None

    def on_photo(self, photo_size: tuple[int, int] | None = None) -> Float[np.ndarray, "height width"]:
        """The attention in the photo's own pixels, (height, width); 0 outside the aligned face.

        `photo_size` defaults to that of the photo that was read.
        """
        return self.source.alignment.map_to_photo(self.attention, photo_size or self.source.photo_size)

    def about(self, label: str) -> "Evidence":
        """The evidence for another class (or the same): what spoke for it, by its class map.

        `BadLabels` names the nearest class where there is none of that name.
        """
        word = ALIASES.get(label.strip().lower(), label.strip().lower())
        classes = self.source.classes
        if word not in classes:
            raise BadLabels(f"the reader knows no class {label!r}: {did_you_mean(word, classes)}")
        asked = torch.tensor([classes.index(word)])
        with torch.inference_mode():
            maps = class_activation(self.source.prediction, asked)
            (told,) = weigh(maps, asked, self.source.units, [self.source], kind="class map")
        return told


def weigh(
    attention: Float[Tensor, "batch h w"],
    about: Int[Tensor, "batch"],
    units: AuMaps,
    sources: Sequence[Source],
    *,
    kind: Kind,
) -> list[Evidence]:
    """Compare each face's attention with where the action units of the class asked about act on it."""
    weights = sources[0].weights
    class_maps, valid = expression_maps(units, weights)
    every = attention.unsqueeze(1).expand_as(class_maps)
    agreement = torch.where(valid, centred_cosine(every, class_maps), torch.nan).tolist()
    shares, elsewhere = action_unit_shares(attention, units, weights[about])
    _, floor = action_unit_shares(class_maps[torch.arange(len(about)), about], units, weights[about])
    maps, looked = class_maps.numpy(), attention.numpy()
    told = []
    for face, (label, source) in enumerate(zip(about.tolist(), sources, strict=True)):
        comparable = bool(valid[face, label])
        split = (
            _split(units.action_units, weights[label].tolist(), shares[face].tolist()) if comparable else {}
        )
        rest, least = (float(share[face]) if split else float("nan") for share in (elsewhere, floor))
        rank = _rank(agreement[face], label)
        name = source.classes[label]
        cautions = source.cautions + evidence_cautions(rest, least, rank)
        told.append(
            Evidence(
                label=name,
                kind=kind,
                attention=looked[face],
                au_map=maps[face, label] if comparable else None,
                action_units=split,
                elsewhere=rest,
                elsewhere_floor=least,
                agreement=agreement[face][label],
                rank=rank,
                cautions=cautions,
                sentence=sentence(
                    name,
                    source.probabilities,
                    split,
                    (rest, least),
                    cautions,
                    has_units=bool(weights[label].any()),
                    kind=kind,
                ),
                source=source,
            )
        )
    return told


def _split(units: Sequence[int], weights: Sequence[float], shares: Sequence[float]) -> dict[int, float]:
    """The shares of the class's own units, largest first; nothing where they are not defined."""
    own = {u: s for u, w, s in zip(units, weights, shares, strict=True) if w > 0 and s == s}
    return dict(sorted(own.items(), key=lambda pair: -pair[1]))


def _rank(agreement: Sequence[float], label: int) -> int | None:
    own = agreement[label]
    return 1 + sum(other > own for other in agreement) if own == own else None
