"""Training on drawn faces whose label depends on action units while a sticker tells it in training only."""

from dataclasses import dataclass
from pathlib import Path

import torch

from facsight.data.crops import Augmentation, Cropper
from facsight.data.drawn import NuisanceScenario, nuisance_scenario
from facsight.facs.au_maps import expression_maps, render_au_maps
from facsight.functional.similarity import centred_cosine
from facsight.methods.guided.action_units import ActionUnitGuidance
from facsight.nn.pixels import standardise
from facsight.nn.weights import build_network
from facsight.training.fit import fit
from facsight.training.plan import Plan
from facsight.training.run_folder import RunFolder
from facsight.training.scoring import predict_all


@dataclass(frozen=True)
class Lesson:
    """What a reader learnt: accuracy with the sticker of training, without, and with a random one; how well
    its attention agrees with the map of the action units that really make the label."""

    same_mark: float
    no_mark: float
    random_mark: float
    agreement: float


def scenario(seed: int, faces: int = 1600) -> NuisanceScenario:
    return nuisance_scenario(faces, 400, generator=torch.Generator().manual_seed(seed))


def teach(drawn: NuisanceScenario, folder: Path, *, guidance: float, seed: int, epochs: int = 6) -> Lesson:
    """Train a small network on the scenario and examine it."""
    classes = drawn.train.faces.space.classes
    torch.manual_seed(seed)
    network = build_network(len(classes), widths=(16, 32, 64), blocks=(1, 1, 1), stem=8, dropout=0.0)
    method = ActionUnitGuidance(network, classes=classes, guidance=guidance)
    plan = Plan(epochs=epochs, batch_size=32, rate=0.05, average=0.98, precision="no")
    augmentation = Augmentation(erase=0.0, blur=0.0)
    trained = fit(method, crops(drawn.train, augmentation), plan, RunFolder(folder, ""), seed=seed)
    parts = {
        part: predict_all(trained.predict, crops(getattr(drawn, part)))
        for part in ("same_mark", "no_mark", "random_mark")
    }
    accuracy = {
        part: (said.logits.argmax(dim=1) == said.truth).float().mean().item() for part, said in parts.items()
    }
    clean = parts["no_mark"]
    units = render_au_maps(clean.landmarks, (12, 12), extent=(48, 48), action_units=method.action_units)
    maps, valid = expression_maps(units, method.unit_weights)
    rows = torch.arange(len(clean.truth))
    kept = valid[rows, clean.truth]
    agreement = centred_cosine(clean.attention[kept], maps[rows, clean.truth][kept]).nanmean().item()
    return Lesson(**accuracy, agreement=agreement)


def crops(drawn, augmentation: Augmentation | None = None) -> Cropper:
    options = {} if augmentation is None else {"augmentation": augmentation}
    return Cropper(drawn.faces, size=48, standardise=standardise, **options)
