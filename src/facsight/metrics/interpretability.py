"""Whether attention lies where a class's action units are, beside what a map that knows nothing scores.

The plain cosine with the action unit map of the face's true class is the score of Belharbi et al., "Guided
interpretable facial expression recognition via spatial action unit cues", FG 2024 (ATT-COS). On its own it
says little: a constant map scores about 0.5 and the mean of the class maps about 0.8. So it is given for the
true and for the predicted class, beside

- the centred cosine (Pearson's correlation over places), which a constant map cannot score in;
- discrimination: the share of faces whose attention has a larger centred cosine with the map of their own
  class than with that of every other class (chance is one over the number of classes), and the mean rank of
  their own class (1 is best);
- floors on the same faces: a constant map, a centred blob, all action units at once, the mean class map.

Every mean is given over faces, and over classes: the mean of each class's faces, then the unweighted mean
over classes, as in the paper. Classes without action units, such as neutral, are left out and counted.

Differs from the paper's code: maps are compared at the attention's own resolution, not enlarged to 224.
"""

from dataclasses import dataclass, fields

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from facsight.core.errors import BadFaces
from facsight.functional.similarity import centred_cosine, cosine


@dataclass(frozen=True)
class FaceScores:
    """How well each face's map agrees with one class's action unit map; NaN where that cannot be said.

    `discriminated` is 1 where no other class fits better, 0 where one does, and shared where several fit
    equally well; `rank` is the place of the class, 1 for the best fit, ties at their middle.
    """

    cosine: Float[Tensor, "n"]
    centred_cosine: Float[Tensor, "n"]
    discriminated: Float[Tensor, "n"]
    rank: Float[Tensor, "n"]


@dataclass(frozen=True)
class Mean:
    """A mean over faces; the mean of each class's faces (NaN without any); the unweighted mean of those."""

    over_faces: float
    over_classes: float
    by_class: tuple[float, ...]


@dataclass(frozen=True)
class MapScores:
    """Means of the fields of `FaceScores`."""

    cosine: Mean
    centred_cosine: Mean
    discriminated: Mean
    rank: Mean


@dataclass(frozen=True)
class Interpretability:
    """Scores of the attention and of the floors against one choice of class for each face.

    `scored` faces have an action unit map of the chosen class, and attention that is not the same
    everywhere; the others are `without_map` or `without_attention`. `chance` is the discrimination of a map
    that knows nothing: the mean over scored faces of one over the number of classes with a map.
    """

    attention: MapScores
    floors: dict[str, MapScores]
    scored: int
    without_map: int
    without_attention: int
    chance: float


def interpretability(
    attention: Float[Tensor, "n height width"],
    class_maps: Float[Tensor, "n class height width"],
    valid: Bool[Tensor, "n class"],
    label: Int[Tensor, "n"],
) -> Interpretability:
    """Scores of attention maps, and of the floors on the same faces, against the class `label` of each face.

    `label` is the true class, or the predicted one: call it for both. `class_maps` are the action unit maps
    of each class on each face, `valid` where there is one.
    """
    if not attention.isfinite().all():
        raise BadFaces(
            "attention must be finite numbers, found NaN or infinity; leave out faces without a reading"
        )
    has_map = valid.gather(1, label.unsqueeze(1)).squeeze(1)
    seen = ~centred_cosine(attention, attention).isnan()
    rows = has_map & seen
    label, class_maps, valid = label[rows], class_maps[rows], valid[rows]

    def score(maps: Tensor) -> MapScores:
        return average(face_scores(maps, class_maps, valid, label), label, classes=valid.shape[1])

    return Interpretability(
        attention=score(attention[rows]),
        floors={name: score(maps) for name, maps in floor_maps(class_maps, valid).items()},
        scored=int(rows.sum()),
        without_map=int((~has_map).sum()),
        without_attention=int((has_map & ~seen).sum()),
        chance=float((1 / valid.sum(dim=1).double()).mean()),
    )


def face_scores(
    attention: Float[Tensor, "n height width"],
    class_maps: Float[Tensor, "n class height width"],
    valid: Bool[Tensor, "n class"],
    label: Int[Tensor, "n"],
) -> FaceScores:
    """Agreement of each face's attention with the map of its class `label`, in double precision.

    Attention with negative values is shifted up to 0 for the plain cosine, as in the paper; centring makes
    that shift irrelevant elsewhere.
    """
    attention = attention.double()
    shifted = attention - attention.amin(dim=(1, 2), keepdim=True).clamp(max=0)
    own = label.unsqueeze(1)
    own_map = class_maps[torch.arange(len(label)), label].double()
    plain = torch.where(valid.gather(1, own).squeeze(1), cosine(shifted, own_map), torch.nan)
    columns = [centred_cosine(attention, maps.double()) for maps in class_maps.unbind(dim=1)]
    fit = torch.where(valid, torch.stack(columns, dim=1), torch.nan)
    own_fit = fit.gather(1, own)
    better = (fit > own_fit).sum(dim=1)
    equal = (fit == own_fit).sum(dim=1) - 1
    undefined = own_fit.squeeze(1).isnan()
    won = torch.where(better == 0, 1 / (1 + equal.double()), 0.0)
    return FaceScores(
        cosine=plain,
        centred_cosine=own_fit.squeeze(1),
        discriminated=torch.where(undefined, torch.nan, won),
        rank=torch.where(undefined, torch.nan, 1 + better + 0.5 * equal),
    )


def floor_maps(
    class_maps: Float[Tensor, "n class height width"], valid: Bool[Tensor, "n class"]
) -> dict[str, Float[Tensor, "n height width"]]:
    """Maps that do not know the class, for each face.

    constant         the same everywhere
    centred_blob     a Gaussian on the middle of the crop, its standard deviation a quarter of each side
    all_units        the union (largest value) of the action unit maps of all classes
    mean_class_map   the mean of the action unit maps of all classes
    """
    count, _, height, width = class_maps.shape
    known = valid[:, :, None, None]
    across, down = (_bell(side, class_maps) for side in (width, height))
    return {
        "constant": class_maps.new_ones(count, height, width),
        "centred_blob": (down[:, None] * across).expand(count, height, width),
        "all_units": torch.where(known, class_maps, 0.0).amax(dim=1),
        "mean_class_map": torch.where(known, class_maps, 0.0).sum(dim=1) / known.sum(dim=1),
    }


def average(scores: FaceScores, label: Int[Tensor, "n"], *, classes: int) -> MapScores:
    """Means over faces and over classes of each score; faces without a value are left out."""
    return MapScores(**{f.name: _mean(getattr(scores, f.name), label, classes) for f in fields(scores)})


def _mean(values: Float[Tensor, "n"], label: Int[Tensor, "n"], classes: int) -> Mean:
    by_class = torch.stack([values[label == k].nanmean() for k in range(classes)])
    return Mean(float(values.nanmean()), float(by_class.nanmean()), tuple(by_class.tolist()))


def _bell(side: int, like: Tensor) -> Tensor:
    place = (torch.arange(side, dtype=like.dtype, device=like.device) + 0.5) / side - 0.5
    return torch.exp(-0.5 * (place / 0.25).square())
