"""Explainers: one file is one paper, one call (`explain`) runs any of them.

Nothing is imported until it is asked for.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from facsight.explain.run import explain

__all__ = ["EXPLAINERS", "explain"]

#: Every explainer and its function `(probe, pixels, about, **options) -> maps (batch, height, width)`.
EXPLAINERS = {
    "attention": "facsight.explain.attention:layer_attention",
    "cam": "facsight.explain.cam:class_activation_map",
    "gradcam": "facsight.explain.gradcam:grad_cam",
    "gradcam++": "facsight.explain.gradcam_plus_plus:grad_cam_plus_plus",
    "xgradcam": "facsight.explain.xgradcam:xgrad_cam",
    "layercam": "facsight.explain.layercam:layer_cam",
    "scorecam": "facsight.explain.scorecam:score_cam",
    "eigencam": "facsight.explain.eigencam:eigen_cam",
    "attention_rollout": "facsight.explain.attention_rollout:attention_rollout",
    "attention_relevance": "facsight.explain.attention_relevance:attention_relevance",
    "integrated_gradients": "facsight.explain.integrated_gradients:integrated_gradients",
    "smoothgrad": "facsight.explain.smoothgrad:smooth_grad",
    "occlusion": "facsight.explain.occlusion:occlusion",
    "rise": "facsight.explain.rise:rise",
}


def __getattr__(name: str) -> Any:
    if name == "explain":
        from facsight.explain.run import explain

        return explain
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
