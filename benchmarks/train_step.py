"""What guidance costs: one training step with and without it, interleaved in one run.

    python benchmarks/train_step.py

Drawn faces, the shipped network, batch of 64. The ratio of medians is what the docs quote.
"""

import statistics
import time

import torch

from facsight.data.crops import Augmentation, Cropper
from facsight.data.drawn import draw_faces
from facsight.facs.guide import Guide
from facsight.methods.guided.action_units import ActionUnitGuidance
from facsight.nn.pixels import standardise
from facsight.nn.weights import build_network
from record import record

BATCH, ROUNDS, WARM = 64, 60, 3


def step_seconds(method, optimizer, cropper, generator) -> float:
    """Seconds for cropping, forward, backward and update of one batch."""
    start = time.perf_counter()
    batch = cropper(torch.arange(BATCH), generator)
    with torch.autocast("cpu", torch.bfloat16):
        terms = method.objective(batch, 0.5)
    optimizer.zero_grad(set_to_none=True)
    terms.total.backward()
    optimizer.step()
    return time.perf_counter() - start


def main() -> None:
    generator = torch.Generator().manual_seed(0)
    faces = draw_faces(BATCH, generator=generator, size=48).faces
    cropper = Cropper(faces, size=48, standardise=standardise, augmentation=Augmentation())
    runs = {}
    for name, weight in (("unguided", 0.0), ("guided", 2.0)):
        network = build_network(len(faces.space)).to(memory_format=torch.channels_last)
        method = ActionUnitGuidance(network, Guide(faces.space.classes, weight=weight)).train()
        runs[name] = (method, torch.optim.SGD(method.parameters(), 0.01), [])
    for _ in range(WARM + ROUNDS):
        for method, optimizer, seconds in runs.values():
            seconds.append(step_seconds(method, optimizer, cropper, generator))
    medians = {name: statistics.median(seconds[WARM:]) for name, (_, _, seconds) in runs.items()}
    best = {name: min(seconds[WARM:]) for name, (_, _, seconds) in runs.items()}
    results = {
        "batch": BATCH,
        "rounds": ROUNDS,
        "median_ms": {name: round(value * 1000, 2) for name, value in medians.items()},
        "best_ms": {name: round(value * 1000, 2) for name, value in best.items()},
        "ratio_of_medians": round(medians["guided"] / medians["unguided"], 4),
        "ratio_of_best": round(best["guided"] / best["unguided"], 4),
    }
    print(results)
    record("train_step", results)


if __name__ == "__main__":
    main()
