"""Why a reading says what it says: where the reader looked, and which action units lie there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from facsight.analysis.causes import Causes, unit_causes
from facsight.analysis.cautions import evidence_cautions
from facsight.analysis.wording import sentence
from facsight.core.errors import BadLabels, did_you_mean
from facsight.core.labels import ALIASES
from facsight.core.prediction import Prediction
from facsight.explain.cam import class_activation
from facsight.explain.run import explain
from facsight.faces.align import Alignment
from facsight.facs.au_maps import AuMaps, expression_maps
from facsight.facs.evidence import action_unit_shares
from facsight.functional.similarity import centred_cosine


@dataclass(frozen=True, eq=False)
class Source:
    """One face as the network saw it: what evidence for any of its classes is made from.

    `prediction`, `units` (the action units' maps at the attention's resolution), `pixels` (what the network
    was given) and `landmarks` (in its pixels) are batches of one; `weights` (class, unit) say which units
    belong to which class; `probabilities` are calibrated, by `temperature`.
    """

    probabilities: Mapping[str, float]
    prediction: Prediction
    units: AuMaps
    pixels: Float[Tensor, "1 channel side side"]
    landmarks: Float[Tensor, "1 68 2"]
    network: nn.Module = field(repr=False)
    temperature: float
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
    the last features over channels, for a class asked about what spoke for it, by its class map or by another
    explainer; `kind` says which: "attention", "class map" or the explainer's name.
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
    kind: str
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

    def about(self, label: str, *, method: str | None = None) -> "Evidence":
        """The evidence for another class (or the same): what spoke for it, by its class map.

        `method` names another explainer of the catalogue, such as "layercam". `BadLabels` and `UnknownName`
        name the nearest class or explainer where there is none of that name.
        """
        word = ALIASES.get(label.strip().lower(), label.strip().lower())
        classes = self.source.classes
        if word not in classes:
            raise BadLabels(f"the reader knows no class {label!r}: {did_you_mean(word, classes)}")
        asked = torch.tensor([classes.index(word)])
        with torch.inference_mode():
            if method is None:
                maps = class_activation(self.source.prediction, asked)
            else:
                maps = _explained(self.source, asked, method)
            (told,) = weigh(maps, asked, self.source.units, [self.source], kind=method or "class map")
        return told

    def causes(self) -> Causes:
        """What the decision for this class needs: each of its action units is removed from the face in turn.

        Takes some tens of milliseconds. Its `units` are empty where the class has no action units or the face
        no landmarks.
        """
        source, number = self.source, self.source.classes.index(self.label)
        units = zip(source.units.action_units, source.weights[number].tolist(), strict=True)
        with torch.inference_mode():
            return unit_causes(
                source.network,
                source.temperature,
                (source.pixels, source.landmarks),
                (self.label, number),
                {unit: weight for unit, weight in units if weight > 0},
                self.action_units,
            )


def weigh(
    attention: Float[Tensor, "batch h w"],
    about: Int[Tensor, "batch"],
    units: AuMaps,
    sources: Sequence[Source],
    *,
    kind: str,
) -> list[Evidence]:
    """Compare each face's attention with where the action units of the class asked about act on it."""
    weights = sources[0].weights
    class_maps, valid = expression_maps(units, weights)
    every = attention.unsqueeze(1).expand_as(class_maps)
    agreement = torch.where(valid, centred_cosine(every, class_maps), torch.nan).tolist()
    rows, own = torch.arange(len(about)), weights[about]
    shares, elsewhere, floor = _shares(attention, class_maps[rows, about], units, own)
    maps, looked, comparable = class_maps.numpy(), attention.numpy(), valid[rows, about].tolist()
    told = []
    for face, (label, weight, source) in enumerate(zip(about.tolist(), own.tolist(), sources, strict=True)):
        split = _split(units.action_units, weight, shares[face]) if comparable[face] else {}
        rest, least = (elsewhere[face], floor[face]) if split else (float("nan"), float("nan"))
        rank = _rank(agreement[face], label)
        name = source.classes[label]
        cautions = source.cautions + evidence_cautions(rest, least, rank)
        told.append(
            Evidence(
                label=name,
                kind=kind,
                attention=looked[face],
                au_map=maps[face, label] if comparable[face] else None,
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
                    has_units=any(weight),
                    kind=kind,
                ),
                source=source,
            )
        )
    return told


def _explained(source: Source, about: Int[Tensor, "1"], method: str) -> Float[Tensor, "1 h w"]:
    """An explainer's map of the face and of its mirror image, at the attention's resolution.

    The network is read both ways, and so it is explained.
    """
    both = torch.cat([source.pixels, source.pixels.flip(3)])
    one, other = explain(source.network, both, about=about.repeat(2), method=method, resolution="layer")
    mean = (one + other.flip(-1))[None, None] / 2
    size = source.prediction.attention.shape[1:]
    return torch.nn.functional.interpolate(mean, size=tuple(size), mode="area").squeeze(1)


def _shares(
    attention: Float[Tensor, "batch h w"],
    au_map: Float[Tensor, "batch h w"],
    units: AuMaps,
    weights: Float[Tensor, "batch au"],
) -> tuple[list[list[float]], list[float], list[float]]:
    """Each unit's share of the attention, the share elsewhere, and the share of the AU map elsewhere."""
    both = AuMaps(units.maps.repeat(2, 1, 1, 1), units.valid.repeat(2, 1), units.action_units)
    shares, elsewhere = action_unit_shares(torch.cat([attention, au_map]), both, weights.repeat(2, 1))
    looked, best = elsewhere.chunk(2)
    return shares.chunk(2)[0].tolist(), looked.tolist(), best.tolist()


def _split(units: Sequence[int], weights: Sequence[float], shares: Sequence[float]) -> dict[int, float]:
    """The shares of the class's own units, largest first; nothing where they are not defined."""
    own = {u: s for u, w, s in zip(units, weights, shares, strict=True) if w > 0 and s == s}
    return dict(sorted(own.items(), key=lambda pair: -pair[1]))


def _rank(agreement: Sequence[float], label: int) -> int | None:
    own = agreement[label]
    return 1 + sum(other > own for other in agreement) if own == own else None
