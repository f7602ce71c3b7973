"""A recipe of action units becomes a run folder, and a run folder a network beside its faces."""

import inspect
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from facsight import catalog
from facsight.core.errors import BadLabels, MissingData
from facsight.core.method import UnitMethod
from facsight.core.terms import Terms
from facsight.data.crops import NO_AUGMENTATION, Augmentation, UnitCropper
from facsight.data.unit_set import UnitSet, unit_importance
from facsight.experiment import data_folder, dataset_finder, network_of
from facsight.nn.pixels import standardise
from facsight.nn.unit_network import UnitNetwork, read_units_both_ways
from facsight.nn.unit_weights import KIND, build_unit_network, load_unit_network
from facsight.nn.weights import save_network, start_from
from facsight.preparation.landmarks import with_landmarks
from facsight.recipe import Recipe, read_recipe
from facsight.scoring.tallies import SHOWN
from facsight.training.fit import fit
from facsight.training.plan import Plan
from facsight.training.run_folder import ENVIRONMENT, RECIPE, WEIGHTS, RunFolder, environment
from facsight.unit_experiment.answers import UnitAnswers, answers, quick_unit_scores
from facsight.unit_experiment.thresholds import choose, persons_of


def load_units(recipe: Recipe, split: str, *, on_face: Callable[[int, int], None] | None = None) -> UnitSet:
    """A split of the recipe's dataset, with landmarks; `data.fraction` thins the training split."""
    options = dict(recipe.sections["data"])
    loader, fraction = catalog.load("unit_datasets", options.pop("name")), options.pop("fraction", 1.0)
    if "folder" in inspect.signature(loader).parameters:
        options.setdefault("folder", data_folder(recipe))
    faces = loader(split=split, **options)
    if split == "train" and fraction < 1:
        drawn = torch.randperm(len(faces), generator=torch.Generator().manual_seed(recipe.seed))
        faces = faces.subset(drawn[: round(len(faces) * fraction)])
    if faces.landmarks.isnan().all():
        faces = with_landmarks(faces, dataset_finder, on_face=on_face)
    return faces


def unit_crops(recipe: Recipe, faces: UnitSet, *, augment: bool) -> UnitCropper:
    """The cropper that the recipe asks for."""
    amounts = Augmentation(**recipe.sections["augmentation"]) if augment else NO_AUGMENTATION
    return UnitCropper(
        faces, size=recipe.sections["crop"]["size"], standardise=standardise, augmentation=amounts
    )


def build_unit_method(recipe: Recipe, faces: UnitSet) -> UnitMethod:
    """The recipe's method around its network, with random weights drawn from the recipe's seed."""
    options = dict(recipe.sections["method"])
    method = catalog.load("unit_methods", options.pop("name"))
    balance = options.pop("balance", 0.0)
    share = faces.shown.double().nanmean(dim=0).nan_to_num()
    given = {
        "importance": unit_importance(share, balance).tolist(),
        "persons": int(faces.person.max()) + 1,
        "space": faces.space,
    }
    wanted = inspect.signature(method).parameters
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        architecture, start = network_of(recipe)
        network = build_unit_network(faces.action_units, **architecture)
        if start is not None:
            start_from(network, start)
        return method(network, **options, **{key: value for key, value in given.items() if key in wanted})


