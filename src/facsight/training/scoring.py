"""What a trained reader says of a face set, and how good that is."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from facsight.core.batch import Faces
from facsight.core.labels import LabelSpace
from facsight.core.prediction import Prediction
from facsight.data.crops import Cropper
from facsight.facs.au_maps import expression_maps, label_maps, render_au_maps
from facsight.facs.codebook import Codebook
from facsight.metrics import calibration, classification
from facsight.metrics.floors import face_hull
from facsight.metrics.interpretability import Interpretability, MapScores, interpretability

CONVENTIONS = (
    "The true class is the one with most votes. Macro F1 is over all classes of the label space. "
    "Calibration error: 15 bins of equal width, after temperature scaling; on the split that the "
    "temperature was fitted on, each half is scaled with the temperature of the other half."
)


@dataclass(frozen=True)
class Outcomes:
    """Predictions for every face of a set, in its order; landmarks are those of the crops."""

    logits: Float[Tensor, "n class"]
    attention: Float[Tensor, "n h w"]
    landmarks: Float[Tensor, "n 68 2"]
    truth: Int[Tensor, "n"]
    crop_size: int


@torch.inference_mode()
def predict_all(
    predict: Callable[[Faces], Prediction],
    faces: Cropper,
    *,
    device: torch.device | None = None,
    batch_size: int = 256,
) -> Outcomes:
    """Predict every face, in full precision; the result does not depend on `batch_size`."""
    parts = []
    for indices in torch.arange(len(faces)).split(batch_size):
        batch = faces(indices, torch.Generator())
        said = predict(batch.faces.to(device or torch.device("cpu")))
        parts.append((said.logits.cpu(), said.attention.cpu(), batch.faces.landmarks, batch.label))
    logits, attention, landmarks, truth = (torch.cat(column) for column in zip(*parts, strict=True))
    return Outcomes(logits, attention, landmarks, truth, faces.size)


def quick_scores(outcomes: Outcomes) -> dict[str, float]:
    """What is watched during training."""
    predicted, classes = outcomes.logits.argmax(dim=1), outcomes.logits.shape[1]
    confusion = classification.confusion_matrix(predicted, outcomes.truth, classes=classes)
    return {
        "accuracy": classification.accuracy(predicted, outcomes.truth).item(),
        "macro_f1": classification.macro_f1(confusion).item(),
        "nll": calibration.negative_log_likelihood(outcomes.logits, outcomes.truth).item(),
    }


def full_scores(
    outcomes: Outcomes, space: LabelSpace, codebook: Codebook, *, temperature: float | None
) -> dict[str, Any]:
    """Everything that a report shows, as plain data; a value that does not exist is None.

    `temperature` is that of the reader, fitted on other faces; None fits it here, on the other half of the
    faces each time.
    """
    logits = (
        crossfit(outcomes.logits, outcomes.truth) if temperature is None else outcomes.logits / temperature
    )
    predicted = logits.argmax(dim=1)
    confusion = classification.confusion_matrix(predicted, outcomes.truth, classes=len(space))
    evidence = _evidence(outcomes, space, codebook)
    return {
        "faces": len(outcomes.truth),
        "label_space": space.name,
        "conventions": CONVENTIONS,
        "classification": classification_scores(logits, predicted, outcomes.truth),
        "per_class": _per_class(space, confusion),
        "confusion": confusion.tolist(),
        "codebook": {"name": codebook.name, "version": codebook.version},
        "evidence": _table(evidence, "over_classes"),
        "evidence_over_faces": _table(evidence, "over_faces"),
        "evidence_faces": {about: scores.scored for about, scores in evidence.items()},
        "evidence_chance": {about: _known(scores.chance) for about, scores in evidence.items()},
    }


def crossfit(logits: Float[Tensor, "n class"], truth: Int[Tensor, "n"]) -> Float[Tensor, "n class"]:
    """Each half of the faces (every second one) scaled with the temperature fitted on the other half."""
    scaled = logits.clone()
    for part in (0, 1):
        scaled[part::2] = logits[part::2] / calibration.fit_temperature(
            logits[1 - part :: 2], truth[1 - part :: 2]
        )
    return scaled


def classification_scores(logits: Tensor, predicted: Tensor, truth: Tensor) -> dict[str, dict[str, Any]]:
    def macro(answers: Tensor, right: Tensor) -> Tensor:
        confusion = classification.confusion_matrix(answers, right, classes=logits.shape[1])
        return classification.macro_f1(confusion)

    generator = torch.Generator().manual_seed(0)
    intervals = {
        "accuracy": classification.bootstrap(classification.accuracy, predicted, truth, generator=generator),
        "macro_f1": classification.bootstrap(macro, predicted, truth, generator=generator),
    }
    probabilities = logits.softmax(dim=1)
    single = {
        "calibration_error": calibration.expected_calibration_error(probabilities, truth),
        "nll": calibration.negative_log_likelihood(logits, truth),
        "brier": calibration.brier_score(probabilities, truth),
    }
    found = {name: {"value": i.estimate, "interval": [i.low, i.high]} for name, i in intervals.items()}
    return found | {name: {"value": value.item()} for name, value in single.items()}


def _per_class(space: LabelSpace, confusion: Tensor) -> dict[str, dict[str, float]]:
    f1, recall = classification.class_f1(confusion), classification.class_recall(confusion)
    faces = confusion.sum(dim=1)
    return {
        name: {
            "f1": f1[k].nan_to_num().item(),
            "recall": recall[k].nan_to_num().item(),
            "faces": int(faces[k]),
        }
        for k, name in enumerate(space.classes)
    }


def _evidence(outcomes: Outcomes, space: LabelSpace, codebook: Codebook) -> Mapping[str, Interpretability]:
    """Attention against the AU map of the true and of the predicted class."""
    extent = (outcomes.crop_size, outcomes.crop_size)
    height, width = outcomes.attention.shape[1:]
    units = render_au_maps(
        outcomes.landmarks, (height, width), extent=extent, action_units=codebook.action_units
    )
    weights = codebook.weights(space.classes, codebook.action_units)
    maps, valid = expression_maps(units, weights)
    hull = face_hull(outcomes.landmarks, (height, width), extent=extent)
    generator = torch.Generator().manual_seed(0)
    labels = {"true": outcomes.truth, "predicted": outcomes.logits.argmax(dim=1)}
    return {
        about: interpretability(
            outcomes.attention,
            maps,
            valid,
            label,
            generator=generator,
            hull=hull,
            picture_map=_picture_maps(outcomes, weights[label], codebook),
        )
        for about, label in labels.items()
    }


def _picture_maps(
    outcomes: Outcomes, weights: Float[Tensor, "n au"], codebook: Codebook
) -> Float[Tensor, "n size size"]:
    """Each face's action unit map at the size of its crop; a batch at a time, for the maps are many."""
    size = (outcomes.crop_size, outcomes.crop_size)
    parts = zip(outcomes.landmarks.split(256), weights.split(256), strict=True)
    return torch.cat(
        [label_maps(p, w, size, extent=size, action_units=codebook.action_units)[0] for p, w in parts]
    )


def _table(evidence: Mapping[str, Interpretability], mean: str) -> dict[str, dict[str, float | None]]:
    """One row for the attention and one for each floor; columns say the score and the class it is against."""
    rows: dict[str, dict[str, float | None]] = {}
    for about, scores in evidence.items():
        for source, found in {"attention": scores.attention, **scores.floors}.items():
            rows.setdefault(source, {}).update(_columns(found, mean, about))
    return rows


def _columns(scores: MapScores, mean: str, about: str) -> dict[str, float | None]:
    values = {
        "cosine": scores.cosine,
        "centred_cosine": scores.centred_cosine,
        "discrimination": scores.discriminated,
        "rank": scores.rank,
    }
    return {f"{name}_{about}": _known(getattr(value, mean)) for name, value in values.items()}


def _known(number: float) -> float | None:
    """JSON has no NaN: a value that does not exist is None."""
    return None if math.isnan(number) else number
