"""Trains the translator of features that ships for the reader, and measures it on people it has not seen.

    python benchmarks/translation.py              # measures, and writes the file that ships
    python benchmarks/translation.py --measure    # only measures

Needs the folder shared/data beside the repository. 52 people of the Face Research Lab London Set, each at
rest and smiling, as they are and changed as videos change faces (`people.CHANGES`). Measured: in each of
five draws half of the people train a translator, and each of the other half is adapted to by pictures at
rest, then read on other changes, as `personal_readers.py` does it; then the other way round. Beside it
`neutral_shift`, the translator without a clip, and a constant added to the logit of happiness after
`neutral_shift`, chosen on the training half: the simplest thing that could be learnt from such people. What
any of these costs faces of all eight classes is told by FER+'s validation split, read without a person.
Nothing is chosen by what is measured: all options are the defaults that were there before. Shipped is the
translator of all 52.
"""

import argparse
from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor

from facsight.analysis.adapting import TRANSLATING, Adapter
from facsight.analysis.looking import look_at
from facsight.analysis.reader import Reader
from facsight.analysis.translating import train_translation
from facsight.core.people import People
from facsight.data.crops import Cropper
from facsight.data.photos import load_photos
from facsight.faces.finder import default_finder
from facsight.hub import TRANSLATION, bundled_neutral_people, bundled_weights
from facsight.media.photo import Photo
from facsight.nn.neutral_people import both_ways_maps, load_neutral_people
from facsight.nn.personal import MapsHead
from facsight.nn.pixels import standardise
from facsight.nn.translation import Translation
from facsight.preparation.landmarks import with_landmarks
from people import CHANGES, SHARED, portraits, width
from personal_readers import ADAPTED_ON, LABELS, READ_ON, clips, cost, features, interval
from record import record

DRAWS = 5
ABOUT = {
    "data": "Face Research Lab London Set (DeBruine and Jones 2017, CC BY 4.0): people at rest and smiling, "
    "as they are and as videos change faces"
}
#: By person and label: the features of each change.
Seen = Mapping[tuple[str, str], dict[str, Tensor]]
#: Features to features, after pictures of a person at rest.
Reading = Callable[[Tensor], Tensor]


def seen(reader: Reader) -> Seen:
    found: dict[tuple[str, str], dict[str, Tensor]] = {}
    for (who, label), picture in portraits().items():
        face = reader.finder.find(picture)[0]
        for name, change in CHANGES.items():
            changed = np.ascontiguousarray(change(picture, width(face)))
            look = look_at(Photo(changed, ""), reader.finder, reader.crop_size)
            found.setdefault((who, label), {})[name] = features(reader, [look])[0].clone()
    return found


def ferplus(reader: Reader) -> tuple[Tensor, Tensor]:
    """Features and labels of the validation split."""
    faces = load_photos("ferplus", SHARED / "ferplus", split="val")
    faces = with_landmarks(faces, lambda: default_finder(min_confidence=0.3))
    faces = faces.subset(faces.landmarks.isfinite().all(dim=2).all(dim=1))
    crops = Cropper(faces, size=reader.crop_size, standardise=standardise)
    parts = [
        both_ways_maps(reader.plain, crops(rows, torch.Generator()).faces.pixels).mean(dim=(2, 3))
        for rows in torch.arange(len(faces)).split(128)
    ]
    return torch.cat(parts).clone(), faces.label


def people_of(reader: Reader, found: Seen, names: list[str]) -> People:
    rows = [
        (one, reader.classes.index(label), number, 2 * number + LABELS.index(label))
        for number, who in enumerate(names)
        for label in LABELS
        for one in found[who, label].values()
    ]
    inputs, *numbers = zip(*rows, strict=True)
    return People(torch.stack(inputs), *map(torch.tensor, numbers), names=tuple(names))


def rest(found: Seen, who: str) -> Tensor:
    return torch.stack([found[who, "neutral"][name] for name in ADAPTED_ON])


def log_probabilities(reader: Reader, rows: Tensor) -> Tensor:
    return (MapsHead(reader.plain.head)(rows) / reader.temperature).log_softmax(dim=1)


def constant(reader: Reader, found: Seen, names: list[str], shift: Callable[[Tensor], Reading]) -> Tensor:
    """What is added to log-odds of happiness for the likeliest labels of these people, after `shift`."""
    own = [(shift(rest(found, who)), who) for who in names]
    said = {
        label: torch.cat(
            [log_probabilities(reader, move(torch.stack([*found[who, label].values()]))) for move, who in own]
        )
        for label in LABELS
    }
    happy = torch.eye(len(reader.classes))[reader.classes.index("happiness")]
    tried = torch.arange(0, 8, 0.1)[:, None] * happy

    def likely(added: Tensor) -> float:
        own = [
            (reader.classes.index(label), (rows + added).log_softmax(dim=1)) for label, rows in said.items()
        ]
        return sum(rows[:, number].mean().item() for number, rows in own)

    return max(tried, key=likely)


