"""Simulated recordings: several modalities of planted affect, for testing what a fusion learns.

simulate(24, scenario="agreement", generator=generator)     # a SequenceSet like any other
load_simulated(split="train", scenario="stretches")         # the same for recipes: `data.name = "simulated"`

write_simulated(Path("folder"), recordings)                 # as `facsight prepare` writes recordings

Scenarios: see `facsight.data.simulated.recordings`. Nothing measured on them says how a network does on
people.
"""

from facsight.data.simulated.loading import load_simulated
from facsight.data.simulated.on_disk import write_simulated
from facsight.data.simulated.recordings import AFFECT, MOOD, SCENARIOS, simulate

__all__ = ["AFFECT", "MOOD", "SCENARIOS", "load_simulated", "simulate", "write_simulated"]
