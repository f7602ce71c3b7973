"""How long AU maps take: python benchmarks/au_maps.py

The target is 25 ms for 256 faces at 28 x 28 on two cores, with all units that have a region. Best and median
of many runs: another program on the machine makes both larger, hence the processor time as well.
"""

import time
from collections.abc import Callable

import torch

from facsight.core.landmarks import RIGID, RIGID_TEMPLATE
from facsight.facs.au_maps import expression_maps, label_maps, render_au_maps
from facsight.facs.codebook import load_codebook
from facsight.facs.regions import REGIONS
from record import record

FACES, SIZE, EXTENT, TARGET_MS = 256, (28, 28), (224, 224), 25.0


def milliseconds(work: Callable[[], object], repeats: int = 100) -> dict[str, float]:
    """Best and median time of one call."""
    for _ in range(5):
        work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - start))
    times.sort()
    return {"best_ms": round(times[0], 2), "median_ms": round(times[len(times) // 2], 2)}


def one_thread(work: Callable[[], object], repeats: int = 50) -> dict[str, float]:
    """Best time and median processor time of one call on one thread, which a busy machine disturbs less."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    best = milliseconds(work, repeats)["best_ms"]
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(1000 * (time.process_time() - start))
    torch.set_num_threads(threads)
    return {"one_thread_best_ms": best, "one_thread_processor_ms": round(sorted(times)[repeats // 2], 2)}


def faces(generator: torch.Generator) -> torch.Tensor:
    """Landmarks of about the right size: the drawing takes as long wherever they lie in the crop."""
    landmarks = torch.rand(FACES, 68, 2, generator=generator) * 60 + 82
    landmarks[:, list(RIGID)] = torch.tensor(RIGID_TEMPLATE) * EXTENT[0]
    return landmarks


def main() -> None:
    torch.set_num_threads(2)
    landmarks = faces(torch.Generator().manual_seed(0))
    book = load_codebook("facsight")
    classes = list(book.expressions)
    weights = book.weights(classes, book.action_units)
    of_labels = weights[torch.arange(FACES) % len(classes)]
    wanted = landmarks.clone().requires_grad_()

    def all_units():
        return render_au_maps(landmarks, SIZE, extent=EXTENT)

    def codebook_units():
        return render_au_maps(landmarks, SIZE, extent=EXTENT, action_units=book.action_units)

    def with_gradient():
        wanted.grad = None
        render_au_maps(wanted, SIZE, extent=EXTENT).maps.sum().backward()

    def guidance():
        return label_maps(landmarks, of_labels, (12, 12), extent=EXTENT, action_units=book.action_units)

    drawn = codebook_units()
    assert all_units().valid.all()
    results = {
        "target_ms": TARGET_MS,
        "action_units": len(REGIONS),
        "maps of all units, 256 faces at 28 x 28": milliseconds(all_units) | one_thread(all_units),
        "the same with gradient to the landmarks": milliseconds(with_gradient, 30),
        f"maps of {len(book.action_units)} units (codebook facsight)": milliseconds(codebook_units),
        "joining them into 7 expressions": milliseconds(lambda: expression_maps(drawn, weights), 30),
        "maps of 256 labels at 12 x 12, as in training": milliseconds(guidance),
    }
    for name, value in results.items():
        print(f"{name:50} {value}")
    print(record("au_maps", results))


if __name__ == "__main__":
    main()
