"""What a trained method says of a face set, and how good that is."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from facsight.core.method import Method
from facsight.data.crops import Cropper


@dataclass(frozen=True)
class Outcomes:
    """Predictions for every face of a set, in its order."""

    logits: Float[Tensor, "n class"]
    attention: Float[Tensor, "n h w"]
    landmarks: Float[Tensor, "n 68 2"]
    truth: Int[Tensor, "n"]


@torch.inference_mode()
def predict_all(method: Method, faces: Cropper, *, batch_size: int = 256) -> Outcomes:
    """Run the method over the faces in full precision; no face depends on its batch."""
    method.eval()
    device = next(method.parameters()).device
    parts = []
    for indices in torch.arange(len(faces.faces)).split(batch_size):
        batch = faces(indices, torch.Generator())
        prediction = method.predict(batch.faces.to(device))
        parts.append(
            (prediction.logits.cpu(), prediction.attention.cpu(), batch.faces.landmarks, batch.label)
        )
    logits, attention, landmarks, truth = (torch.cat(column) for column in zip(*parts, strict=True))
    return Outcomes(logits, attention, landmarks, truth)


def quick_scores(outcomes: Outcomes) -> dict[str, float]:
    """Accuracy and negative log-likelihood of the majority class: what is watched during training."""
    right = outcomes.logits.argmax(dim=1) == outcomes.truth
    return {
        "accuracy": right.double().mean().item(),
        "nll": torch.nn.functional.cross_entropy(outcomes.logits.double(), outcomes.truth).item(),
    }
