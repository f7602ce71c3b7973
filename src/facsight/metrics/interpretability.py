"""Whether attention lies where a class's action units are, beside what a map that knows nothing scores.

The plain cosine with the action unit map of the face's true class is the score of Belharbi et al., "Guided
interpretable facial expression recognition via spatial action unit cues", FG 2024 (ATT-COS). On its own it
says little: a constant map scores about 0.5 and the mean of the class maps about 0.8. So it is given for the
true and for the predicted class, beside

- the paper's protocol to the letter (`paper_cosine`): maps enlarged to the size of the picture;
- the centred cosine (Pearson's correlation over places), which a constant map cannot score in;
- whether the largest values lie in the region of the class's action units (`metrics.localisation`): area
  under the curve, energy, pointing game, intersection over union;
- discrimination: the share of faces whose attention has a larger centred cosine with the map of their own
  class than with that of every other class (chance is one over the number of classes), and the mean rank of
  their own class (1 is best);
- floors on the same faces (`metrics.floors`), and how far the attention is above each of them, face by face.

Every mean is given over faces, and over classes: the mean of each class's faces, then the unweighted mean
over classes, as in the paper; each with a 95 % bootstrap interval over faces. Classes without action units,
such as neutral, are left out and counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from facsight.core.errors import BadFaces
from facsight.functional.similarity import centred_cosine, cosine
from facsight.metrics.classification import Interval
from facsight.metrics.floors import floor_maps
from facsight.metrics.localisation import (
    area_under_curve,
    energy_inside,
    intersection_over_union,
    pointing_game,
    region_of,
)
from facsight.metrics.resampling import class_mean_intervals, mean_intervals, resample_counts

Kind = Literal["attention", "class map"]


@dataclass(frozen=True)
class FaceScores:
    """How well each face's map agrees with one class's action unit map; NaN where that cannot be said.

    `paper_cosine` needs the action unit map at the size of the picture. `auc`, `energy`, `pointing` and `iou`
    are about the region where the class's map reaches half of its peak. `discriminated` is 1 where no other
    class fits better, 0 where one does, and shared where several fit equally well; `rank` is the place of the
    class, 1 for the best fit, ties at their middle.
    """

    cosine: Float[Tensor, "n"]
    paper_cosine: Float[Tensor, "n"]
    centred_cosine: Float[Tensor, "n"]
    auc: Float[Tensor, "n"]
    energy: Float[Tensor, "n"]
    pointing: Float[Tensor, "n"]
    iou: Float[Tensor, "n"]
    discriminated: Float[Tensor, "n"]
    rank: Float[Tensor, "n"]


SCORES = tuple(field.name for field in fields(FaceScores))


@dataclass(frozen=True)
class Mean:
    """A mean over the `faces` that have a value, and the unweighted mean of each class's mean.

    `by_class` is NaN for a class without a value.
    """

    face_interval: Interval
    class_interval: Interval
    by_class: tuple[float, ...]
    faces: int

    @property
    def over_faces(self) -> float:
        return self.face_interval.estimate

    @property
    def over_classes(self) -> float:
        return self.class_interval.estimate


@dataclass(frozen=True)
class MapScores:
    """Means of the fields of `FaceScores`."""

    cosine: Mean
    paper_cosine: Mean
    centred_cosine: Mean
    auc: Mean
    energy: Mean
    pointing: Mean
    iou: Mean
    discriminated: Mean
    rank: Mean


@dataclass(frozen=True)
class Interpretability:
    """Scores of the attention and of the floors against one choice of class for each face.

    `above` holds, for each floor, the means of the attention's score less the floor's on the same face, with
    paired intervals. For `rank`, less is better. `scored` faces have an action unit map of the chosen class,
    and attention that is not the same everywhere; the others are `without_map` or `without_attention`.
    `chance` is the discrimination of a map that knows nothing: the mean over scored faces of one over the
    number of classes with a map.
    """

    attention: MapScores
    floors: dict[str, MapScores]
    above: dict[str, MapScores]
    scored: int
    without_map: int
    without_attention: int
    chance: float


def interpretability(
    attention: Float[Tensor, "n height width"],
    class_maps: Float[Tensor, "n class height width"],
    valid: Bool[Tensor, "n class"],
    label: Int[Tensor, "n"],
    *,
    generator: torch.Generator,
    hull: Float[Tensor, "n height width"] | None = None,
    picture_map: Float[Tensor, "n picture_height picture_width"] | None = None,
    kind: Kind = "attention",
    resamples: int = 1000,
) -> Interpretability:
    """Scores of attention maps, and of the floors on the same faces, against the class `label` of each face.

    `label` is the true class, or the predicted one: call it for both. `class_maps` are the action unit maps
    of each class on each face, `valid` where there is one; `picture_map` is that of `label` at the picture's
    size, and `hull` each face's `floors.face_hull`: what needs them is not available (NaN) without. Maps of
    another `kind` than attention may be given; the paper treats them differently. `generator` draws the
    random maps and the resamples.
    """
    if not attention.isfinite().all():
        raise BadFaces(
            "attention must be finite numbers, found NaN or infinity; leave out faces without a reading"
        )
    has_map = valid.gather(1, label.unsqueeze(1)).squeeze(1)
    seen = ~centred_cosine(attention, attention).isnan()
    rows = has_map & seen
    label, class_maps, valid = label[rows], class_maps[rows], valid[rows]
    large, outline = (None if maps is None else maps[rows] for maps in (picture_map, hull))

    def score(maps: Tensor, kind: Kind) -> FaceScores:
        return face_scores(maps, class_maps, valid, label, picture_map=large, kind=kind)

    floors = floor_maps(class_maps, valid, generator=generator, hull=outline)
    own = score(attention[rows], kind)
    under = {name: score(maps, "attention") for name, maps in floors.items()}
    table = {"": own} | under | {f"above {name}": _less(own, floor) for name, floor in under.items()}
    means = averages(table, label, classes=valid.shape[1], generator=generator, resamples=resamples)
    return Interpretability(
        attention=means[""],
        floors={name: means[name] for name in under},
        above={name: means[f"above {name}"] for name in under},
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
    *,
    picture_map: Float[Tensor, "n picture_height picture_width"] | None = None,
    kind: Kind = "attention",
) -> FaceScores:
    """Agreement of each face's attention with the map of its class `label`, in double precision.

    Attention with negative values is shifted up to 0 for the plain cosine and the energy, as in the paper;
    elsewhere that shift is irrelevant. A map that is not finite has no score.
    """
    attention = attention.double()
    own = label.unsqueeze(1)
    has_map = valid.gather(1, own).squeeze(1)
    own_map = class_maps[torch.arange(len(label)), label].double()
    region = region_of(own_map)
    columns = [centred_cosine(attention, maps.double()) for maps in class_maps.unbind(dim=1)]
    fit = torch.where(valid, torch.stack(columns, dim=1), torch.nan)
    own_fit = fit.gather(1, own)
    better = (fit > own_fit).sum(dim=1)
    equal = (fit == own_fit).sum(dim=1) - 1
    scores = {
        "cosine": cosine(_shifted(attention), own_map),
        "paper_cosine": torch.full_like(own_fit.squeeze(1), torch.nan)
        if picture_map is None
        else paper_cosine(attention, picture_map, kind=kind),
        "auc": area_under_curve(attention, region),
        "energy": energy_inside(attention, region),
        "pointing": pointing_game(attention, region),
        "iou": intersection_over_union(attention, region),
    }
    defined = ~own_fit.squeeze(1).isnan()
    won = torch.where(better == 0, 1 / (1 + equal.double()), 0.0)
    return FaceScores(
        **{name: torch.where(has_map, values, torch.nan) for name, values in scores.items()},
        centred_cosine=own_fit.squeeze(1),
        discriminated=torch.where(defined, won, torch.nan),
        rank=torch.where(defined, 1 + better + 0.5 * equal, torch.nan),
    )


def paper_cosine(
    maps: Float[Tensor, "n height width"],
    truth: Float[Tensor, "n picture_height picture_width"],
    *,
    kind: Kind = "attention",
    batch_size: int = 256,
) -> Float[Tensor, "n"]:
    """The cosine as Belharbi et al. 2024 compute it: maps enlarged to the picture, where `truth` is drawn.

    Attention is enlarged bilinearly with aligned corners and antialiasing, and shifted up to 0 if some of it
    is negative; a class map is scaled to [0, 1] and enlarged between cell centres (their released code; their
    pictures have 224 pixels a side).
    """
    pairs = zip(maps.double().split(batch_size), truth.split(batch_size), strict=True)
    return torch.cat([cosine(_enlarged(m, t.shape[1:], kind), t.double()) for m, t in pairs])


def _enlarged(maps: Tensor, size: torch.Size, kind: Kind) -> Tensor:
    if kind == "attention":
        large = F.interpolate(
            maps.unsqueeze(1), list(size), mode="bilinear", align_corners=True, antialias=True
        )
        return _shifted(large.squeeze(1))
    least, most = maps.amin(dim=(1, 2), keepdim=True), maps.amax(dim=(1, 2), keepdim=True)
    scaled = ((maps - least) / (most - least)).unsqueeze(1)
    return F.interpolate(scaled, list(size), mode="bilinear", align_corners=False).squeeze(1)


def _shifted(maps: Tensor) -> Tensor:
    return maps - maps.amin(dim=(1, 2), keepdim=True).clamp(max=0)


def averages(
    scores: Mapping[str, FaceScores],
    label: Int[Tensor, "n"],
    *,
    classes: int,
    generator: torch.Generator,
    resamples: int = 1000,
) -> dict[str, MapScores]:
    """Means over faces and over classes of the scores of several maps; faces without a value are left out.

    All are resampled together.
    """
    counts = resample_counts(len(label), generator=generator, resamples=resamples)
    return {name: _average(found, label, counts, classes) for name, found in scores.items()}


def _average(scores: FaceScores, label: Tensor, counts: Tensor, classes: int) -> MapScores:
    values = torch.stack([getattr(scores, name) for name in SCORES], dim=1)
    faces = mean_intervals(values, counts)
    over_classes, by_class = class_mean_intervals(values, label, counts, classes=classes)
    known = values.isfinite().sum(dim=0).tolist()
    columns = zip(SCORES, faces, over_classes, by_class.T.tolist(), known, strict=True)
    return MapScores(**{name: Mean(f, c, tuple(each), n) for name, f, c, each, n in columns})


def _less(one: FaceScores, other: FaceScores) -> FaceScores:
    return FaceScores(**{name: getattr(one, name) - getattr(other, name) for name in SCORES})
