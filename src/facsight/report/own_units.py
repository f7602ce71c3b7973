"""What each action unit's own head says of a face on the page: decision, probability, and its own map."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from facsight.analysis.wording import percent, unit_name
from facsight.report.pictures import attention_picture, data_uri


def own_units(
    row: Mapping[str, Any], face: np.ndarray | None, thresholds: Mapping[int, float | None]
) -> list[dict[str, Any]]:
    """A card a unit in the order of their numbers; nothing where no network of action units was asked."""
    if row.get("unit_maps") is None:
        return []
    maps = np.array(row["unit_maps"], dtype=np.float32).reshape(len(thresholds), -1, row["unit_map_width"])
    cards = [
        _card(unit, threshold, row[f"AU{unit:02d}_probability"], own, face)
        for (unit, threshold), own in zip(thresholds.items(), maps, strict=True)
    ]
    return sorted(cards, key=lambda card: card["unit"])


def _card(
    unit: int, threshold: float | None, chance: float, own: np.ndarray, face: np.ndarray | None
) -> dict[str, Any]:
    if threshold is None:
        decision, limit = "not decided", "no threshold"
    else:
        decision, limit = ("present" if chance >= threshold else "absent"), f"from {percent(threshold)} on"
    return {
        "unit": unit,
        "name": unit_name(unit),
        "decision": decision,
        "value": percent(chance),
        "limit": limit,
        "picture": data_uri(attention_picture(face, own)),
        "alt": f"Where the decision on {unit_name(unit)} comes from",
    }
