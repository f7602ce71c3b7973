"""Official scores of other challenges, from counts that `streaming` adds up."""

from dataclasses import dataclass

from jaxtyping import Float, Num
from torch import Tensor

from facsight.metrics.classification import accuracy_of, class_f1, macro_f1, weighted_f1
from facsight.metrics.ranking import area_from_counts

#: What the MER 2023 challenge weighs the squared error of valence with.
VALENCE_WEIGHT = 0.25


def emotionet_score(confusions: Num[Tensor, "*batch unit truth=2 predicted=2"]) -> Float[Tensor, "*batch"]:
    """Mean over action units of (accuracy + F1 of presence) / 2: 0 to 1, from `unit_confusions`.

    EmotioNet challenges of 2017, 2018 and 2020; Benitez-Quiroz et al., "EmotioNet challenge: recognition of
    facial expressions of emotion in the wild", arXiv 1703.01210, 2017. Accuracy is that of each unit, so rare
    units never read give nearly one half. A unit that is nowhere has F1 0. Labels of 999 (unknown) are
    left out cell by cell: `unit_score(emotionet_score, units=23, unknown=999)`.
    """
    f1 = class_f1(confusions)[..., 1].nan_to_num(nan=0.0)
    return ((accuracy_of(confusions) + f1) / 2).mean(dim=-1)


def mer_multi_score(
    confusion: Num[Tensor, "*batch truth predicted"], valence_error: Float[Tensor, "*batch"]
) -> Float[Tensor, "*batch"]:
    """Weighted F1 of the emotions less a quarter of the mean squared error of valence; may be below 0.

    MER-MULTI and MER-NOISE of Lian et al., "MER 2023", ACM MM 2023. Valence there reaches from -5 to 5. The
    other tracks, and MER 2024's, are `weighted_f1` alone; for MER-OV see `open_vocabulary`.
    """
    return weighted_f1(confusion) - VALENCE_WEIGHT * valence_error


@dataclass(frozen=True)
class BahScore:
    """Ambivalence and hesitancy: macro F1 of both classes ("AVGF1"), and the benchmark's AP of presence.

    `average_precision` is `threshold_average_precision`, which is not that of common libraries.
    `always_absent` and `always_present` are the macro F1 of those who answer nothing else: what any score is
    to be seen beside.
    """

    macro_f1: float
    f1_absent: float
    f1_present: float
    weighted_f1: float
    average_precision: float
    prevalence: float
    always_absent: float
    always_present: float


def bah_score(
    confusion: Num[Tensor, "truth=2 predicted=2"], thresholds: Num[Tensor, "truth=2 reached"]
) -> BahScore:
    """Scores of Gonzalez-Gonzalez et al., "BAH dataset", ICLR 2026, arXiv 2505.19328.

    From the confusion of the answers, and from `threshold_counts` of the probabilities of presence, over
    frames or over videos.
    """
    faces = confusion.double().sum(dim=-1)
    constant = faces.new_zeros(2, 2, 2)
    constant[0, :, 0] = constant[1, :, 1] = faces
    absent, present = macro_f1(constant).tolist()
    f1 = class_f1(confusion).nan_to_num(nan=0.0).tolist()
    return BahScore(
        macro_f1=float(macro_f1(confusion)),
        f1_absent=f1[0],
        f1_present=f1[1],
        weighted_f1=float(weighted_f1(confusion)),
        average_precision=float(area_from_counts(thresholds)),
        prevalence=float(faces[1] / faces.sum()),
        always_absent=absent,
        always_present=present,
    )
