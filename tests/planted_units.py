"""What detectors of action units are trained and measured by on drawn faces whose truth is known."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from facsight.core.method import UnitMethod
from facsight.data.crops import UnitCropper
from facsight.data.drawn import PAIRED, DrawnUnits, draw_faces, draw_units
from facsight.data.drawn.units import units_of
from facsight.data.unit_set import UnitSet
from facsight.facs.au_maps import render_au_maps
from facsight.functional.cooccurrence import correlations
from facsight.methods.action_units.detection import UnitDetection
from facsight.metrics.identity_leak import identity_leak
from facsight.nn.pixels import standardise
from facsight.nn.unit_network import UnitNetwork
from facsight.nn.unit_weights import build_unit_network

SIZE, TRAIN, TEST, EPOCHS, RATE, BATCH = 32, 2000, 1500, 12, 1e-2, 64
SMALL = {"widths": (12, 20, 32), "blocks": (1, 1, 1), "stem": 8, "dropout": 0.1}
#: A place counts as the unit's own where the unit's region is at least this much of its peak.
REGION = 0.25


@dataclass(frozen=True)
class Planted:
    """Training faces, and test faces of other people."""

    train: DrawnUnits
    test: DrawnUnits


def planted(seed: int, *, train: int = TRAIN, test: int = TEST, difficulty: float = 0.1) -> Planted:
    """Half of all faces have a hidden unit."""
    first, second = (torch.Generator().manual_seed(2 * seed + part) for part in (0, 1))
    options = {"size": SIZE, "difficulty": difficulty}
    return Planted(
        draw_units(train, generator=first, people=range(800), **options),
        draw_units(test, generator=second, people=range(800, 1000), **options),
    )


def by_expression(seed: int, n: int, people: range) -> UnitSet:
    """Faces drawn by expression, without strays."""
    generator = torch.Generator().manual_seed(seed)
    return units_of(
        draw_faces(n, generator=generator, size=SIZE, people=people, difficulty=0.0), PAIRED.action_units
    )


def network(seed: int, head: str = "unit_attention", **options: object) -> UnitNetwork:
    """A small one with weights drawn from a seed."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return build_unit_network(PAIRED.action_units, head=head, **SMALL, **options)


