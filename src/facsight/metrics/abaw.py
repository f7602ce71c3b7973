"""The official score of every task of every ABAW competition, 1 (2020) to 11 (2026).

Sources: the competitions' pages (affective-behavior-analysis-in-the-wild), arXiv 2605.27451 for the tenth,
and for the first two the code of entrants. The organisers' own evaluators are not public: that variances are
those of the population, that a class nobody has or predicts counts 0, and that a repeated row counts as often
as it is listed, is what the formulas say and entrants agree on.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from facsight.core.errors import BadLabels, UnknownName, did_you_mean
from facsight.core.labels import label_space
from facsight.metrics.abaw_tasks import (
    Classes,
    Counted,
    Intensities,
    Kind,
    Scores,
    Table,
    Units,
    ValenceArousal,
)
from facsight.metrics.clusters import ClusterTally, cluster_codes
from facsight.metrics.order import check_order


@dataclass(frozen=True)
class Protocol:
    """How one task of one edition is scored: its labels, and their scores' weights in the official number.

    `kinds` has one kind of labels, by the task's own name; MTL has three.
    """

    kinds: Mapping[str, Kind]
    weights: Mapping[str, float]
    convention: str

    def official(self, scores: Scores) -> Float[Tensor, "draw"]:
        """The official number from the named scores."""
        return sum((weight * scores[name] for name, weight in self.weights.items()), start=torch.tensor(0.0))


@dataclass(frozen=True)
class AbawScore:
    """The official number, the scores it is made of and others, and what they rest on.

    `rows` counted and `invalid` ones left out are told for each kind of labels.
    """

    task: str
    edition: int
    value: float
    parts: Mapping[str, float]
    rows: Mapping[str, int]
    invalid: Mapping[str, int]
    convention: str
    notes: tuple[str, ...]


def _named(space: str) -> tuple[str, ...]:
    """The classes, units or values of a label space, in its order, as the challenge's headers spell them.

    >>> _named("cexpr7")[0], _named("emi6")[3], _named("abaw1_au8")[0]
    ('Fearfully_Surprised', 'Empathic Pain', 'AU1')
    """
    known = label_space(space)
    if known.kind == "units":
        return tuple(f"AU{int(name.removeprefix('AU'))}" for name in known.columns)
    between = "_" if known.kind == "classes" else " "
    return tuple(name.title().replace(" ", between) for name in known.classes)


_VA_KIND, _EXPR_KIND, _AU_KIND = (
    ValenceArousal(),
    Classes(_named("affwild2_expr8")),
    Units(_named("affwild2_au12")),
)

_MEAN_CCC = {"CCC_V": 0.5, "CCC_A": 0.5}
_MACRO = {"macro_F1": 1.0}
_MEAN_PEARSON = {"mean_pearson": 1.0}

_POOLED = "CCC of all valid frames of all videos together, population variances"
_CLIPS = "over clips, a constant prediction counts 0"

VA = Protocol({"VA": _VA_KIND}, _MEAN_CCC, f"mean of valence and arousal: {_POOLED}")
EXPR = Protocol({"EXPR": _EXPR_KIND}, _MACRO, "macro F1 over 8 fixed classes, an absent one counts 0")
AU = Protocol(
    {"AU": _AU_KIND}, {"mean_F1": 1.0}, "mean over 12 units of the F1 of presence, rows fully labelled"
)
MTL = Protocol(
    {"VA": _VA_KIND, "EXPR": _EXPR_KIND, "AU": _AU_KIND},
    {**_MEAN_CCC, "macro_F1": 1.0, "mean_F1": 1.0},
    f"sum of VA (mean of two: {_POOLED}), EXPR (macro F1 over 8 classes) and AU (mean F1 of 12), each over "
    "the rows that are valid for it",
)
LSD = Protocol(
    {"LSD": Classes(_named("lsd6"))}, _MACRO, "macro F1 over 6 fixed classes, an absent one counts 0"
)
CE = Protocol(
    {"CE": Classes(_named("cexpr7"))}, _MACRO, "macro F1 over 7 compound classes, an absent one counts 0"
)
ERI = Protocol(
    {"ERI": Intensities(_named("eri7"))}, _MEAN_PEARSON, f"mean of 7 Pearson correlations {_CLIPS}"
)
EMI = Protocol(
    {"EMI": Intensities(_named("emi6"))}, _MEAN_PEARSON, f"mean of 6 Pearson correlations {_CLIPS}"
)
_AH_KINDS = {"AH": Classes(label_space("bah2").classes)}
AH_FRAMES = Protocol(_AH_KINDS, {"weighted_F1": 1.0}, "F1 of both classes weighted by their frames")
AH_VIDEOS = Protocol(_AH_KINDS, _MACRO, "macro F1 of both classes over videos")
VD = Protocol(
    {"VD": Classes(label_space("violence2").classes)}, _MACRO, "macro F1 of both classes over frames"
)
EXPR_2020 = Protocol(
    {"EXPR": Classes(_named("abaw1_expr7"))},
    {"macro_F1": 0.67, "accuracy": 0.33},
    ".67 macro F1 over 7 classes + .33 accuracy",
)
_HALVES = {"mean_F1": 0.5, "decision_accuracy": 0.5}
AU_2020 = Protocol(
    {"AU": Units(_named("abaw1_au8"))},
    _HALVES,
    ".5 mean over 8 units of the F1 of presence + .5 accuracy over all decisions",
)
AU_2021 = Protocol(
    {"AU": _AU_KIND}, _HALVES, ".5 mean over 12 units of the F1 of presence + .5 accuracy over all decisions"
)

#: What each edition asked, and how it scored it.
EDITIONS: Mapping[int, Mapping[str, Protocol]] = {
    1: {"VA": VA, "EXPR": EXPR_2020, "AU": AU_2020},
    2: {"VA": VA, "EXPR": EXPR_2020, "AU": AU_2021},
    3: {"VA": VA, "EXPR": EXPR, "AU": AU, "MTL": MTL},
    4: {"MTL": MTL, "LSD": LSD},
    5: {"VA": VA, "EXPR": EXPR, "AU": AU, "ERI": ERI},
    6: {"VA": VA, "EXPR": EXPR, "AU": AU, "CE": CE, "EMI": EMI},
    7: {"MTL": MTL, "CE": CE},
    8: {"VA": VA, "EXPR": EXPR, "AU": AU, "CE": CE, "EMI": EMI, "AH": AH_FRAMES},
    9: {"VA": VA, "CE": CE, "VD": VD},
    10: {"VA": VA, "EXPR": EXPR, "AU": AU, "VD": VD, "EMI": EMI, "AH": AH_VIDEOS},
    11: {"MTL": MTL, "AH": AH_VIDEOS},
}


def abaw_protocol(task: str, edition: int) -> Protocol:
    """How `edition` scored `task`; `UnknownName` says which editions had it, or which tasks there are."""
    tasks = sorted({name for protocols in EDITIONS.values() for name in protocols})
    if edition not in EDITIONS:
        raise UnknownName(f"ABAW has had editions 1 to {max(EDITIONS)}, found {edition}")
    if task not in tasks:
        raise UnknownName(f"{task!r} is no task of ABAW: {did_you_mean(task.upper(), tasks)}")
    if task not in EDITIONS[edition]:
        having = ", ".join(str(number) for number, protocols in EDITIONS.items() if task in protocols)
        raise UnknownName(
            f"ABAW {edition} had {', '.join(EDITIONS[edition])}, no {task}; editions with {task}: {having}"
        )
    return EDITIONS[edition][task]


def abaw_score(
    task: str,
    edition: int,
    predicted: Table | Mapping[str, Table],
    truth: Table | Mapping[str, Table],
    *,
    names: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
) -> AbawScore:
    """The official score of a task of an edition, over the rows of all videos together.

    ```
    task               a row of predictions and labels                        not valid
    VA                 valence, arousal                                       -5, NaN in either
    EXPR CE LSD AH VD  number of a class                                      -1, NaN
    AU                 0 or 1 for each unit                                   -1, NaN in any
    ERI EMI            a number for each emotion                              NaN in any
    MTL                {"VA": ..., "EXPR": ..., "AU": ...}, each as above     each for itself
    ```

    A row whose *label* is not valid is left out and counted. A *prediction* that is NaN or not valid beside a
    valid label is an error, which says how many there are and where the first is. `names`, what the
    predictions' classes or columns are called in their order, is checked against the protocol's order. An
    order that would fit far better is told in `notes`, names or not. Rows are taken as they come: a repeated
    one counts twice.

    >>> found = abaw_score("EXPR", 10, torch.tensor([0, 1, 1, 1, 4, 0]), torch.tensor([0, 0, 1, 1, 4, 4]))
    >>> round(found.value, 5), found.rows, found.convention
    (0.24583, {'EXPR': 6}, 'macro F1 over 8 fixed classes, an absent one counts 0')
    """
    protocol = abaw_protocol(task, edition)
    counted = _counted(protocol, predicted, truth, names, cluster=None)
    scores = _scores(counted, [found.sums.sum(dim=0, keepdim=True) for found in counted.values()])
    return AbawScore(
        task=task,
        edition=edition,
        value=float(protocol.official(scores)),
        parts={name: float(value) for name, value in scores.items()},
        rows={kind: found.rows for kind, found in counted.items()},
        invalid={kind: found.invalid for kind, found in counted.items()},
        convention=protocol.convention,
        notes=tuple(note for found in counted.values() for note in found.notes),
    )


def abaw_tally(
    task: str,
    edition: int,
    predicted: Table | Mapping[str, Table],
    truth: Table | Mapping[str, Table],
    *,
    cluster: Sequence[Hashable] | Tensor,
    names: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
) -> ClusterTally:
    """The same score as sums over videos or people, for `cluster_bootstrap` and `compare`.

    `cluster` has a name or number for each row. Videos of one file (`_left`, `_right`) should share one.
    """
    protocol = abaw_protocol(task, edition)
    counted = _counted(protocol, predicted, truth, names, cluster=cluster)
    widths = [found.sums.shape[1] for found in counted.values()]
    return ClusterTally(
        sums=torch.cat([found.sums for found in counted.values()], dim=1),
        score=lambda totals: protocol.official(_scores(counted, list(totals.split(widths, dim=1)))),
        truth=torch.cat([found.truth for found in counted.values()], dim=1),
    )


def _counted(
    protocol: Protocol, predicted: Any, truth: Any, names: Any, *, cluster: Sequence[Hashable] | Tensor | None
) -> dict[str, Counted]:
    """Each kind of labels, added up by cluster."""
    kinds = protocol.kinds
    tables = [_by_kind(kinds, what, given) for what, given in (("predictions", predicted), ("labels", truth))]
    for kind, order in ({} if names is None else _by_kind(kinds, "names", names)).items():
        check_order(order, kinds[kind].names)
    sizes = {kind: len(labels) for kind, labels in tables[1].items()}
    rows = max(sizes.values())
    if min(sizes.values()) < rows:
        raise BadLabels(f"expected labels of the same rows for all kinds, invalid ones marked, found {sizes}")
    clusters, codes = ([""], torch.zeros(rows).long()) if cluster is None else cluster_codes(cluster, rows)
    return {
        kind: labels.count(tables[0][kind], tables[1][kind], codes, len(clusters))
        for kind, labels in kinds.items()
    }


def _by_kind(kinds: Mapping[str, Kind], what: str, given: Any) -> dict[str, Any]:
    """What was given for each kind of labels, of which most tasks have one."""
    if not isinstance(given, Mapping):
        given = dict.fromkeys(kinds, given) if len(kinds) == 1 else {}
    if set(given) != set(kinds):
        raise BadLabels(
            f"expected {what} for {', '.join(kinds)} by name, found {', '.join(given) or 'no names'}"
        )
    return dict(given)


def _scores(counted: Mapping[str, Counted], totals: list[Tensor]) -> Scores:
    found: Scores = {}
    for kind, total in zip(counted.values(), totals, strict=True):
        found |= kind.scores(total)
    return found
