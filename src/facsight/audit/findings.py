"""What an audit found, as plain data, as a table of faces, and in words."""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl
import torch
from jaxtyping import Float, Int
from torch import Tensor

from facsight.audit import verdicts
from facsight.audit.causes import Causes, by_class
from facsight.audit.examine import Examined
from facsight.audit.faithful import FAITHFULNESS, Faithful
from facsight.metrics.classification import Interval
from facsight.metrics.interpretability import SCORES, Interpretability, MapScores, Mean, face_scores
from facsight.metrics.resampling import mean_intervals, resample_counts
from facsight.training.scoring import CONVENTIONS, classification_scores, crossfit

Maps = Mapping[str, Mapping[str, Float[Tensor, "n h w"]]]


@dataclass(frozen=True, eq=False)
class Findings:
    """`scores[map][about]` on all `faces`; what was changed, on the `few` at the rows `chosen`."""

    faces: Examined
    scores: Mapping[str, Mapping[str, Interpretability]]
    chosen: Int[Tensor, "m"]
    few: Examined
    faithful: Faithful
    causes: Causes
    forgotten: Mapping[str, Float[Tensor, "m"]]
    classes: tuple[str, ...]
    split: str
    seed: int

    def interval(self, values: Float[Tensor, "n"]) -> Interval:
        """The mean over faces that have a value, with its 95 % bootstrap interval; NaN without any."""
        known = values[values.isfinite()].double()
        if not len(known):
            return Interval(math.nan, math.nan, math.nan)
        counts = resample_counts(len(known), generator=torch.Generator().manual_seed(self.seed))
        return mean_intervals(known.unsqueeze(1), counts)[0]


def plain_scores(found: Findings) -> dict[str, Any]:
    """Everything as plain data; a value that does not exist is None."""
    faces = found.faces
    # the reader's temperature was fitted on val: there, each half takes the other half's
    logits = crossfit(faces.logits, faces.truth) if found.split == "val" else faces.logits
    reading = classification_scores(logits, logits.argmax(dim=1), faces.truth)
    return {
        "faces": len(faces),
        "sample": len(found.few),
        "seed": found.seed,
        "conventions": CONVENTIONS,
        "classification": reading,
        "maps": {
            name: {about: _interpretability(one) for about, one in scores.items()}
            for name, scores in found.scores.items()
        },
        "faithfulness": _faithfulness(found),
        "causes": _causes(found),
        "forgotten": {name: plain(found.interval(values)) for name, values in found.forgotten.items()},
        "verdicts": [asdict(v) for v in _verdicts(found, reading["calibration_error"]["value"])],
    }


def plain(interval: Interval) -> dict[str, Any]:
    """An interval for JSON, which has no NaN."""
    return {"value": _known(interval.estimate), "interval": [_known(interval.low), _known(interval.high)]}


def face_table(found: Findings, maps: Maps, ids: tuple[str, ...]) -> pl.DataFrame:
    """A row a face: what it was read as, and each score of each map about the true class.

    Scores of the faces that were not changed, and all that do not exist, are NaN.
    """
    faces = found.faces
    own = faces.logits.softmax(dim=1).double()[torch.arange(len(faces)), faces.truth]
    columns: dict[str, Any] = {
        "face": list(ids),
        "truth": [found.classes[k] for k in faces.truth.tolist()],
        "predicted": [found.classes[k] for k in faces.predicted.tolist()],
        "right": faces.predicted.eq(faces.truth).double().tolist(),
        "probability_of_truth": own.tolist(),
    }
    cues, valid = faces.cues
    large = faces.cues_on_crop(faces.truth)
    for name, about in maps.items():
        kind = "attention" if name == "attention" else "class map"
        scores = face_scores(about["true"], cues, valid, faces.truth, picture_map=large, kind=kind)
        columns |= {f"{name}: {score}": getattr(scores, score).tolist() for score in SCORES}
    for name, values in found.faithful.maps.items():
        columns |= {f"{name}: {score}": _spread(found, column) for score, column in values.items()}
    regions = found.causes.regions
    columns |= {
        "units removed": _spread(found, regions.units.removed),
        "as much removed elsewhere": _spread(found, regions.units.control),
        "attention and removal agree": _spread(found, found.causes.agreement),
    }
    return pl.DataFrame(columns)


