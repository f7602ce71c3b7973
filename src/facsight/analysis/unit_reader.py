"""What a network of action units says of a face, beside what the reader says: each unit with its own map."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from facsight.analysis.columns import Column
from facsight.analysis.wording import unit_name
from facsight.hub import sha256
from facsight.nn.unit_network import read_units_both_ways
from facsight.nn.unit_weights import load_unit_network
from facsight.training.run_folder import WEIGHTS


@dataclass(frozen=True, eq=False)
class UnitReading:
    """Whether one action unit shows on a face, and where its own head's decision comes from.

    `present` says whether `probability` reaches `threshold`; both are None where the unit has no threshold,
    as it never showed where thresholds were chosen. `evidence` is 0 or more, over the aligned face.
    """

    action_unit: int
    probability: float
    threshold: float | None
    present: bool | None
    evidence: Float[np.ndarray, "h w"] = field(repr=False)


class UnitReader:
    """Reads action units from aligned faces by a trained network of them: a run folder or its weights."""

    def __init__(self, run: str | Path):
        path = Path(run)
        self.weights = path / WEIGHTS if path.is_dir() else path
        self.network, self.card = load_unit_network(self.weights)
        self.action_units = self.network.action_units
        self.thresholds: tuple[float | None, ...] = tuple(self.card["thresholds"])
        self.crop_size = int(self.card["crop_size"])

    @torch.inference_mode()
    def read(self, pixels: Float[Tensor, "batch 1 side side"]) -> list[tuple[UnitReading, ...]]:
        """The units of each face, in the network's order."""
        said = read_units_both_ways(self.network, pixels)
        maps = said.maps.numpy()
        return [
            tuple(
                UnitReading(unit, chance, threshold, None if threshold is None else chance >= threshold, own)
                for unit, chance, threshold, own in zip(
                    self.action_units, row, self.thresholds, evidence, strict=True
                )
            )
            for row, evidence in zip(said.probabilities.tolist(), maps, strict=True)
        ]

    @property
    def columns(self) -> tuple[Column, ...]:
        """What a table has of each unit."""
        return tuple(
            column
            for unit, threshold in zip(self.action_units, self.thresholds, strict=True)
            for column in _columns(unit, threshold)
        )

    def describe(self) -> dict[str, Any]:
        """Which network this is, as plain data: two that say the same read the same."""
        return {
            "card": {key: value for key, value in self.card.items() if key != "architecture"},
            "weights": {"file": self.weights.name, "sha256": sha256(self.weights)},
        }


def _columns(unit: int, threshold: float | None) -> tuple[Column, Column]:
    reached = "it has no threshold" if threshold is None else f"probability reaches {threshold:g}"
    return (
        Column(
            f"AU{unit:02d}_probability",
            "number",
            "probability",
            "0 to 1",
            f"probability that {unit_name(unit)} shows, by its own head",
        ),
        Column(f"AU{unit:02d}_present", "integer", "", "0, 1", f"whether {unit_name(unit)} shows: {reached}"),
    )
