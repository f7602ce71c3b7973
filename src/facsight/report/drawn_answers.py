"""What a run of action units says of a few drawn validation faces, with maps: nobody is on these pictures."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from facsight import catalog
from facsight.nn.unit_network import read_units_both_ways
from facsight.recipe import read_recipe
from facsight.report.own_units import unit_card
from facsight.report.pictures import FACE_SIDE, data_uri, enlarged
from facsight.training.run_folder import RECIPE, WEIGHTS
from facsight.unit_experiment.training import open_unit_run

#: Faces that are shown, and units of each: those that show, and those that are said to.
FACES, UNITS = 4, 6
_DRAWN = "facsight.data.drawn"


def drawn_answers(folder: Path) -> list[dict[str, Any]]:
    """Some faces with what was drawn, what is said, and the maps; none where real faces were learnt from."""
    data = read_recipe(folder / RECIPE).sections["data"]["name"]
    if not catalog.UNIT_DATASETS[data].startswith(_DRAWN) or not (folder / WEIGHTS).is_file():
        return []
    run = open_unit_run(folder)
    indices = torch.arange(min(FACES, len(run.crops)))
    batch = run.crops(indices, torch.Generator())
    with torch.inference_mode():
        said = read_units_both_ways(run.network, batch.faces.pixels)
    found = []
    for number in indices.tolist():
        face = picture(batch.faces.pixels[number, 0])
        cards = []
        for place, unit in enumerate(run.crops.faces.action_units):
            chance, shown = float(said.logits[number, place].sigmoid()), run.crops.faces.shown[number, place]
            threshold = run.thresholds[place]
            if shown == 1 or (threshold is not None and chance >= threshold):
                card = unit_card(unit, threshold, chance, said.maps[number, place].numpy(), face)
                cards.append(card | {"drawn": bool(shown == 1), "chance": chance})
        chosen = sorted(cards, key=lambda card: -card["chance"])[:UNITS]
        found.append({"face": data_uri(face), "number": number + 1, "units": chosen, "count": len(cards)})
    return found


def picture(pixels: Float[Tensor, "side side"]) -> UInt8[np.ndarray, "shown shown 3"]:
    """A standardised face as grey levels, as large as pages show faces."""
    values = pixels.numpy()
    low, high = float(values.min()), float(values.max())
    grey = enlarged((values - low) / max(high - low, 1e-6) * 255, FACE_SIDE)
    return np.repeat(np.rint(grey).astype(np.uint8)[:, :, None], 3, axis=2)