def trained(
    make: Callable[[UnitNetwork], UnitMethod],
    net: UnitNetwork,
    faces: UnitSet,
    seed: int,
    epochs: int = EPOCHS,
) -> UnitMethod:
    """So many epochs of AdamW with one rise and fall of the rate; every method by the same loop."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        method = make(net)
        crops = method.examples(cropper(faces))
        optimizer = torch.optim.AdamW(method.parameters(), RATE, weight_decay=1e-2)
        steps = epochs * (len(faces) // BATCH)
        rates = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
        generator, step = torch.Generator().manual_seed(seed), 0
        for _ in range(epochs):
            for rows in torch.randperm(len(faces), generator=generator).split(BATCH)[: steps // epochs]:
                method.update(crops(rows, generator), optimizer, step / steps)
                for group, rate in zip(optimizer.param_groups, rates.get_last_lr(), strict=True):
                    group["lr"] = rate
                if step + 1 < steps:
                    rates.step()
                step += 1
    return method.eval()


def cropper(faces: UnitSet) -> UnitCropper:
    """The faces as they are aligned, not augmented."""
    return UnitCropper(faces, size=SIZE, standardise=standardise)


def f1(shown: Tensor, truth: Tensor, counted: Tensor) -> Tensor:
    """F1 of each unit over the faces that count for it: all tables are (face, unit) of true and false."""
    both = (shown & truth & counted).sum(dim=0)
    return 2 * both / ((shown & counted).sum(dim=0) + (truth & counted).sum(dim=0)).clamp(min=1)


def scores(said: Tensor, drawn: DrawnUnits) -> dict[str, float]:
    """F1 at 0.5 of all cells, those that can be seen, and hidden ones with and without a partner."""
    shown, truth, hidden = said > 0.5, drawn.units.presence > 0.5, drawn.hidden
    paired = PAIRED.partners.any(dim=1)
    of_hidden = f1(shown, truth, hidden)
    return {
        "f1": f1(shown, truth, torch.ones_like(truth)).mean().item(),
        "f1_seen": f1(shown, truth, ~hidden).mean().item(),
        "f1_hidden_paired": of_hidden[paired].mean().item(),
        "f1_hidden_alone": of_hidden[~paired].mean().item(),
    }


@torch.no_grad()
def measured(method: UnitMethod, drawn: DrawnUnits) -> dict[str, float]:
    """Scores of F1, the pointing game, and where there are edges how well they rank the planted pairs."""
    batch = cropper(drawn.units)(torch.arange(len(drawn)), torch.Generator())
    said = method.predict(batch.faces)
    found = scores(said.probabilities, drawn) | {
        "pointing": pointing(said.maps, batch.faces.landmarks, drawn)
    }
    if said.edges is not None:
        found["edges_auc"] = ranked(said.edges.abs().mean(dim=0))
    return found


def pointing(maps: Tensor, landmarks: Tensor, drawn: DrawnUnits) -> float:
    """How often the highest place of a unit's map lies in its region, where it shows and is not hidden."""
    regions = render_au_maps(
        landmarks, tuple(maps.shape[2:]), extent=(SIZE, SIZE), action_units=PAIRED.action_units
    ).maps.flatten(2)
    top = maps.flatten(2).argmax(dim=2, keepdim=True)
    hit = (regions.gather(2, top) >= REGION)[..., 0]
    return hit[(drawn.units.presence > 0) & ~drawn.hidden].float().mean().item()


def chance_of_pointing(drawn: DrawnUnits, cells: int = 8) -> float:
    """The same for a place by lot."""
    landmarks = cropper(drawn.units)(torch.arange(len(drawn)), torch.Generator()).faces.landmarks
    regions = render_au_maps(
        landmarks, (cells, cells), extent=(SIZE, SIZE), action_units=PAIRED.action_units
    ).maps
    share = (regions >= REGION).float().mean(dim=(2, 3))
    return share[(drawn.units.presence > 0) & ~drawn.hidden].mean().item()


def ranked(table: Tensor) -> float:
    """How well a table ranks planted pairs before all others, both directions added: AUC, 0.5 by chance."""
    one, other = torch.triu_indices(*table.shape, offset=1)
    strength, planted_pair = (table + table.T)[one, other], PAIRED.partners[one, other]
    yes, no = strength[planted_pair][:, None], strength[~planted_pair][None]
    return ((yes > no).float() + 0.5 * (yes == no)).mean().item()


def ranked_by_labels(drawn: DrawnUnits) -> float:
    return ranked(correlations(drawn.units.presence).abs())


def told_by_partners(drawn: DrawnUnits) -> dict[str, float]:
    """What a reader that sees all that can be seen, and knows the table, would score."""
    truth = drawn.units.presence
    return scores(torch.where(drawn.hidden, PAIRED.told_by_partner(truth), truth), drawn)


def leak(method: UnitMethod, faces: UnitSet) -> float:
    """How well a linear probe reads the person from pooled features, each half of the faces by the other."""
    order = torch.arange(len(faces))
    with torch.no_grad():
        seen = cropper(faces)(order, torch.Generator()).faces
        network = method.get_submodule("network")
        assert isinstance(network, UnitNetwork)
        features = network.features(seen.pixels)[-1]
    return identity_leak(features, faces.person, order).accuracy


def numbered(faces: UnitSet) -> UnitSet:
    """People numbered from 0."""
    return replace(faces, person=faces.person.unique(return_inverse=True)[1])


def detection(alignment: float) -> Callable[[UnitNetwork], UnitDetection]:
    return lambda net: UnitDetection(net, alignment=alignment)
