"""What the shipped reader's decisions lose without action unit regions, on FER+ validation faces.

    FACSIGHT_DATA=path/to/data python benchmarks/causal_units.py [--faces 600]

For each class that the reader reads, over the faces that it reads so: falls of the calibrated probability
without each of the class's units and without its controls, the rank agreement of these effects with the
shares of attention, and what the decision loses without all units, as much elsewhere, and all else. Times are
those of the processor, summed over threads: they do not depend on what else the machine does.
"""

import argparse
import time
from pathlib import Path

import torch
from torch import Tensor

from facsight.experiment import crops, load_faces
from facsight.explain.causal_units import audit_effects, rank_agreement, unit_effects
from facsight.facs.au_maps import render_au_maps
from facsight.facs.codebook import load_codebook
from facsight.facs.evidence import action_unit_shares
from facsight.facs.regions import REGIONS
from facsight.hub import bundled_weights
from facsight.nn.classifier import fold_normalisation, read_both_ways
from facsight.nn.weights import load_network
from facsight.recipe import read_recipe
from record import record

RECIPE = Path(__file__).parent.parent / "recipes" / "guided" / "ferplus.toml"


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--faces", type=int, default=600)
    count = options.parse_args().faces
    network, card = load_network(bundled_weights())
    network = fold_normalisation(network).to(memory_format=torch.channels_last)  # pyright: ignore
    recipe, book = read_recipe(RECIPE), load_codebook(card["codebook"])
    cropper = crops(recipe, load_faces(recipe, "val"), augment=False)
    rows = torch.randperm(len(cropper.faces), generator=torch.Generator().manual_seed(0))[:count]
    faces = cropper(rows, torch.Generator()).faces

    def score(pixels: Tensor) -> Tensor:
        return network(pixels.contiguous(memory_format=torch.channels_last)).logits / card["temperature"]

    with torch.inference_mode():
        said = read_both_ways(network, faces.pixels)
    about, units = said.label, book.action_units
    weights = book.weights(card["classes"], units)[about]
    given = {"weights": weights, "generator": torch.Generator().manual_seed(0)}
    start = time.process_time()
    effects = unit_effects(score, faces.pixels, faces.landmarks, about, units, **given)
    middle = time.process_time()
    audit = audit_effects(score, faces.pixels, faces.landmarks, about, units, **given)
    end = time.process_time()
    maps = render_au_maps(faces.landmarks, (12, 12), extent=faces.pixels.shape[2:], action_units=units)
    shares, _ = action_unit_shares(said.attention, maps, weights)
    agreement = rank_agreement(torch.where(effects.valid, shares, torch.nan), effects.probability.beyond)
    by_class = {}
    for index, name in enumerate(card["classes"]):
        own = (about == index) & audit.valid
        if own.any():
            by_class[name] = {
                "faces": int(own.sum()),
                "before": mean(audit.before[own]),
                "without_all_units": mean(audit.units.removed[own]),
                "without_as_much_elsewhere": mean(audit.units.control[own]),
                "without_all_else": mean(audit.rest[own]),
                "area": mean(audit.area[own]),
                "rank_agreement": mean(agreement[own]),
                "units": {
                    f"AU{unit}": {
                        "removed": mean(effects.probability.removed[own, at]),
                        "control": mean(effects.probability.control[own, at]),
                        "attention_share": mean(shares[own, at]),
                        "causal_share": mean(effects.shares[own, at]),
                    }
                    for at, unit in enumerate(units)
                    if effects.valid[own, at].any()
                },
            }
    results = {
        "faces": len(rows),
        "with_units": int(audit.valid.sum()),
        "removal": "surroundings",
        "without_all_units": with_interval(audit.units.removed),
        "without_as_much_elsewhere": with_interval(audit.units.control),
        "difference": with_interval(audit.units.beyond),
        "without_all_else": with_interval(audit.rest),
        "rank_agreement": with_interval(agreement),
        "milliseconds_of_processor_time": {
            "unit_effects_per_face": round((middle - start) / len(rows) * 1000, 1),
            "audit_per_face": round((end - middle) / len(rows) * 1000, 1),
            "one_face_with_every_region": round(time_of_one_face(score, faces) * 1000),
            "regions": len(REGIONS),
        },
        "by_class": by_class,
    }
    for name in ("difference", "without_all_else", "rank_agreement", "milliseconds_of_processor_time"):
        print(name, results[name])
    record("causal-units", results)


def time_of_one_face(score, faces) -> float:
    """Seconds of processor time for one face and all regions, the best of five."""
    best = float("inf")
    for _ in range(5):
        start = time.process_time()
        unit_effects(
            score,
            faces.pixels[:1],
            faces.landmarks[:1],
            torch.tensor([1]),
            tuple(REGIONS),
            generator=torch.Generator().manual_seed(0),
        )
        best = min(best, time.process_time() - start)
    return best


def mean(values: Tensor) -> float | None:
    """None where no face has a value."""
    found = values[values.isfinite()]
    return round(found.mean().item(), 4) if len(found) else None


def with_interval(values: Tensor) -> dict[str, object]:
    """The mean over faces with a bootstrap interval of 95 %."""
    found = values[values.isfinite()].double()
    generator = torch.Generator().manual_seed(0)
    draws = found[torch.randint(len(found), (2000, len(found)), generator=generator)].mean(dim=1)
    ends = draws.quantile(torch.tensor([0.025, 0.975], dtype=torch.float64)).tolist()
    return {"value": mean(found), "interval": [round(end, 4) for end in ends], "faces": len(found)}


if __name__ == "__main__":
    main()