def train_units(
    recipe: Recipe,
    out: Path,
    *,
    on_face: Callable[[int, int], None] | None = None,
    on_step: Callable[[int, int, Terms], None] | None = None,
) -> RunFolder:
    """Train what the recipe says into the folder `out`; the same call goes on with an interrupted run.

    The weights are the averaged ones of the last step; validation faces only give the thresholds. A method
    that learns without coded units is weak: its card says so, and its thresholds are one half, as coded
    faces would choose others. `BadLabels` where no training face is coded, but for such a method.
    """
    run = RunFolder(out, recipe.to_toml())
    faces = load_units(recipe, "train", on_face=on_face)
    held_out = unit_crops(recipe, load_units(recipe, "val", on_face=on_face), augment=False)
    method = build_unit_method(recipe, faces)
    _check_labels(faces, held_out.faces, weak=is_weak(method))
    run.write_json(ENVIRONMENT, environment(recipe.seed))
    trained = fit(
        method,
        method.examples(unit_crops(recipe, faces, augment=True)),
        Plan(**recipe.sections["training"]),
        run,
        seed=recipe.seed,
        validate=lambda averaged: quick_unit_scores(answers(averaged.predict, held_out)),
        on_step=on_step,
    )
    network = trained.get_submodule("network")
    assert isinstance(network, UnitNetwork)  # methods of units are built around one
    said = answers(lambda seen: read_units_both_ways(network, seen.pixels), held_out)
    card = _card(recipe, faces, said, out.name) | {"weak": is_weak(trained)}
    if card["weak"]:
        card["thresholds"] = [SHOWN] * len(faces.action_units)
    save_network(network, run.file(WEIGHTS), card)
    return run


def is_weak(method: UnitMethod) -> bool:
    """Whether a method learns without coded units."""
    return getattr(method, "weak", False)


def _check_labels(faces: UnitSet, held_out: UnitSet, *, weak: bool) -> None:
    if held_out.action_units != faces.action_units:
        raise BadLabels(
            f"train and val have different action units: {list(faces.action_units)} and "
            f"{list(held_out.action_units)}"
        )
    for name, some in (("training", faces), ("validation", held_out)):
        if some.presence.isnan().all() and not (weak and some is faces):
            raise BadLabels(
                f"{some.name}: none of {len(some)} {name} faces has a coded action unit: all are NaN; see "
                "how the dataset's files were read with `facsight data check`"
            )


def _card(recipe: Recipe, faces: UnitSet, said: UnitAnswers, name: str) -> dict[str, Any]:
    """What a weights file of a reader of action units says of itself."""
    person = persons_of(said.person)
    columns = zip(said.probabilities.T, said.shown.T, strict=True)
    return {
        "kind": KIND,
        "name": name,
        "about": recipe.about,
        "architecture": network_of(recipe)[0],
        "action_units": list(faces.action_units),
        "thresholds": [choose(chance, shown, person).threshold for chance, shown in columns],
        "crop_size": recipe.sections["crop"]["size"],
        "data": faces.name,
        "method": recipe.sections["method"]["name"],
        "recipe": recipe.to_toml(),
    }


def holds_units(run: Path) -> bool:
    """Whether a folder is a run of action units, by its recipe."""
    recipe = run / RECIPE
    if recipe.is_file():
        name = tomllib.loads(recipe.read_text(encoding="utf-8")).get("method", {}).get("name")
        return name in catalog.UNIT_METHODS
    return False


@dataclass(frozen=True)
class TrainedUnits:
    """A trained network with the faces it is to be examined on; `home` is where results are written."""

    home: Path
    network: UnitNetwork
    thresholds: tuple[float | None, ...]
    crops: UnitCropper
    weak: bool = False


def open_unit_run(
    run: Path,
    *,
    split: str = "val",
    folder: Path | None = None,
    on_face: Callable[[int, int], None] | None = None,
) -> TrainedUnits:
    """A run folder and a split of its dataset, or of another folder of it, not augmented."""
    if not (run / RECIPE).is_file():
        raise MissingData(f"there is no {run / RECIPE}: give a run folder")
    overrides = [] if folder is None else [f'data.folder="{folder.as_posix()}"']
    recipe = read_recipe(run / RECIPE, overrides)
    network, card = load_unit_network(run / WEIGHTS)
    faces = load_units(recipe, split, on_face=on_face)
    if tuple(card["action_units"]) != faces.action_units:
        raise BadLabels(
            f"the network reads the units {card['action_units']}, coded are {list(faces.action_units)}"
        )
    crops = unit_crops(recipe, faces, augment=False)
    return TrainedUnits(run, network, tuple(card["thresholds"]), crops, card.get("weak", False))
