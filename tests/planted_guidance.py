"""Training on drawn faces whose label depends on action units while a sticker tells it in training only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from facsight import catalog
from facsight.data.crops import Augmentation, Cropper
from facsight.data.drawn import NuisanceScenario, nuisance_scenario
from facsight.facs.au_maps import expression_maps, render_au_maps
from facsight.facs.codebook import DEFAULT_CODEBOOK, load_codebook
from facsight.facs.guide import Guide
from facsight.functional.similarity import centred_cosine
from facsight.nn.pixels import standardise
from facsight.nn.weights import build_network
from facsight.training.fit import fit
from facsight.training.plan import Plan
from facsight.training.run_folder import RunFolder
from facsight.training.scoring import predict_all


@dataclass(frozen=True)
class Lesson:
    """What a reader learnt: accuracy with the sticker of training, without, and with a random one; how well
    its attention, and the class map of the truth, agree with the map of the action units that really make
    the label."""

    same_mark: float
    no_mark: float
    random_mark: float
    agreement: float
    map_agreement: float


RESNET = {"widths": (16, 32, 64), "blocks": (1, 1, 1), "stem": 8, "dropout": 0.0}
DEIT = {"name": "small_deit", "width": 48, "depth": 3, "heads": 2, "dropout": 0.0}


@dataclass(frozen=True)
class Setting:
    """A localising method: how the network reads its features, and how it is trained."""

    head: str = "gap"
    method: str = "action_units"
    network: Mapping[str, Any] = field(default_factory=lambda: RESNET)
    plan: Mapping[str, Any] = field(default_factory=lambda: {"rate": 0.05})
    options: Mapping[str, Any] = field(default_factory=dict)


SETTINGS = {
    "gap": Setting(),
    "wildcat": Setting("wildcat"),
    "peak_response": Setting("peak_response"),
    "acol": Setting("two_branches", "acol"),
    "adl": Setting(method="adl"),
    "cutmix": Setting(method="cutmix"),
    "ts_cam": Setting(
        "ts_cam", network=DEIT, plan={"optimizer": "adamw", "rate": 0.002, "weight_decay": 0.05}
    ),
    "per_unit": Setting("per_unit", "unit_guidance"),
}


def scenario(seed: int, faces: int = 1600) -> NuisanceScenario:
    return nuisance_scenario(faces, 400, generator=torch.Generator().manual_seed(seed))


def teach(
    drawn: NuisanceScenario,
    folder: Path,
    *,
    guidance: float,
    seed: int,
    epochs: int = 6,
    setting: Setting = SETTINGS["gap"],
    guide: Mapping[str, Any] | None = None,
) -> Lesson:
    """Train a small network on the scenario and examine it; `guide` are options of the guidance."""
    classes = drawn.train.faces.space.classes
    torch.manual_seed(seed)
    network = build_network(len(classes), head=setting.head, **setting.network)
    method = catalog.load("methods", setting.method)(
        network, Guide(classes, weight=guidance, **(guide or {})), **setting.options
    )
    plan = Plan(epochs=epochs, batch_size=32, average=0.98, precision="no", **setting.plan)
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
    own_maps = torch.cat(list(_own_class_maps(trained, crops(drawn.no_mark))))
    return Lesson(
        **accuracy,
        agreement=_agreement(clean.attention, clean, classes),
        map_agreement=_agreement(own_maps, clean, classes),
    )


@torch.inference_mode()
def _own_class_maps(trained, faces: Cropper):
    for indices in torch.arange(len(faces.faces)).split(100):
        batch = faces(indices, torch.Generator())
        yield trained.predict(batch.faces).class_maps[torch.arange(len(indices)), batch.label]


def _agreement(maps, said, classes) -> float:
    """Mean centred cosine of the maps with the true regions."""
    book = load_codebook(DEFAULT_CODEBOOK)
    units = render_au_maps(said.landmarks, (12, 12), extent=(48, 48), action_units=book.action_units)
    truth, valid = expression_maps(units, book.weights(classes, book.action_units))
    rows = torch.arange(len(said.truth))
    kept = valid[rows, said.truth]
    return centred_cosine(maps[kept], truth[rows, said.truth][kept]).nanmean().item()


def crops(drawn, augmentation: Augmentation | None = None) -> Cropper:
    options = {} if augmentation is None else {"augmentation": augmentation}
    return Cropper(drawn.faces, size=48, standardise=standardise, **options)
