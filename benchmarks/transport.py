"""Sinkhorn for many problems at once, beside POT's loop over them.

    python benchmarks/transport.py

Uniform masses, random costs, 64 problems of 64 x 64, double precision. POT is given tensors, so that its
torch back end works, in the log domain and plain; like ours it looks at every tenth round whether it is done.
How far each then is from the exact plan stands beside the times: medians of processor time on one thread,
which other work on the machine disturbs least, interleaved in one run.
"""

import statistics
import time
from collections.abc import Callable

import ot
import torch
from torch import Tensor

from facsight.functional.transport import sinkhorn_plan
from record import record

PROBLEMS, SIDE, ROUNDS, REPEATS = 64, 64, 5000, 7
#: POT stops at the norm of the error of all masses, ours at the largest error of one as a share of it.
TOLERANCE = 1e-6


def by_pot(costs: Tensor, epsilon: float, method: str) -> Tensor:
    """Each problem by itself."""
    even = torch.full((SIDE,), 1 / SIDE, dtype=costs.dtype)
    options = {"method": method, "numItermax": ROUNDS, "stopThr": TOLERANCE / SIDE, "warn": False}
    return torch.stack([ot.sinkhorn(even, even, cost, epsilon, **options) for cost in costs])


def seconds(solve: Callable[[], Tensor]) -> tuple[float, Tensor]:
    start = time.process_time()
    found = solve()
    return time.process_time() - start, found


def row_error(plan: Tensor) -> float:
    """The largest error of a row's mass, as a share of it."""
    return float((plan.sum(dim=2) * SIDE - 1).abs().max())


def compare(costs: Tensor, epsilon: float) -> dict[str, object]:
    """Medians, and how far plans and masses are off, at one epsilon."""
    solvers = {
        "ours": lambda: sinkhorn_plan(costs, epsilon=epsilon, tolerance=TOLERANCE, rounds=ROUNDS),
        "pot_log": lambda: by_pot(costs, epsilon, "sinkhorn_log"),
        "pot_plain": lambda: by_pot(costs, epsilon, "sinkhorn"),
    }
    taken: dict[str, list[float]] = {name: [] for name in solvers}
    plans = {}
    for _ in range(REPEATS):
        for name, solve in solvers.items():
            spent, plans[name] = seconds(solve)
            taken[name].append(spent)
    medians = {name: statistics.median(each) for name, each in taken.items()}
    exact = sinkhorn_plan(costs, epsilon=epsilon, tolerance=1e-13, rounds=50_000)
    return {
        "epsilon": epsilon,
        "median_ms": {name: round(1000 * value, 1) for name, value in medians.items()},
        "times_faster_than_pot_log": round(medians["pot_log"] / medians["ours"], 2),
        "times_faster_than_pot_plain": round(medians["pot_plain"] / medians["ours"], 2),
        "row_error": {name: row_error(plan) for name, plan in plans.items()},
        "off_the_exact_plan": {name: float((plan - exact).abs().max()) for name, plan in plans.items()},
    }


def main() -> None:
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    costs = torch.rand(PROBLEMS, SIDE, SIDE, generator=generator, dtype=torch.float64)
    found = [compare(costs, epsilon) for epsilon in (1.0, 0.1, 0.05)]
    for one in found:
        print(one)
    record("transport", {"problems": PROBLEMS, "side": SIDE, "repeats": REPEATS, "by_epsilon": found})


if __name__ == "__main__":
    main()
