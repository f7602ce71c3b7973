"""From a recipe for sequences to a trained, scored run folder; one folder a stage, where there are stages."""

import inspect
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import polars as pl
import torch

from facsight import catalog
from facsight.assembly import assemble, open_sequence_run, spaces_as_data, standardise
from facsight.core.errors import BadCheckpoint, BadLabels, BadTable, UnknownName, did_you_mean
from facsight.core.labels import LabelSpace
from facsight.core.method import SequenceMethod
from facsight.core.terms import Terms
from facsight.data.folds import group_folds
from facsight.data.recordings import StreamCard
from facsight.data.sequence_set import Recording, SequenceSet
from facsight.data.windows import SequenceAugmentation, WindowPlan, Windows
from facsight.nn.prevalent import PrevalentNetwork
from facsight.nn.sequence_network import SequenceNetwork
from facsight.nn.weights import save_network
from facsight.recipe import Recipe, read_recipe
from facsight.training.fit import fit
from facsight.training.plan import Plan
from facsight.training.run_folder import (
    ENVIRONMENT,
    RECIPE,
    WEIGHTS,
    RunFolder,
    environment,
    write_whole,
)
from facsight.training.sequence_scoring import (
    predict_windows,
    prediction_table,
    quick_scores,
    sequence_scores,
)

OnStep = Callable[[int, int, Terms], None]


def load_recordings(
    recipe: Recipe, split: str, *, wanted: Mapping[str, StreamCard] | None = None
) -> tuple[SequenceSet, dict[str, StreamCard]]:
    """The recordings of a split with the recipe's modalities, and what their features are.

    With `data.folds`, "val" are the people of `data.fold`, from 1 on, and "train" all others; the split test
    stays what it is.
    """
    options = dict(recipe.sections["data"])
    name, fold, folds = options.pop("name"), options.pop("fold", None), options.pop("folds", None)
    part = split if folds is None or split == "test" else None
    found, cards = _load(name, options, recipe.sections["modalities"], part, wanted)
    if folds is not None and part is None:
        found = in_fold(found, split, fold=int(fold), folds=int(folds), seed=recipe.seed)
    return found, cards


def in_fold(recordings: SequenceSet, split: str, *, fold: int, folds: int, seed: int) -> SequenceSet:
    """The people of a fold ("val"), or of all others ("train"): classes alike, nobody on both sides."""
    rows = pl.DataFrame(
        [(one.name, one.subject, _label(one, recordings.spaces)) for one in recordings.recordings],
        schema={"sample": pl.String, "subject": pl.String, "label": pl.String},
        orient="row",
    )
    classes = ["label"] if rows["label"].null_count() == 0 else []
    made = group_folds(rows, folds, dataset=recordings.name, stratify=classes, seed=seed)
    test = set(made[str(fold - 1)]["test"]["sample"])
    kept = f"{recordings.name}-fold{fold}of{folds}-{split}"
    return recordings.subset(lambda one: (one.name in test) == (split == "val"), kept)


def train_sequences(recipe: Recipe, out: Path, *, on_step: OnStep | None = None) -> RunFolder:
    """Train what the recipe says into the folder `out`; the same call goes on with an interrupted run.

    Stages are trained in their order, each into a folder of its own below `out`; the last is returned.
    """
    if not recipe.stages:
        return _train(recipe, out, {}, on_step)
    done: dict[str, Path] = {}
    run = None
    for name, stage in recipe.stages.items():
        run = _train(stage, out / name, done, on_step)
        done[name] = run.path
    assert run is not None  # a recipe with stages has one
    return run


def _train(recipe: Recipe, out: Path, stages: Mapping[str, Path], on_step: OnStep | None) -> RunFolder:
    run = RunFolder(out, recipe.to_toml())
    recordings, features = load_recordings(recipe, "train")
    held_out, _ = load_recordings(recipe, "val")
    if held_out.spaces != recordings.spaces:
        raise BadLabels(f"{recordings.name} and {held_out.name} have different label spaces")
    run.write_json(ENVIRONMENT, environment(recipe.seed))
    architecture = _architecture(recipe, recordings)
    plan = WindowPlan(**recipe.sections["windows"])
    watched = Windows(held_out, plan)
    trained = fit(
        build_sequence_method(recipe, architecture, recordings, stages),
        Windows(recordings, plan, SequenceAugmentation(**recipe.sections["augmentation"])),
        Plan(**recipe.sections["training"]),
        run,
        seed=recipe.seed,
        validate=lambda averaged: quick_scores(predict_windows(averaged.predict, watched), held_out),
        on_step=on_step,
    )
    save_network(
        trained.get_submodule("network"),
        run.file(WEIGHTS),
        _card(recipe, recordings, architecture, features, out.name),
    )
    return run


def build_sequence_method(
    recipe: Recipe, architecture: Mapping[str, Any], recordings: SequenceSet, stages: Mapping[str, Path]
) -> SequenceMethod:
    """The recipe's method around its network, with random weights drawn from the recipe's seed."""
    options = dict(recipe.sections["method"])
    method = catalog.load("sequence_methods", options.pop("name"))
    if "teacher" in options:
        teacher = options.pop("teacher")
        options["teacher"] = _teacher(stages.get(teacher, Path(teacher)))
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        network = assemble(architecture)
        standardise(network, recordings)
        return method(network, spaces=recordings.spaces, **options)


