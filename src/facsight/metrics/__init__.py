"""Scores, each with its convention. Nothing is imported before it is asked for.

from facsight.metrics import ConcordanceCorrelation, abaw_score
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from facsight.metrics.abaw import AbawScore, abaw_protocol, abaw_score, abaw_tally
    from facsight.metrics.calibration import (
        brier_score,
        classwise_calibration_error,
        expected_calibration_error,
        negative_log_likelihood,
    )
    from facsight.metrics.challenges import bah_score, emotionet_score, mer_multi_score
    from facsight.metrics.classification import (
        Interval,
        accuracy,
        accuracy_of,
        balanced_accuracy,
        class_f1,
        cohen_kappa,
        confusion_matrix,
        macro_f1,
        positive_f1,
        unit_confusions,
        weighted_f1,
    )
    from facsight.metrics.clusters import (
        ClusterTally,
        Comparison,
        cluster_bootstrap,
        compare,
        confusion_tally,
        counted_tally,
        mean_tally,
    )
    from facsight.metrics.concordance import Concordance, ConcordanceCorrelation, concordance_tally
    from facsight.metrics.explanations import ExplanationOverlap, ExplanationScore, Mentions, Overlap
    from facsight.metrics.intensity import Intensity, IntensityAgreement
    from facsight.metrics.open_vocabulary import OpenVocabulary, SetScore, mean_over_groupings
    from facsight.metrics.ranking import Ranked, average_precision, roc_auc, threshold_average_precision
    from facsight.metrics.streaming import (
        Summed,
        calibration_score,
        classwise_calibration_score,
        confusion_score,
        mean_score,
        threshold_score,
        unit_score,
    )

__all__ = [
    "AbawScore",
    "ClusterTally",
    "Comparison",
    "Concordance",
    "ConcordanceCorrelation",
    "ExplanationOverlap",
    "ExplanationScore",
    "Intensity",
    "IntensityAgreement",
    "Interval",
    "Mentions",
    "OpenVocabulary",
    "Overlap",
    "Ranked",
    "SetScore",
    "Summed",
    "abaw_protocol",
    "abaw_score",
    "abaw_tally",
    "accuracy",
    "accuracy_of",
    "average_precision",
    "bah_score",
    "balanced_accuracy",
    "brier_score",
    "calibration_score",
    "class_f1",
    "classwise_calibration_error",
    "classwise_calibration_score",
    "cluster_bootstrap",
    "cohen_kappa",
    "compare",
    "concordance_tally",
    "confusion_matrix",
    "confusion_score",
    "confusion_tally",
    "counted_tally",
    "emotionet_score",
    "expected_calibration_error",
    "macro_f1",
    "mean_over_groupings",
    "mean_score",
    "mean_tally",
    "mer_multi_score",
    "negative_log_likelihood",
    "positive_f1",
    "roc_auc",
    "threshold_average_precision",
    "threshold_score",
    "unit_confusions",
    "unit_score",
    "weighted_f1",
]

#: Public names and the module of `facsight.metrics` that has them.
_HOMES = {
    "AbawScore": "abaw",
    "ClusterTally": "clusters",
    "Comparison": "clusters",
    "Concordance": "concordance",
    "ConcordanceCorrelation": "concordance",
    "ExplanationOverlap": "explanations",
    "ExplanationScore": "explanations",
    "Intensity": "intensity",
    "IntensityAgreement": "intensity",
    "Interval": "classification",
    "Mentions": "explanations",
    "OpenVocabulary": "open_vocabulary",
    "Overlap": "explanations",
    "Ranked": "ranking",
    "SetScore": "open_vocabulary",
    "Summed": "streaming",
    "abaw_protocol": "abaw",
    "abaw_score": "abaw",
    "abaw_tally": "abaw",
    "accuracy": "classification",
    "accuracy_of": "classification",
    "average_precision": "ranking",
    "bah_score": "challenges",
    "balanced_accuracy": "classification",
    "brier_score": "calibration",
    "calibration_score": "streaming",
    "class_f1": "classification",
    "classwise_calibration_error": "calibration",
    "classwise_calibration_score": "streaming",
    "cluster_bootstrap": "clusters",
    "cohen_kappa": "classification",
    "compare": "clusters",
    "concordance_tally": "concordance",
    "confusion_matrix": "classification",
    "confusion_score": "streaming",
    "confusion_tally": "clusters",
    "counted_tally": "clusters",
    "emotionet_score": "challenges",
    "expected_calibration_error": "calibration",
    "macro_f1": "classification",
    "mean_over_groupings": "open_vocabulary",
    "mean_score": "streaming",
    "mean_tally": "clusters",
    "mer_multi_score": "challenges",
    "negative_log_likelihood": "calibration",
    "positive_f1": "classification",
    "roc_auc": "ranking",
    "threshold_average_precision": "ranking",
    "threshold_score": "streaming",
    "unit_confusions": "classification",
    "unit_score": "streaming",
    "weighted_f1": "classification",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'facsight.metrics' has no attribute {name!r}")
    return getattr(import_module(f"facsight.metrics.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
