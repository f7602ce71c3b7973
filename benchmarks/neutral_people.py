"""Measures what neutral faces look like to the reader that ships, and writes the file that ships beside it.

    python benchmarks/neutral_people.py        # minutes: landmarks of 4,300 faces are found once

Faces of the FER+ training split that at least eight of ten annotators called neutral, whose landmarks are
found, cut out as in training. The reader was trained on them, too; how far the neutral faces of the
validation split, on which it was not, lie from their mean is recorded. Needs the folder shared/data beside
the repository.
"""

import warnings
from pathlib import Path

import torch

from facsight.data.crops import Cropper
from facsight.data.photos import load_photos
from facsight.faces.finder import default_finder
from facsight.hub import NEUTRAL_PEOPLE, bundled_weights, sha256
from facsight.nn.neutral_people import NeutralPeople, both_ways_maps, measure_neutral_people
from facsight.nn.pixels import standardise
from facsight.nn.weights import load_network
from facsight.preparation.landmarks import with_landmarks
from record import record

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
#: Share of the annotators who called a face neutral.
AGREED = 0.8


def neutral_faces(split: str, size: int) -> torch.Tensor:
    faces = load_photos("ferplus", SHARED / "ferplus", split=split)
    faces = faces.subset((faces.label == 0) & (faces.expression[:, 0] >= AGREED))
    faces = with_landmarks(faces, lambda: default_finder(min_confidence=0.3))
    faces = faces.subset(faces.landmarks.isfinite().all(dim=2).all(dim=1))
    cropper = Cropper(faces, size=size, standardise=standardise)
    rows = torch.arange(len(faces)).split(256)
    return torch.cat([cropper(some, torch.Generator()).faces.pixels for some in rows])


def held_out(people: NeutralPeople, pixels: torch.Tensor, network) -> dict[str, float]:
    """How the reference fits neutral faces that the reader was not trained on."""
    maps = torch.cat([both_ways_maps(network, some) for some in pixels.split(64)])
    features, varies = maps.mean(dim=(2, 3)), people.spread > 0
    off = (features.mean(dim=0) - people.mean).abs()[varies] / people.spread[varies]
    return {
        "faces": len(features),
        "mean_offset_in_standard_deviations": off.mean().item(),
        "share_beyond_usual_distance": (people.distance(features) > people.usual_distance)
        .float()
        .mean()
        .item(),
    }


def main() -> None:
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    weights = bundled_weights()
    network, card = load_network(weights)
    about = {"base": sha256(weights), "data": "FER+ training split, neutral by 8 of 10 votes or more"}
    people = measure_neutral_people(network, neutral_faces("train", int(card["crop_size"])), about)
    path = weights.parent / NEUTRAL_PEOPLE / f"{weights.stem}.ferplus-train-neutral.safetensors"
    path.parent.mkdir(exist_ok=True)
    people.save(path)
    told = {
        **people.card,
        "bytes": path.stat().st_size,
        "usual_distance": people.usual_distance,
        "validation": held_out(people, neutral_faces("val", int(card["crop_size"])), network),
    }
    print(record("neutral_people", told))


if __name__ == "__main__":
    main()
