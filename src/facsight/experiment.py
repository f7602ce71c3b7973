"""From a recipe to a trained, scored run folder."""

import inspect
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
import torch

from facsight import catalog
from facsight.core.errors import BadLabels, BadTraining, MissingData
from facsight.core.method import FaceMethod
from facsight.core.terms import Terms
from facsight.data.crops import NO_AUGMENTATION, Augmentation, Cropper
from facsight.data.face_set import FaceSet
from facsight.faces.face import FaceFinder
from facsight.faces.finder import default_finder
from facsight.facs.codebook import DEFAULT_CODEBOOK, Codebook, load_codebook
from facsight.facs.guide import Guide
from facsight.metrics.calibration import fit_temperature
from facsight.nn.classifier import Classifier, read_both_ways
from facsight.nn.pixels import standardise
from facsight.nn.published import Started
from facsight.nn.weights import build_network, load_network, save_network, start_from
from facsight.preparation.crop_type import crop_type
from facsight.preparation.landmarks import with_landmarks
from facsight.preparation.listing import crop_of_prepared
from facsight.recipe import Recipe, read_recipe, takes_guide
from facsight.training.fit import fit
from facsight.training.plan import Plan
from facsight.training.run_folder import (
    ENVIRONMENT,
    RECIPE,
    START,
    WEIGHTS,
    RunFolder,
    environment,
    write_whole,
)
from facsight.training.scoring import Outcomes, full_scores, predict_all, quick_scores


def load_faces(recipe: Recipe, split: str, *, on_face: Callable[[int, int], None] | None = None) -> FaceSet:
    """A split of the recipe's dataset, with landmarks.

    `data.fraction` thins the training split. `data.shuffled_labels` gives each training face the label of
    another: what is learnt then can only be learnt by heart, and evidence that looks the same is not evidence
    (Adebayo et al. 2018, section 4.2).
    """
    options = dict(recipe.sections["data"])
    name, fraction = options.pop("name"), options.pop("fraction", 1.0)
    shuffled = options.pop("shuffled_labels", False)
    loader = catalog.load("datasets", name)
    if "folder" in inspect.signature(loader).parameters:
        options.setdefault("folder", data_folder(recipe))
    faces = loader(split=split, **options)
    generator = torch.Generator().manual_seed(recipe.seed)
    if split == "train" and fraction < 1:
        faces = faces.subset(torch.randperm(len(faces), generator=generator)[: round(len(faces) * fraction)])
    if split == "train" and shuffled:
        faces = replace(faces, expression=faces.expression[torch.randperm(len(faces), generator=generator)])
    if faces.landmarks.isnan().all():
        faces = with_landmarks(faces, dataset_finder, on_face=on_face)
    return faces


def data_folder(recipe: Recipe) -> Path:
    """The folder of a recipe's dataset: its own, or that of its name in FACSIGHT_DATA."""
    data = recipe.sections["data"]
    return Path(data.get("folder", Path(os.environ.get("FACSIGHT_DATA", "data")) / data["name"]))


def dataset_finder() -> FaceFinder:
    """A dataset of faces has one in each picture: less certainty is needed than in a photo of anything."""
    return default_finder(min_confidence=0.3)


def crops(recipe: Recipe, faces: FaceSet, *, augment: bool) -> Cropper:
    """The cropper that the recipe asks for."""
    augmentation = Augmentation(**recipe.sections["augmentation"]) if augment else NO_AUGMENTATION
    return Cropper(
        faces, size=recipe.sections["crop"]["size"], standardise=standardise, augmentation=augmentation
    )


def build_method(
    recipe: Recipe, classes: tuple[str, ...], *, on_start: Callable[[Started], None] | None = None
) -> FaceMethod:
    """The recipe's method around its network, with random weights drawn from the recipe's seed.

    `on_start` hears what became of published weights that the recipe starts from.
    """
    options = dict(recipe.sections["method"])
    method = catalog.load("methods", options.pop("name"))
    if takes_guide(method):
        weight = {"weight": options.pop("guidance")} if "guidance" in options else {}
        options["guide"] = Guide(classes, **weight, **recipe.sections["guidance"])
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        architecture, start = network_of(recipe)
        network = build_network(len(classes), **architecture)
        if start is not None:
            told = start_from(network, start)
            if told and on_start:
                on_start(told)
        return method(network, **options)


def network_of(recipe: Recipe) -> tuple[dict[str, Any], Path | None]:
    """The architecture, and the weights file, that of a run or any, whose backbone it starts from."""
    architecture = dict(recipe.sections["network"])
    start = architecture.pop("start", None)
    if start is None:
        return architecture, None
    return architecture, Path(start) / WEIGHTS if Path(start).is_dir() else Path(start)


