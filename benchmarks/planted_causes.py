"""Every explainer against planted causes: readers of drawn faces that can only have learnt one thing.

    python benchmarks/planted_causes.py [--seeds 3]

A reader of *units* has seen stickers that say nothing; a reader of *stickers* has seen faces that say
nothing, as every class shows the same action units. Each is trained without and with AU guidance, which
pulls its attention to the action units of the label whatever the cause. Explainers are asked about the true
class of new persons' faces that are read right, and scored against the cause: the area under the curve inside
the region of the label's units, or of the sticker (0.5 says nothing), and the share of faces on which the
map's peak lies in the region (pointing game). The attention of a guided sticker reader points at the units:
its score against the sticker shows how far a map can be trained to lie, and its removals whether that is
found out.
"""

import argparse
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from facsight import catalog
from facsight.audit.verdicts import rests_on_units
from facsight.core.labels import LabelSpace
from facsight.data.crops import Augmentation
from facsight.data.drawn import DrawnFaces, NuisanceMark, draw_faces
from facsight.data.drawn.nuisance import LEFT_FOREHEAD, LEFT_JAW, RIGHT_FOREHEAD, RIGHT_JAW
from facsight.explain import EXPLAINERS, explain
from facsight.explain.causal_units import audit_effects
from facsight.facs.au_maps import label_maps
from facsight.facs.codebook import load_codebook
from facsight.facs.guide import Guide
from facsight.functional import geometry
from facsight.metrics.floors import face_hull
from facsight.metrics.localisation import area_under_curve, pointing_game, region_of
from facsight.metrics.resampling import mean_intervals, resample_counts
from facsight.nn.weights import build_network
from facsight.training.fit import fit
from facsight.training.plan import Plan
from facsight.training.run_folder import RunFolder
from record import record

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from planted_guidance import SETTINGS, crops

SPACE = LabelSpace("planted", ("happiness", "surprise", "fear", "sadness"))
CAUSES = {"happiness": {12: 1.0}, "surprise": {1: 1.0, 2: 1.0}, "fear": {20: 1.0}, "sadness": {15: 1.0}}
SAME_FOR_ALL = {name: {12: 0.25, 1: 0.25, 2: 0.25, 20: 0.25, 15: 0.25} for name in SPACE.classes}
PLACES = dict(zip(SPACE.classes, (LEFT_FOREHEAD, RIGHT_JAW, RIGHT_FOREHEAD, LEFT_JAW), strict=True))
#: Mirroring would make two stickers the same.
AUGMENTATION = Augmentation(roll=3.0, scale=0.03, shift=0.02, mirror=0.0, contrast=0.1, blur=0.0, erase=0.0)

#: Networks, and the explainers that are asked of each.
NETWORKS = {
    "cnn": ("gap", [name for name in EXPLAINERS if not name.startswith("attention_")]),
    "transformer": ("ts_cam", ["attention", "attention_rollout", "attention_relevance"]),
}
GUIDANCE = {"unguided": 0.0, "guided": 4.0}
RATES = {"optimizer": "adamw", "rate": 0.004, "weight_decay": 0.05}
EPOCHS, TRAINED_ON, ASKED, SIDE = 10, 1000, 100, 48


@dataclass(frozen=True)
class Asked:
    """New persons' faces that a reader reads right, with the region that makes their label."""

    pixels: Tensor
    landmarks: Tensor
    label: Tensor
    region: Tensor
    accuracy: float


def draw(count: int, seed: int, cause: str, people: range, *, marked: bool = True) -> DrawnFaces:
    """Faces of which units, or stickers, tell the label, and the other says nothing."""
    agreement = 1 / len(SPACE) if cause == "units" else 1.0
    return draw_faces(
        count,
        generator=torch.Generator().manual_seed(seed),
        space=SPACE,
        recipe=CAUSES if cause == "units" else SAME_FOR_ALL,
        people=people,
        difficulty=0.1,
        mark=NuisanceMark(PLACES, agreement) if marked else None,
    )


def learn(cause: str, setting_name: str, guidance: float, seed: int) -> nn.Module:
    """A reader, trained as the package trains."""
    setting = SETTINGS[setting_name]
    torch.manual_seed(seed)
    network = build_network(len(SPACE), head=setting.head, **setting.network)
    method = catalog.load("methods", setting.method)(network, Guide(SPACE.classes, weight=guidance))
    plan = Plan(epochs=EPOCHS, batch_size=32, average=0.98, precision="no", **RATES)
    faces = crops(draw(TRAINED_ON, seed, cause, range(1000)), AUGMENTATION)
    with tempfile.TemporaryDirectory() as folder:
        return (
            fit(method, faces, plan, RunFolder(Path(folder), ""), seed=seed).get_submodule("network").eval()
        )


