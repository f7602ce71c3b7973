"""Simulated recordings: several modalities of planted affect, for testing what a fusion learns.

simulate(24, scenario="agreement", generator=generator)     # a SequenceSet like any other
load_simulated(split="train", scenario="stretches")         # the same for recipes: `data.name = "simulated"`

simulate_tasks(24, generator=generator)                     # three tasks at once

write_simulated(Path("folder"), recordings)                 # as `facsight prepare` writes recordings

Scenarios: see `facsight.data.simulated.recordings`; tasks: `facsight.data.simulated.tasks`. Nothing measured
on them says how a network does on people.
"""

from facsight.data.simulated.loading import load_simulated, load_tasks
from facsight.data.simulated.on_disk import write_simulated
from facsight.data.simulated.recordings import AFFECT, MOOD, SCENARIOS, simulate
from facsight.data.simulated.tasks import TASKS, simulate_tasks

__all__ = [
    "AFFECT",
    "MOOD",
    "SCENARIOS",
    "TASKS",
    "load_simulated",
    "load_tasks",
    "simulate",
    "simulate_tasks",
    "write_simulated",
]
