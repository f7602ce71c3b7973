"""What a network says of whole recordings, and how good that is."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from facsight.core.labels import LabelSpace
from facsight.core.sequences import SequencePrediction, Sequences
from facsight.data.sequence_set import Recording, SequenceSet
from facsight.data.windows import Windows
from facsight.metrics import classification
from facsight.metrics.classification import positive_f1
from facsight.metrics.clusters import ClusterTally, cluster_bootstrap, confusion_tally
from facsight.metrics.concordance import ConcordanceCorrelation, concordance_tally

#: Windows that are predicted at once.
BATCH = 32

CONVENTIONS = (
    "CCC: population variances, pooled over all steps of all recordings, and beside it the mean of each "
    "recording's own; a constant series counts 0. The true class is the one with the largest share. F1 is "
    "over all classes of the label space. Intervals: 95 %, bootstrap over people, or recordings where people "
    "are not known. Floors: the mean, or the most frequent class, of the recordings for training."
)


@dataclass(frozen=True)
class Said:
    """What is said of one recording, by label space: of each step (step, column), or of the whole (column,).

    Logits for classes and units, values for the rest; the mean over overlapping windows. `shares` are the
    parts of the modalities in each step, None where the network does not know.
    """

    outputs: dict[str, Tensor]
    shares: dict[str, Float[Tensor, "step"]] | None


@torch.inference_mode()
def predict_windows(predict: Callable[[Sequences], SequencePrediction], windows: Windows) -> list[Said]:
    """Predict every recording, in full precision; windows of one recording are averaged.

    What is said of label spaces that the recordings do not have is left out.
    """
    outputs: dict[str, dict[int, Tensor]] = {space.name: {} for space in windows.recordings.spaces}
    shares: dict[str, dict[int, Tensor]] = {}
    number = 0
    for batch in windows.batches(BATCH):
        said = predict(batch.sequences)
        for place in range(len(batch)):
            for name, found in outputs.items():
                found[number + place] = said.outputs[name][place].float()
            for name, found in (said.shares or {}).items():
                shares.setdefault(name, {})[number + place] = found[place].float()
        number += len(batch)
    of_steps = windows.recordings.of_steps
    joined = {
        name: _of_steps(windows, found) if of_steps[name] else _of_wholes(windows, found)
        for name, found in outputs.items()
    }
    weights = {
        name: _of_steps(windows, {k: one[:, None] for k, one in found.items()})
        for name, found in shares.items()
    }
    return [
        Said(
            {name: parts[k] for name, parts in joined.items()},
            {name: parts[k][:, 0] for name, parts in weights.items()} or None,
        )
        for k in range(len(windows.recordings))
    ]


def _of_steps(windows: Windows, found: dict[int, Tensor]) -> list[Tensor]:
    return [mean.float() for mean, _ in windows.stitched(found)]


def _of_wholes(windows: Windows, found: dict[int, Tensor]) -> list[Tensor]:
    """The mean of what the windows of each recording say of it."""
    parts: list[list[Tensor]] = [[] for _ in windows.recordings.recordings]
    for number, (place, _) in enumerate(windows.places):
        parts[place].append(found[number])
    return [torch.stack(part).mean(dim=0) for part in parts]


def quick_scores(said: Sequence[Said], recordings: SequenceSet) -> dict[str, float]:
    """What is watched during training: the pooled CCC of each column, or accuracy and macro F1."""
    found: dict[str, float] = {}
    for space in recordings.spaces:
        rows = _rows(said, recordings, space)
        mark = "" if len(recordings.spaces) == 1 else f"{space.name}_"
        if space.kind == "classes":
            confusion = classification.confusion_matrix(rows.classes, rows.true_classes, classes=len(space))
            found[f"{mark}accuracy"] = float(classification.accuracy(rows.classes, rows.true_classes))
            found[f"{mark}macro_f1"] = float(classification.macro_f1(confusion))
        elif space.kind == "units":
            found[f"{mark}macro_f1"] = float(_unit_f1(rows).nanmean())
        else:
            for k, column in enumerate(space.columns):
                found[f"{mark}{column}_ccc"] = rows.column_tally(k).estimate
    return found


def sequence_scores(said: Sequence[Said], recordings: SequenceSet, train: SequenceSet) -> dict[str, Any]:
    """Everything that a report shows, as plain data; a value that does not exist is None.

    `train` are the recordings for training, whose mean and most frequent class are the floors. Of several
    datasets there are scores of each besides, in the label spaces in which it has labels.
    """
    scores: dict[str, Any] = {
        "recordings": len(recordings),
        "people": len({one.subject for one in recordings.recordings if one.subject is not None}),
        "modalities": list(recordings.sizes),
        "conventions": CONVENTIONS,
    }
    for space in recordings.spaces:
        rows = _rows(said, recordings, space)
        scores[space.name] = _of_space(rows, space, _floor(train, space))
    if recordings.datasets:
        scores["datasets"] = {
            name: _of_dataset(said, recordings, train, name) for name in recordings.datasets
        }
    return _plain(scores)


def _of_dataset(
    said: Sequence[Said], recordings: SequenceSet, train: SequenceSet, dataset: str
) -> dict[str, Any]:
    pairs = zip(recordings.recordings, said, strict=True)
    answers = [answer for one, answer in pairs if one.dataset == dataset]
    own = recordings.subset(lambda one: one.dataset == dataset)
    rows = {space: _rows(answers, own, space) for space in own.spaces}
    return {
        space.name: _of_space(found, space, _floor(train, space))
        for space, found in rows.items()
        if found.people
    }


@dataclass(frozen=True)
class _Rows:
    """Answers and labels of all rows with a label, and whose they are."""

    said: Float[Tensor, "n column"]
    truth: Float[Tensor, "n column"]
    people: list[str]
    recording: list[str]

    @property
    def classes(self) -> Int[Tensor, "n"]:
        return self.said.argmax(dim=1)

    @property
    def true_classes(self) -> Int[Tensor, "n"]:
        return self.truth.argmax(dim=1)

    def column_tally(self, column: int, over: str = "people") -> ClusterTally:
        known = self.truth[:, column].isfinite()
        names = [name for name, there in zip(getattr(self, over), known.tolist(), strict=True) if there]
        return concordance_tally(self.said[known, column], self.truth[known, column], names)


def _rows(said: Sequence[Said], recordings: SequenceSet, space: LabelSpace) -> _Rows:
    parts, people, names = [], [], []
    for one, answer in zip(recordings.recordings, said, strict=True):
        output, truth = (
            part.reshape(-1, len(space)) for part in (answer.outputs[space.name], one.truth[space.name])
        )
        known = truth.isfinite().any(dim=1) & output.isfinite().all(dim=1)
        parts.append((output[known], truth[known]))
        people += [who(one)] * int(known.sum())
        names += [one.name] * int(known.sum())
    output, truth = (torch.cat(column) for column in zip(*parts, strict=True))
    return _Rows(output, truth, people, names)


def who(one: Recording) -> str:
    """Whom intervals are over: the person, or the recording where nobody is known."""
    return one.name if one.subject is None else one.subject


def _of_space(rows: _Rows, space: LabelSpace, floor: Tensor) -> dict[str, Any]:
    if space.kind == "classes":
        return _of_classes(rows, space, floor)
    if space.kind == "units":
        return {"f1": {name: _of_unit(rows, k) for k, name in enumerate(space.columns)}}
    return {column: _of_column(rows, k, float(floor[k])) for k, column in enumerate(space.columns)}


def _of_column(rows: _Rows, column: int, mean: float) -> dict[str, Any]:
    """Concordance and error of one quantity; what the mean of the training labels would have."""
    known = rows.truth[:, column].isfinite()
    said, truth = rows.said[known, column].double(), rows.truth[known, column].double()
    each = ConcordanceCorrelation()
    each.update(
        said, truth, video=[n for n, there in zip(rows.recording, known.tolist(), strict=True) if there]
    )
    found = each.compute()
    return {
        "ccc": _interval(rows.column_tally(column)),
        "mean_ccc_per_recording": found.mean_per_video,
        "rmse": float((said - truth).square().mean().sqrt()),
        "rmse_of_the_mean": float((truth - mean).square().mean().sqrt()),
        "constant_recordings": [str(name) for name in found.constant_videos],
        "collapsed": bool(said.std() < 0.05 * truth.std()),
        "rows": int(known.sum()),
    }


def _of_classes(rows: _Rows, space: LabelSpace, floor: Tensor) -> dict[str, Any]:
    predicted, truth = rows.classes, rows.true_classes
    confusion = classification.confusion_matrix(predicted, truth, classes=len(space))
    scores = {
        "accuracy": classification.accuracy_of,
        "macro_f1": classification.macro_f1,
        "weighted_f1": classification.weighted_f1,
        "balanced_accuracy": classification.balanced_accuracy,
    }
    right = (predicted == truth).double()
    people = sorted(set(rows.people))
    members = {who: torch.tensor([name == who for name in rows.people]) for who in people}
    each = {who: float(right[own].mean()) for who, own in members.items()}
    return {
        **{
            name: _interval(confusion_tally(score, predicted, truth, rows.people, classes=len(space)))
            for name, score in scores.items()
        },
        "accuracy_of_the_most_frequent": float((truth == int(floor.argmax())).double().mean()),
        "chance": 1 / len(space),
        "confusion": confusion.tolist(),
        "classes": list(space.classes),
        "accuracy_per_person": each,
        "rows": len(truth),
    }


def _unit_f1(rows: _Rows) -> Float[Tensor, "unit"]:
    """F1 of each unit being there, over its known rows; shown is a probability of at least a half."""
    known, shown, true = rows.truth.isfinite(), rows.said >= 0, rows.truth >= 0.5
    hit = (shown & true & known).sum(dim=0).double()
    return 2 * hit / ((shown & known).sum(dim=0) + (true & known).sum(dim=0))


def _of_unit(rows: _Rows, unit: int) -> dict[str, Any]:
    """The F1 of a unit with its interval; None for one that is neither there nor shown."""
    value, known = float(_unit_f1(rows)[unit]), rows.truth[:, unit].isfinite()
    if math.isnan(value):
        return {"value": None, "interval": None}
    people = [name for name, there in zip(rows.people, known.tolist(), strict=True) if there]
    shown, true = rows.said[known, unit] >= 0, rows.truth[known, unit] >= 0.5
    return _interval(confusion_tally(positive_f1, shown.long(), true.long(), people, classes=2))


def _interval(tally: ClusterTally) -> dict[str, Any]:
    if len(tally.sums) < 2:
        return {"value": tally.estimate, "interval": None}
    found = cluster_bootstrap(tally, generator=torch.Generator().manual_seed(0))
    return {"value": found.estimate, "interval": [found.low, found.high]}


def _floor(train: SequenceSet, space: LabelSpace) -> Float[Tensor, "column"]:
    """The mean label of the recordings for training."""
    return torch.cat([one.truth[space.name].reshape(-1, len(space)) for one in train.recordings]).nanmean(
        dim=0
    )


def _plain(value: Any) -> Any:
    """JSON has no NaN: what does not exist is None."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and math.isnan(value) else value