def _spread(found: Findings, values: Tensor) -> list[float]:
    column = torch.full((len(found.faces),), torch.nan, dtype=torch.float64)
    column[found.chosen] = values.double()
    return column.tolist()


def _interpretability(scores: Interpretability) -> dict[str, Any]:
    return {
        "scored": scores.scored,
        "without_map": scores.without_map,
        "without_attention": scores.without_attention,
        "chance": _known(scores.chance),
        "scores": _means(scores.attention),
        "floors": {name: _means(floor) for name, floor in scores.floors.items()},
        "above": {name: _means(floor) for name, floor in scores.above.items()},
    }


def _means(scores: MapScores) -> dict[str, Any]:
    return {
        name: {"over_faces": plain(mean.face_interval), "over_classes": plain(mean.class_interval)}
        for name in SCORES
        for mean in [getattr(scores, name)]
    }


def _faithfulness(found: Findings) -> dict[str, Any]:
    sources = {"maps": found.faithful.maps, "floors": found.faithful.floors}
    return {
        kind: {
            name: {score: plain(found.interval(column)) for score, column in values.items()}
            for name, values in source.items()
        }
        for kind, source in sources.items()
    }


def _causes(found: Findings) -> dict[str, Any]:
    regions, units = found.causes.regions, found.causes.regions.units
    return {
        "faces": int(regions.valid.sum()),
        "units_removed": plain(found.interval(units.removed)),
        "as_much_elsewhere": plain(found.interval(units.control)),
        "difference": plain(found.interval(units.beyond)),
        "all_else_removed": plain(found.interval(regions.rest)),
        "area": plain(found.interval(regions.area)),
        "agreement": plain(found.interval(found.causes.agreement)),
        "by_class": by_class(found.causes, found.few, found.classes),
    }


def _verdicts(found: Findings, calibration_error: float) -> list[verdicts.Verdict]:
    told = [verdicts.is_calibrated(calibration_error)]
    for name in found.scores:
        told += _about_map(found, name)
    regions = found.causes.regions
    told.append(
        verdicts.rests_on_units(
            _or_none(found.interval(regions.units.removed)),
            _or_none(found.interval(regions.units.control)),
            _or_none(found.interval(regions.units.beyond)),
            int(regions.valid.sum()),
        )
    )
    agreeing = found.causes.agreement
    told.append(verdicts.shares_agree(_or_none(found.interval(agreeing)), int(agreeing.isfinite().sum())))
    return told


def _about_map(found: Findings, name: str) -> list[verdicts.Verdict]:
    scores = found.scores[name]["true"]
    centred, where = _against_best_floor(scores, lambda s: s.centred_cosine)
    apart, other = _against_best_floor(scores, lambda s: s.discriminated)
    cosine, share = (
        scores.attention.centred_cosine.face_interval,
        scores.attention.discriminated.face_interval,
    )
    margins = {
        score: (found.interval(found.faithful.margin(name, score)), _words(found.faithful.best_floor(score)))
        for score in FAITHFULNESS
    }
    examined = int(found.faithful.maps[name]["road"].isfinite().sum())
    told = [
        verdicts.points_at_units(_or_none(cosine), centred, where, scores.scored, what=name),
        verdicts.tells_classes_apart(_or_none(share), apart, other, scores.chance, what=name),
        verdicts.is_faithful(margins, examined, what=name),
    ]
    if name in found.forgotten:
        told.append(verdicts.depends_on_weights(_or_none(found.interval(found.forgotten[name])), what=name))
    return told


def _against_best_floor(
    scores: Interpretability, take: Callable[[MapScores], Mean]
) -> tuple[Interval | None, str]:
    """How far the map is above the floor that scores best, face by face; None where nothing is defined."""
    means = {name: take(floor).over_faces for name, floor in scores.floors.items()}
    known = {name: mean for name, mean in means.items() if mean == mean}
    if not known:
        return None, "none"
    best = max(known, key=lambda name: known[name])
    return _or_none(take(scores.above[best]).face_interval), _words(best)


def _or_none(interval: Interval) -> Interval | None:
    return None if math.isnan(interval.estimate) else interval


def _words(name: str) -> str:
    return name.replace("_", " ")


def _known(number: float) -> float | None:
    return None if math.isnan(number) else number