def scored(reader: Reader, found: Seen, who: str, move: Reading, added: Tensor) -> dict[str, float]:
    told = {}
    for label in LABELS:
        rows = move(torch.stack([found[who, label][name] for name in READ_ON]))
        said, number = (
            (log_probabilities(reader, rows) + added).log_softmax(dim=1),
            reader.classes.index(label),
        )
        told[f"{label}_read"] = (said.argmax(dim=1) == number).double().mean().item()
        told[f"{label}_log_probability"] = said[:, number].mean().item()
    return told


@torch.no_grad()
def half(
    reader: Reader, found: Seen, train: list[str], test: list[str], faces: tuple[Tensor, Tensor], seed: int
) -> tuple[dict[str, dict[str, dict[str, float]]], dict[str, dict[str, float]]]:
    """By way and person what is read of the other half; by way, recalls on FER+."""
    with torch.enable_grad():
        translation = train_translation(reader, people_of(reader, found, train), ABOUT, seed=seed)
    usual, nothing = load_neutral_people(bundled_neutral_people()), torch.zeros(len(reader.classes))
    shift, translate = (
        Adapter("neutral_shift", reader, usual),
        Adapter(TRANSLATING, reader, usual, translation),
    )
    added = constant(reader, found, train, shift.style)

    def unchanged(rows: Tensor) -> Tensor:
        return rows

    def translated(rows: Tensor) -> Reading:
        with torch.enable_grad():
            return translate.style(rows)

    ways: dict[str, tuple[Callable[[Tensor], Reading], Tensor]] = {
        "unadapted": (lambda rows: unchanged, nothing),
        "neutral_shift": (shift.style, nothing),
        "neutral_shift and a constant": (shift.style, added),
        "translator without a clip": (lambda rows: translation.translator, nothing),
        TRANSLATING: (translated, nothing),
    }
    read = {
        name: {who: scored(reader, found, who, make(rest(found, who)), more) for who in test}
        for name, (make, more) in ways.items()
    }
    cost = {
        "unadapted": recalls(reader, faces, unchanged, nothing),
        "a constant": recalls(reader, faces, unchanged, added),
        "translator without a clip": recalls(reader, faces, translation.translator, nothing),
    }
    return read, cost


def recalls(reader: Reader, faces: tuple[Tensor, Tensor], move: Reading, added: Tensor) -> dict[str, float]:
    rows, label = faces
    right = (log_probabilities(reader, move(rows)) + added).argmax(dim=1) == label
    told = {name: right[label == number].double().mean().item() for number, name in enumerate(reader.classes)}
    return {"accuracy": right.double().mean().item(), **told}


def measured(reader: Reader, found: Seen, faces: tuple[Tensor, Tensor]) -> dict[str, object]:
    names = sorted({who for who, _ in found})
    read: dict[str, dict[str, list[dict[str, float]]]] = {}
    costs: dict[str, list[dict[str, float]]] = {}
    for draw in range(DRAWS):
        order = torch.randperm(len(names), generator=torch.Generator().manual_seed(draw)).tolist()
        halves = [[names[one] for one in order[part::2]] for part in (0, 1)]
        for train, test in (halves, halves[::-1]):
            by_way, cost = half(reader, found, train, test, faces, draw)
            for way, people in by_way.items():
                for who, scores in people.items():
                    read.setdefault(way, {}).setdefault(who, []).append(scores)
            for way, row in cost.items():
                costs.setdefault(way, []).append(row)
        print("draw", draw, flush=True)
    means = {way: over_draws([people[who] for who in names]) for way, people in read.items()}
    return {
        "people": {
            way: {key: told(row, means["unadapted"][key]) for key, row in rows.items()}
            for way, rows in means.items()
        },
        "against_neutral_shift": {
            key: told(means[TRANSLATING][key], means["neutral_shift"][key]) for key in means[TRANSLATING]
        },
        "ferplus": {
            way: {key: round(float(np.mean([row[key] for row in rows])), 4) for key in rows[0]}
            for way, rows in costs.items()
        },
    }


def over_draws(people: list[list[dict[str, float]]]) -> dict[str, np.ndarray]:
    """By score, the mean of each person's draws."""
    return {key: np.array([np.mean([one[key] for one in draws]) for draws in people]) for key in people[0][0]}


def told(after: np.ndarray, before: np.ndarray) -> dict[str, object]:
    return {
        "mean": round(float(after.mean()), 4),
        "difference_interval": interval(after - before),
        "people_made_worse": round(float((after < before).mean()), 4),
    }


def shipped(reader: Reader, found: Seen) -> Translation:
    translation = train_translation(
        reader, people_of(reader, found, sorted({who for who, _ in found})), ABOUT
    )
    path = bundled_weights().parent / TRANSLATION / f"{reader.weights.stem}.london-rest-and-smile.safetensors"
    path.parent.mkdir(exist_ok=True)
    translation.save(path)
    return translation


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--measure", action="store_true", help="write no file")
    torch.set_num_threads(1)
    chosen, reader = options.parse_args(), Reader()
    found = seen(reader)
    results = measured(reader, found, ferplus(reader))
    if not chosen.measure:
        results["shipped"] = dict(shipped(reader, found).card)
    results |= {"clips": clips(reader, TRANSLATING), "cost": cost(reader, TRANSLATING)}
    print(record("translation", results))


if __name__ == "__main__":
    main()
