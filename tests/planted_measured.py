"""Readings as plain data, by hand and at random, that explanations are made of."""

import random

from facsight.core.labels import EXPRESSIONS
from facsight.words.explanation.measured import Measured

TIED = {"happiness": (6, 12, 25), "sadness": (1, 4, 15), "surprise": (1, 2, 5, 26), "anger": (4, 5, 7, 23)}

#: Sure, and evidence and decision agree.
SURE = Measured(
    label="happiness",
    expression={"happiness": 0.93, "surprise": 0.05, "neutral": 0.02},
    attention={12: 0.312, 6: 0.149, 25: 0.04},
    elsewhere=0.499,
    floor=0.4,
    agreement=0.912,
    rank=1,
    left=0.61,
    tied=(6, 12, 25),
    hidden={12: 0.62, 6: 0.91},
    hidden_elsewhere={12: 0.9, 6: 0.92},
    pose={"yaw": 12.4, "pitch": -3.6, "roll": 0.2},
)

#: Unsure, and everything speaks against it.
TORN = Measured(
    label="sadness",
    expression={"sadness": 0.41, "neutral": 0.39, "anger": 0.2},
    attention={4: 0.2, 1: 0.1, 15: 0.05},
    elsewhere=0.65,
    floor=0.3,
    agreement=0.31,
    rank=3,
    tied=(1, 4, 15),
    units={1: 0.2, 4: 0.1, 12: 0.8},
    present={1: False, 4: False, 12: True},
    cautions=("uncertain", "misfit"),
    time=1.25,
)

#: A neutral face: no places belong to it.
NEUTRAL = Measured(
    label="neutral",
    expression={"neutral": 0.8, "sadness": 0.2},
    left=0.5,
    contrast={6: 0.16, 4: 0.1},
)


def any_measured(draw: random.Random) -> Measured:
    """A reading with values from all over their range, some of them unknown."""
    weights = {name: draw.random() ** 4 + 1e-6 for name in EXPRESSIONS}
    chances = {name: weight / sum(weights.values()) for name, weight in weights.items()}
    label = max(chances, key=lambda name: chances[name])
    tied = TIED.get(label, ())
    placed = bool(tied) and draw.random() < 0.9
    parts = [draw.random() for _ in range(len(tied) + 1)]
    shares = [part / sum(parts) for part in parts]
    rank = draw.choice([1, 1, 2, 5]) if placed else None
    asked = [*tied, 9] if draw.random() < 0.5 else []
    return Measured(
        label=label,
        expression=chances,
        attention=dict(zip(tied, shares, strict=False)) if placed else {},
        elsewhere=shares[-1] if placed else None,
        floor=draw.random() if placed else None,
        agreement=draw.uniform(-1, 1) if placed else None,
        rank=rank,
        left=draw.choice([None, draw.random()]),
        tied=tied,
        contrast={unit: draw.random() for unit in draw.sample([1, 2, 4, 6, 12, 27], 3)},
        units={unit: draw.random() for unit in asked},
        present={unit: draw.random() < 0.5 for unit in asked},
        hidden={unit: draw.random() for unit in tied} if placed else {},
        hidden_elsewhere={unit: draw.random() for unit in tied} if placed else {},
        pose={axis: draw.uniform(-90, 90) for axis in ("yaw", "pitch", "roll")}
        if draw.random() < 0.8
        else {},
        cautions=(*(("misfit",) if rank and rank > 1 else ()), *draw.sample(["tiny", "cut", "uncertain"], 1)),
        time=draw.choice([None, draw.uniform(0, 100)]),
    )
