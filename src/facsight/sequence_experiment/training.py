"""Training of what a recipe for sequences says into a run folder, one a stage where there are stages."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from facsight import catalog
from facsight.assembly import (
    STAGES,
    TrainedSequences,
    assemble,
    open_sequence_run,
    spaces_as_data,
    standardise,
)
from facsight.core.errors import BadCheckpoint, BadLabels, BadTable
from facsight.core.method import SequenceMethod
from facsight.core.terms import Terms
from facsight.data.recordings import StreamCard
from facsight.data.sequence_parts import importance_of
from facsight.data.sequence_set import SequenceSet
from facsight.data.windows import SequenceAugmentation, WindowPlan, Windows
from facsight.hub import bundled_weights
from facsight.nn.donors import AnyNetwork, DonatedNetwork
from facsight.nn.sequence_network import SequenceNetwork
from facsight.nn.weights import save_network
from facsight.recipe import Recipe
from facsight.sequence_experiment.donors import open_donors
from facsight.sequence_experiment.processed import postprocessing
from facsight.sequence_experiment.recordings import Read, load_recordings, read_recordings
from facsight.training.fit import fit
from facsight.training.plan import Plan
from facsight.training.run_folder import ENVIRONMENT, WEIGHTS, RunFolder, environment, write_whole
from facsight.training.sequence_scoring import predict_windows, quick_scores

OnStep = Callable[[int, int, Terms], None]


def train_sequences(
    recipe: Recipe, out: Path, *, on_step: OnStep | None = None, read: Read = read_recordings
) -> RunFolder:
    """Train what the recipe says into the folder `out`; the same call goes on with an interrupted run.

    Stages are trained in their order, each into a folder of its own below `out`; the last is returned.
    """
    if not recipe.stages:
        return _train(recipe, out, {}, on_step, read)
    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / STAGES, json.dumps(list(recipe.stages)) + "\n")
    done: dict[str, Path] = {}
    run = None
    for name, stage in recipe.stages.items():
        run = _train(stage, out / name, done, on_step, read)
        done[name] = run.path
    assert run is not None  # a recipe with stages has one
    return run


def _train(
    recipe: Recipe, out: Path, stages: Mapping[str, Path], on_step: OnStep | None, read: Read
) -> RunFolder:
    run = RunFolder(out, recipe.to_toml())
    recordings, features = load_recordings(recipe, "train", read=read)
    held_out, _ = load_recordings(recipe, "val", read=read)
    if held_out.spaces != recordings.spaces:
        raise BadLabels(f"{recordings.name} and {held_out.name} have different label spaces")
    _check_labels(recipe, recordings)
    postprocessing(recipe, recordings)  # what does not fit is told before hours of training
    run.write_json(ENVIRONMENT, environment(recipe.seed))
    donors = open_donors(recipe, stages, recordings, features)
    architecture = _architecture(recipe, recordings, donors)
    plan = WindowPlan(**recipe.sections["windows"])
    watched = Windows(held_out, plan)
    method = build_sequence_method(recipe, architecture, recordings, stages, donors)
    trained = fit(
        method,
        method.examples(_windows(recipe, recordings, plan)),
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


def _check_labels(recipe: Recipe, recordings: SequenceSet) -> None:
    """Refuse to learn from labels where there are none; a method may say that it needs none."""
    method = catalog.load("sequence_methods", recipe.sections["method"]["name"])
    labelled = any(
        bool(truth.isfinite().any()) for one in recordings.recordings for truth in one.truth.values()
    )
    if not labelled and getattr(method, "needs_labels", True):
        raise BadLabels(
            f"{recordings.name}: none of {len(recordings.recordings)} recordings for training has a label of "
            f"{', '.join(space.name for space in recordings.spaces)}: all are missing or invalid; see how "
            "they were read, or learn without labels (masked_clips)"
        )


def _windows(recipe: Recipe, recordings: SequenceSet, plan: WindowPlan) -> Windows:
    """The windows for training; those of several datasets are balanced by these, if nothing else is said."""
    usual = "datasets" if recordings.datasets else "classes"
    changes = SequenceAugmentation(**recipe.sections["augmentation"])
    return Windows(recordings, plan, changes, recipe.sections["data"].get("groups", usual))


def build_sequence_method(
    recipe: Recipe,
    architecture: Mapping[str, Any],
    recordings: SequenceSet,
    stages: Mapping[str, Path],
    donors: Mapping[str, TrainedSequences] | None = None,
) -> SequenceMethod:
    """The recipe's method around its network, with random weights drawn from the recipe's seed.

    The weights of donors are their own.
    """
    options = dict(recipe.sections["method"])
    method = catalog.load("sequence_methods", options.pop("name"))
    if balance := options.pop("balance", 0.0):
        options["importance"] = importance_of(recordings, balance)
    if "teacher" in options:
        teacher = options.pop("teacher")
        options["teacher"] = _teacher(stages.get(teacher, Path(teacher)))
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        network = assemble(architecture)
        standardise(network, recordings)
        _start(network, recipe.sections["modalities"])
        if isinstance(network, DonatedNetwork):
            for donor, trained in zip(network.donors, (donors or {}).values(), strict=True):
                donor.load_state_dict(trained.network.state_dict())
        return method(network, spaces=recordings.spaces, **options)


def _start(network: AnyNetwork, modalities: Mapping[str, Mapping[str, Any]]) -> None:
    """Begin with the weights that modalities name; those of a trained network are in its own file."""
    whole = network if isinstance(network, SequenceNetwork) else network.network
    for name, options in modalities.items():
        if "start" in options:
            start = bundled_weights() if options["start"] == "bundled" else Path(options["start"])
            weights = start / WEIGHTS if start.is_dir() else start
            whole.encoders.get_submodule(name).start_from(weights)  # pyright: ignore


def _teacher(run: Path) -> SequenceNetwork:
    network = open_sequence_run(run).network
    if not isinstance(network, SequenceNetwork):
        raise BadCheckpoint(
            f"{run} is a {type(network).__name__}: a teacher sees all modalities and has no donors"
        )
    return network


def _architecture(
    recipe: Recipe, recordings: SequenceSet, donors: Mapping[str, TrainedSequences]
) -> dict[str, Any]:
    sections = {name: dict(recipe.sections[name]) for name in ("modalities", "fusion", "temporal", "network")}
    if len(set(recordings.of_steps.values())) != 1:
        raise BadTable(f"{recordings.name}: labels are either of steps or of recordings, found both")
    if not any(recordings.of_steps.values()) and sections["network"].get("pooling", "none") == "none":
        sections["network"]["pooling"] = "attention"
    if donors:
        sections["network"]["donors"] = [
            {"name": name, "architecture": dict(one.card["architecture"])} for name, one in donors.items()
        ]
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
        "features": {name: card.plain() for name, card in features.items()},
        "data": recordings.name,
        "recipe": recipe.to_toml(),
    }