def _teacher(run: Path) -> SequenceNetwork:
    network = open_sequence_run(run).network
    if not isinstance(network, SequenceNetwork):
        raise BadCheckpoint(f"{run} sees only {', '.join(network.prevalent)}: a teacher sees all modalities")
    return network


def score_sequences(run: Path, *, split: str = "val", folder: Path | None = None) -> dict[str, Any]:
    """Scores of a run folder on a split, written beside its weights, with its predictions.

    A run with stages is scored by its last. `folder` is that of the data, if not the recipe's.
    """
    trained = open_sequence_run(run)
    overrides = [] if folder is None else [f'data.folder="{folder.as_posix()}"']
    recipe = read_recipe(trained.home / RECIPE, overrides)
    recordings, _ = load_recordings(recipe, split, wanted=trained.features)
    if recordings.spaces != trained.spaces:
        raise BadLabels(f"{recordings.name} has other label spaces than {trained.home} was trained on")
    train, _ = load_recordings(recipe, "train")
    windows = Windows(recordings, trained.windows)
    said = predict_windows(trained.network, windows)
    scores = {"data": recordings.name, "split": split} | sequence_scores(said, recordings, train)
    scores["without"] = _without_each(trained.network, windows)
    suffix = "" if split == "val" else f"-{split}"
    table = prediction_table(said, recordings)
    partial = trained.home / f"predictions{suffix}.parquet.part"
    table.write_parquet(partial)
    partial.replace(partial.with_suffix(""))
    write_whole(trained.home / f"metrics{suffix}.json", json.dumps(scores, indent=2) + "\n")
    return scores


def holds_sequences(run: Path) -> bool:
    """Whether a folder is a run of a recipe for sequences, or of its stages."""
    recipes = [path for path in (run / RECIPE, *run.glob(f"*/{RECIPE}")) if path.is_file()]
    return bool(recipes) and read_recipe(recipes[0]).kind == "sequences"


def _load(
    name: str,
    options: dict[str, Any],
    modalities: Mapping[str, Mapping[str, Any]],
    split: str | None,
    wanted: Mapping[str, StreamCard] | None,
) -> tuple[SequenceSet, dict[str, StreamCard]]:
    loader = catalog.load("recordings", name)
    if "folder" in inspect.signature(loader).parameters:
        options.setdefault("folder", Path(os.environ.get("FACSIGHT_DATA", "data")) / name)
    if "modalities" in inspect.signature(loader).parameters:
        frames = {modality: int(own.get("frames", 1)) for modality, own in modalities.items()}
        return loader(split=split, modalities=frames, wanted=wanted, **options)
    found = loader(split=split or "train", **options)
    return _only(found, tuple(modalities) or tuple(found.sizes)), {}


def _only(recordings: SequenceSet, names: Sequence[str]) -> SequenceSet:
    for name in names:
        if name not in recordings.sizes:
            raise UnknownName(
                f"{recordings.name} has no modality {name!r}: {did_you_mean(name, recordings.sizes)}"
            )

    def kept(one: Recording) -> Recording:
        return replace(
            one,
            streams={name: one.streams[name] for name in names},
            known={name: one.known[name] for name in names},
        )

    return replace(recordings, recordings=tuple(map(kept, recordings.recordings)))


def _label(one: Recording, spaces: Sequence[LabelSpace]) -> str | None:
    """The class of a recording, where it has one."""
    for space in spaces:
        truth = one.truth[space.name]
        if space.kind == "classes" and truth.ndim == 1 and truth.isfinite().all():
            return space.classes[int(truth.argmax())]
    return None


def _architecture(recipe: Recipe, recordings: SequenceSet) -> dict[str, Any]:
    sections = {name: dict(recipe.sections[name]) for name in ("modalities", "fusion", "temporal", "network")}
    if len(set(recordings.of_steps.values())) != 1:
        raise BadTable(f"{recordings.name}: labels are either of steps or of recordings, found both")
    if not any(recordings.of_steps.values()) and sections["network"].get("pooling", "none") == "none":
        sections["network"]["pooling"] = "attention"
    return {
        "sizes": {name: list(shape) for name, shape in recordings.sizes.items()},
        "outputs": {space.name: len(space) for space in recordings.spaces},
        **sections,
    }


def _card(
    recipe: Recipe,
    recordings: SequenceSet,
    architecture: Mapping[str, Any],
    features: Mapping[str, StreamCard],
    name: str,
) -> dict[str, Any]:
    """What a weights file says of itself."""
    return {
        "name": name,
        "about": recipe.about,
        "architecture": architecture,
        "spaces": spaces_as_data(recordings.spaces),
        "of_steps": recordings.of_steps,
        "step": recordings.step,
        "windows": dict(recipe.sections["windows"]),
        "features": {name: asdict(card) for name, card in features.items()},
        "data": recordings.name,
        "recipe": recipe.to_toml(),
    }


def _without_each(
    network: SequenceNetwork | PrevalentNetwork, windows: Windows
) -> dict[str, dict[str, float]]:
    """What is left of the scores when each modality is missing: how much the network relies on it."""
    found = {}
    for name in windows.recordings.sizes:
        said = predict_windows(lambda seen, gone=name: network(seen.missing([gone])), windows)
        found[name] = quick_scores(said, windows.recordings)
    return found
