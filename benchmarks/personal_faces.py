"""From pictures off the web to studio portraits: the reader of FER+, adapted to unlabelled London faces.

    python benchmarks/personal_faces.py

Needs the folder shared/data beside the repository. 52 people of the Face Research Lab London Set, each at
rest and smiling, as they are and changed as videos change faces (`people.CHANGES`). They are one target, the
studio: in each of 10 draws half of the people are adapted to, without labels and all pictures mixed, and the
other half is scored, over all eight classes. What sees a neutral clip is not here: FER+ does not say who is
who, so that nothing tells how people differ (see `personal_readers.py`). Moments of sources are those of 500
faces of FER+'s validation split. Features are encoded once; all that train have the same budget.
"""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from facsight.analysis.looking import look_at
from facsight.analysis.reader import Reader
from facsight.core.adaptation import Adaptation
from facsight.core.people import People
from facsight.data.crops import Cropper
from facsight.data.photos import load_photos
from facsight.faces.finder import default_finder
from facsight.media.photo import Photo
from facsight.methods.adaptation.cluster_pseudo_labels import ClusterPseudoLabels
from facsight.methods.adaptation.entropy import EntropyMinimisation
from facsight.methods.adaptation.information_maximisation import InformationMaximisation
from facsight.methods.adaptation.normalisation import PersonNormalisation
from facsight.metrics.resampling import percentile_interval
from facsight.nn.pixels import standardise
from facsight.nn.source_moments import SourceMoments, channel_moments
from facsight.nn.split_network import PooledHead, SplitNetwork, split
from facsight.preparation.landmarks import with_landmarks
from facsight.training.adapting import BUDGET, adapt
from facsight.training.run_folder import RunFolder
from people import CHANGES, SHARED, portraits, width
from record import record

DRAWS, FACES = 10, 500
SHOWN = ("none", "40 pixels", "dark")
ADAPTING = replace(BUDGET, epochs=50)


def london(reader: Reader, encode: Callable[[torch.Tensor], torch.Tensor], change: str) -> People:
    """Maps of every portrait after a change."""
    rows, label, person = [], [], []
    pictures = portraits()
    names = sorted({who for who, _ in pictures})
    for (who, word), picture in pictures.items():
        (face, *_) = reader.finder.find(picture)
        changed = np.ascontiguousarray(CHANGES[change](picture, width(face)))
        look = look_at(Photo(changed, ""), reader.finder, reader.crop_size)
        if look.crops:
            rows.append(torch.from_numpy(look.crops[0].copy()))
            label.append(reader.classes.index(word))
            person.append(names.index(who))
    pixels = standardise(torch.stack(rows).permute(0, 3, 1, 2))
    clip = torch.arange(len(rows))
    return People(encode(pixels), torch.tensor(label), torch.tensor(person), clip, tuple(names))


def sources(reader: Reader, encode: Callable[[torch.Tensor], torch.Tensor]) -> SourceMoments:
    """Of FER+ as if it were one person."""
    faces = load_photos("ferplus", SHARED / "ferplus", split="val")
    some = torch.randperm(len(faces), generator=torch.Generator().manual_seed(0))[:FACES]
    faces = with_landmarks(faces.subset(some), lambda: default_finder(min_confidence=0.3))
    crops = Cropper(faces, size=reader.crop_size, standardise=standardise)
    parts = [crops(rows, torch.Generator()).faces.pixels for rows in torch.arange(FACES).split(100)]
    mean, deviation = channel_moments(encode(torch.cat(parts)))
    return SourceMoments(mean, deviation, torch.full((1, len(reader.classes), len(mean)), torch.nan))


def head_alone(reader: Reader) -> SplitNetwork:
    """The reader's head on maps that are encoded already."""
    own = reader.network.head
    head = PooledHead(own.in_features, classes=own.out_features)
    head.linear.load_state_dict({"weight": own.weight, "bias": own.bias})
    return SplitNetwork(nn.Identity(), head)


def right(method: nn.Module, people: People) -> list[float]:
    """Of each person, how often the label is said."""
    with torch.no_grad():
        said = method.eval().predict(people.inputs).argmax(dim=1)  # pyright: ignore
    return [float((said == people.label)[people.person == who].float().mean()) for who, _ in people.each()]


class Unadapted(nn.Module):
    def __init__(self, network: SplitNetwork):
        super().__init__()
        self.predict = network


def drawn(reader: Reader, people: People, moments: SourceMoments) -> Mapping[str, list[float]]:
    """By method: accuracy of every person in each draw in which they were not adapted to."""
    methods: dict[str, Callable[[SplitNetwork], Adaptation]] = {
        "person normalisation": lambda net: PersonNormalisation(net, moments=moments),
        "entropy": EntropyMinimisation,
        "information maximisation": lambda net: InformationMaximisation(net, classes=len(reader.classes)),
        "cluster pseudo-labels": ClusterPseudoLabels,
    }
    found: dict[str, list[float]] = {}
    for draw in range(DRAWS):
        order = torch.randperm(len(people.names), generator=torch.Generator().manual_seed(draw))
        shown = torch.isin(people.person, order[: len(order) // 2])
        scored = people.take(~shown)
        found.setdefault("source only", []).extend(right(Unadapted(head_alone(reader)), scored))
        for name, make in methods.items():
            target = people.take(shown).without_labels()
            with tempfile.TemporaryDirectory() as run:
                method = adapt(
                    make(head_alone(reader)), target, None, ADAPTING, RunFolder(Path(run), ""), seed=draw
                )
            found.setdefault(name, []).extend(right(method, scored))
    return found


def told(found: Mapping[str, list[float]], name: str) -> dict[str, object]:
    """Means over draws, and an interval of the gain over draws: as they share people, it is too narrow."""
    gain = torch.tensor(found[name], dtype=torch.float64) - torch.tensor(found["source only"])
    means = gain.reshape(DRAWS, -1).mean(dim=1)
    counts = torch.multinomial(
        torch.full((2000, DRAWS), 1.0), DRAWS, replacement=True, generator=torch.Generator().manual_seed(0)
    )
    spread = percentile_interval(float(means.mean()), means[counts].mean(dim=1), 0.95)
    return {
        "accuracy": round(float(np.mean(found[name])), 4),
        "gain": [round(v, 4) for v in (spread.estimate, spread.low, spread.high)],
        "share of people made worse": round(float((gain < 0).double().mean()), 4),
    }


def main() -> None:
    torch.set_num_threads(1)
    reader = Reader()
    encode = split(reader.network.eval()).encode_all
    moments = sources(reader, encode)
    results: dict[str, object] = {}
    for change in SHOWN:
        found = drawn(reader, london(reader, encode, change), moments)
        results[change] = {name: told(found, name) for name in found}
        print(change, results[change], flush=True)
    print(record("personal_faces", results))


if __name__ == "__main__":
    main()
