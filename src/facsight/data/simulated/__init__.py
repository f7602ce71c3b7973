"""Simulated recordings, for testing what a fusion learns, and simulated people, for adapting to one of them.

simulate(24, scenario="agreement", generator=generator)     # a SequenceSet like any other
load_simulated(split="train", scenario="stretches")         # the same for recipes: `data.name = "simulated"`

write_simulated(Path("folder"), recordings)                 # as `facsight prepare` writes recordings

simulate_people(30, generator=generator)                    # planted expressions in styles of their own

Scenarios: see `facsight.data.simulated.recordings`. Nothing measured on them says how a network does on
people.
"""

from facsight.data.simulated.loading import load_simulated
from facsight.data.simulated.on_disk import write_simulated
from facsight.data.simulated.people import NOBODY, Style, neutral_clips, simulate_people
from facsight.data.simulated.recordings import AFFECT, MOOD, SCENARIOS, simulate

__all__ = [
    "AFFECT",
    "MOOD",
    "NOBODY",
    "SCENARIOS",
    "Style",
    "load_simulated",
    "neutral_clips",
    "simulate",
    "simulate_people",
    "write_simulated",
]