def train(
    recipe: Recipe,
    out: Path,
    *,
    on_face: Callable[[int, int], None] | None = None,
    on_step: Callable[[int, int, Terms], None] | None = None,
) -> RunFolder:
    """Train what the recipe says into the folder `out`; the same call goes on with an interrupted run.

    The weights are the averaged ones of the last step; validation faces only give the temperature.
    """
    run = RunFolder(out, recipe.to_toml())
    faces = load_faces(recipe, "train", on_face=on_face)
    held_out = crops(recipe, load_faces(recipe, "val", on_face=on_face), augment=False)
    if held_out.faces.space != faces.space:
        raise BadLabels(
            f"train and val have different label spaces: {faces.space} and {held_out.faces.space}"
        )
    run.write_json(ENVIRONMENT, environment(recipe.seed))
    trained = fit(
        build_method(recipe, faces.space.classes, on_start=lambda told: run.write_json(START, asdict(told))),
        crops(recipe, faces, augment=True),
        Plan(**recipe.sections["training"]),
        run,
        seed=recipe.seed,
        validate=lambda averaged: quick_scores(_outcomes(averaged, held_out)),
        on_step=on_step,
    )
    network = trained.get_submodule("network")
    if not isinstance(network, Classifier):
        raise BadTraining(
            f"a reader is saved from a Classifier, {type(trained).__name__} has {type(network)}"
        )
    device = next(network.parameters()).device
    outcomes = predict_all(lambda batch: read_both_ways(network, batch.pixels), held_out, device=device)
    save_network(network, run.file(WEIGHTS), _card(recipe, faces, outcomes, out.name))
    return run


def score(
    run: Path,
    *,
    split: str = "val",
    folder: Path | None = None,
    recipe: Path | None = None,
    on_face: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Scores of a run folder, or of a weights file with its recipe, on a split; written beside the weights.

    `folder` is the dataset's, if not the recipe's. The files are `metrics.json` and `predictions.parquet` for
    the validation split, `metrics-SPLIT.json` and `predictions-SPLIT.parquet` otherwise.
    """
    trained = open_run(run, split=split, folder=folder, recipe=recipe, on_face=on_face)
    faces = trained.crops.faces
    outcomes = predict_all(lambda batch: read_both_ways(trained.network, batch.pixels), trained.crops)
    temperature = None if split == "val" else trained.temperature
    scores = {"data": faces.name, "split": split} | full_scores(
        outcomes, faces.space, trained.codebook, temperature=temperature
    )
    suffix = "" if split == "val" else f"-{split}"
    _write_predictions(trained.home / f"predictions{suffix}.parquet", trained, outcomes)
    write_whole(trained.home / f"metrics{suffix}.json", json.dumps(scores, indent=2) + "\n")
    return scores


@dataclass(frozen=True)
class Trained:
    """A trained network with the faces it is to be examined on; `home` is where results are written.

    `crop` says which crops of faces the network sees.
    """

    home: Path
    network: Classifier
    temperature: float
    codebook: Codebook
    about: str
    crops: Cropper
    crop: str


def open_run(
    run: Path,
    *,
    split: str = "val",
    folder: Path | None = None,
    recipe: Path | None = None,
    on_face: Callable[[int, int], None] | None = None,
) -> Trained:
    """A run folder, or a weights file with its recipe, and a split of its dataset, not augmented."""
    home = run if run.is_dir() else run.parent
    overrides = [] if folder is None else [f'data.folder="{folder.as_posix()}"']
    source = recipe or home / RECIPE
    if not source.is_file():
        raise MissingData(f"there is no {source}: give a run folder, or the recipe with --recipe")
    plan = read_recipe(source, overrides)
    network, card = load_network(run / WEIGHTS if run.is_dir() else run)
    faces = load_faces(plan, split, on_face=on_face)
    if tuple(card["classes"]) != faces.space.classes:
        raise BadLabels(f"the reader knows {card['classes']}, the data have {list(faces.space.classes)}")
    return Trained(
        home=home,
        network=network,
        temperature=float(card["temperature"]),
        codebook=load_codebook(card["codebook"]),
        about=plan.about,
        crops=crops(plan, faces, augment=False),
        crop=_crop_told(plan),
    )


def _crop_told(recipe: Recipe) -> str:
    """Which crops a recipe's network sees, and which prepared ones they are cut from, if any."""
    prepared = crop_of_prepared(data_folder(recipe))
    seen = crop_type(recipe.sections["crop"]["size"])
    return f"{seen}, out of prepared crops of {prepared}" if prepared else str(seen)


def _write_predictions(path: Path, trained: Trained, outcomes: Outcomes) -> None:
    """One row a face: its name, true and predicted class, and the calibrated probability of each class."""
    faces = trained.crops.faces
    classes = faces.space.classes
    shares = (outcomes.logits / trained.temperature).softmax(dim=1)
    columns = {
        "sample": [face.partition("/")[2] or face for face in faces.ids],
        "face": list(faces.ids),
        "truth": [classes[k] for k in outcomes.truth.tolist()],
        "predicted": [classes[k] for k in shares.argmax(dim=1).tolist()],
        **{f"expression_{name}": shares[:, k].tolist() for k, name in enumerate(classes)},
    }
    partial = path.with_name(path.name + ".part")
    pl.DataFrame(columns).write_parquet(partial, metadata={"crop": trained.crop})
    partial.replace(path)


def _outcomes(method: FaceMethod, faces: Cropper) -> Outcomes:
    return predict_all(method.predict, faces, device=next(method.parameters()).device)


def _card(recipe: Recipe, faces: FaceSet, outcomes: Outcomes, name: str) -> dict[str, Any]:
    """What a weights file says of itself."""
    return {
        "name": name,
        "about": recipe.about,
        "architecture": network_of(recipe)[0],
        "classes": list(faces.space.classes),
        "crop_size": recipe.sections["crop"]["size"],
        "temperature": fit_temperature(outcomes.logits, outcomes.truth),
        "codebook": recipe.sections["guidance"].get("codebook", DEFAULT_CODEBOOK),
        "data": faces.name,
        "recipe": recipe.to_toml(),
    }
