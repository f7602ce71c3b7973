"""What each action unit's own head says of a face on the page: decision, probability, and its own map."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float32

from facsight.analysis.wording import percent, unit_name
from facsight.report.pictures import attention_picture, data_uri


def thresholds_of(reader: Mapping[str, Any]) -> dict[int, float | None]:
    """The units of the network that was asked beside a reader, with their thresholds; none without one."""
    card = reader.get("units", {}).get("card", {"action_units": [], "thresholds": []})
    return dict(zip(card["action_units"], card["thresholds"], strict=True))


def learnt_on(reader: Mapping[str, Any]) -> str:
    """What the network of action units has learnt from; empty where none was asked."""
    if "units" not in reader:
        return ""
    card = reader["units"]["card"]
    return f"{card['data']}{', from expressions alone: no unit was coded' if card.get('weak') else ''}"


def own_units(
    row: Mapping[str, Any], face: np.ndarray | None, thresholds: Mapping[int, float | None]
) -> list[dict[str, Any]]:
    """A card a unit in the order of their numbers; nothing where no network of action units was asked."""
    if row.get("unit_maps") is None:
        return []
    maps = maps_of(row, list(thresholds))
    return [
        unit_card(unit, thresholds[unit], row[f"AU{unit:02d}_probability"], maps[unit], face)
        for unit in sorted(thresholds)
    ]


def maps_of(row: Mapping[str, Any], units: Sequence[int]) -> dict[int, Float32[np.ndarray, "h w"]]:
    """Each unit's own map from a row of a table; `units` in the network's order."""
    maps = np.array(row["unit_maps"], dtype=np.float32).reshape(len(units), -1, row["unit_map_width"])
    return dict(zip(units, maps, strict=True))


def unit_card(
    unit: int, threshold: float | None, chance: float, own: np.ndarray, face: np.ndarray | None
) -> dict[str, Any]:
    """What the page shows of one unit: its decision in words, and its map over the face or alone."""
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
