"""How often labels of a test split were opened, kept in the folder of the scores.

Labels that are looked at again and again choose the model: the tenth score is a validation score.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from facsight.core.errors import BadOutput
from facsight.core.saving import whole_file

LEDGER = "test-labels-opened.json"


def note_opening(folder: Path, protocol: str, origin: str, predictions: str) -> dict[str, Any]:
    """Write down that test labels are opened now; gives how many times it has been for this protocol.

    `BadOutput` where the folder's list is no list any more: it is never started anew silently.
    """
    ledger = folder / LEDGER
    entries = _entries(ledger)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    entries.append({"protocol": protocol, "labels": origin, "predictions": predictions, "when": now})
    with whole_file(ledger) as partial:
        partial.write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")
    times = [entry["when"] for entry in entries if entry["protocol"] == protocol]
    return {"opened": len(times), "when": times[-1], "first": times[0]}


def _entries(ledger: Path) -> list[dict[str, Any]]:
    if not ledger.is_file():
        return []
    try:
        found = json.loads(ledger.read_text(encoding="utf-8"))
        if all(isinstance(entry, dict) and {"protocol", "when"} <= entry.keys() for entry in found):
            return found
    except (ValueError, TypeError):
        pass
    raise BadOutput(
        f"{ledger} does not list openings of test labels any more; move it away, or score elsewhere"
    )