@torch.no_grad()
def ask(network: nn.Module, cause: str, seed: int) -> Asked:
    """What is read right of new persons' faces, no two of them in training."""
    persons, number = range(1000, 2000), 1000 + seed
    drawn = draw(ASKED, number, cause, persons)
    cropped = crops(drawn)
    batch = cropped(torch.arange(len(drawn)), torch.Generator())
    pixels, landmarks, label = batch.faces.pixels, batch.faces.landmarks, batch.label
    right = network(pixels).logits.argmax(dim=1) == label
    if cause == "units":
        region = units_of(landmarks, label)
    else:
        region = changed(drawn, draw(ASKED, number, cause, persons, marked=False), cropped.alignment)
    return Asked(pixels[right], landmarks[right], label[right], region[right], right.float().mean().item())


def units_of(landmarks: Tensor, label: Tensor) -> Tensor:
    """Where the units that make each face's label act: half of the peak of their map."""
    units = tuple(sorted({unit for of_class in CAUSES.values() for unit in of_class}))
    weights = torch.tensor([[float(unit in CAUSES[name]) for unit in units] for name in SPACE.classes])
    maps, _ = label_maps(landmarks, weights[label], (SIDE, SIDE), extent=(SIDE, SIDE), action_units=units)
    return region_of(maps)


def changed(drawn: DrawnFaces, bare: DrawnFaces, alignment: Tensor) -> Tensor:
    """Where the sticker is on the crop, and two pixels around it: what the same faces without do not show."""
    differs = (drawn.faces.images.int() - bare.faces.images.int()).abs() > 30
    on_crop = geometry.warp(255.0 * differs, alignment, (SIDE, SIDE)) > 127
    return nn.functional.max_pool2d(on_crop.float(), 5, stride=1, padding=2).squeeze(1) > 0


def judged(maps: Tensor, region: Tensor) -> dict[str, float]:
    return {
        "auc": area_under_curve(maps, region).nanmean().item(),
        "pointing": pointing_game(maps, region).nanmean().item(),
    }


def removals(network: nn.Module, asked: Asked) -> dict[str, float]:
    """What the decisions lose without all action units of the label, and the audit's verdict in words."""
    book = load_codebook("facsight")
    effects = audit_effects(
        lambda pixels: network(pixels).logits,
        asked.pixels,
        asked.landmarks,
        asked.label,
        book.action_units,
        weights=book.weights(SPACE.classes, book.action_units)[asked.label],
        generator=torch.Generator().manual_seed(0),
    )
    drops = torch.stack([effects.units.removed, effects.units.control, effects.units.beyond], dim=1)
    drops = drops[effects.valid]
    counts = resample_counts(len(drops), generator=torch.Generator().manual_seed(0))
    answer = rests_on_units(*mean_intervals(drops, counts), len(drops)).answer
    return {
        "units_removed": drops[:, 0].mean().item(),
        "control": drops[:, 1].mean().item(),
        "all_else_removed": effects.rest[effects.valid].mean().item(),
        **{f"verdict_{word}": float(answer == word) for word in ("yes", "no", "undecided")},
    }


def examine(cause: str, name: str, guidance: float, seed: int) -> dict[str, dict[str, float]]:
    """Scores of each explainer, and of the floors, on one reader."""
    setting, explainers = NETWORKS[name]
    network = learn(cause, setting, guidance, seed)
    asked = ask(network, cause, seed)
    found = {"reader": {"accuracy": asked.accuracy} | removals(network, asked)}
    for explainer in explainers:
        maps = explain(network, asked.pixels, about=asked.label, method=explainer, batch_size=50)
        found[explainer] = judged(maps, asked.region)
    hull = face_hull(asked.landmarks, (SIDE, SIDE), extent=(SIDE, SIDE))
    noise = torch.rand(len(hull), SIDE, SIDE, generator=torch.Generator().manual_seed(seed))
    found["floor: face hull"] = judged(hull, asked.region)
    found["floor: noise"] = judged(noise, asked.region)
    return found


def spread(runs: list[dict[str, dict[str, float]]]) -> dict[str, dict[str, dict[str, float]]]:
    """Mean and standard deviation over seeds."""
    return {
        row: {
            score: {
                "mean": round(statistics.mean(run[row][score] for run in runs), 3),
                "sd": round(statistics.stdev(run[row][score] for run in runs), 3) if len(runs) > 1 else 0.0,
            }
            for score in scores
        }
        for row, scores in runs[0].items()
    }


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--seeds", type=int, default=3)
    seeds = options.parse_args().seeds
    found: dict[str, object] = {"seeds": seeds}
    for name in NETWORKS:
        for cause in ("units", "stickers"):
            for guided, guidance in GUIDANCE.items():
                runs = [examine(cause, name, guidance, seed) for seed in range(seeds)]
                found[f"{name}, cause {cause}, {guided}"] = spread(runs)
                print(name, cause, guided, [run["reader"] for run in runs], flush=True)
                record("planted_causes", found)


if __name__ == "__main__":
    main()
