"""`facsight train`: a recipe becomes a run folder."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from facsight.recipe import Recipe


def train(
    recipe: Annotated[
        Path, typer.Argument(help="A recipe (TOML); `facsight list recipes` names those that ship.")
    ],
    overrides: Annotated[
        list[str] | None, typer.Argument(help="Changes to it: seed=1 method.guidance=0 data.folder=PATH")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The run folder; default: runs/, the recipe's name and the changes.")
    ] = None,
    folds: Annotated[
        str | None,
        typer.Option(
            help="Of recordings: train so many folds with nobody on both sides, `people` to leave each "
            "person out once, or `protocol` for those of data.protocol."
        ),
    ] = None,
) -> None:
    """Train what a recipe says; the same command goes on with an interrupted run.

    Datasets are looked for in $FACSIGHT_DATA, or in data/.

    Example: facsight train recipes/guided/ferplus.toml seed=1 method.guidance=0

    Example: facsight train recipes/fusion/joint_cross_attention.toml data.name=prepared data.folder=FEATURES

    Example: facsight train recipes/fusion/concatenation.toml --folds 5

    Example: facsight train recipes/action_units/detection.toml method.alignment=0

    Example: facsight train recipes/adaptation/neutral_only.toml data.target="person 7"
    """
    from facsight.cli.progress import counter, step_counter
    from facsight.cli.score import print_scores
    from facsight.core.errors import BadRecipe
    from facsight.recipe import read_recipe

    plan = read_recipe(recipe, overrides or [])
    folder = out or Path("runs") / run_name(
        recipe, [*(overrides or []), *([f"folds={folds}"] if folds else [])]
    )
    if plan.kind == "sequences":
        _train_sequences(plan, folder, folds)
        return
    if plan.kind == "people" and not folds:
        _train_people(plan, folder)
        return
    if folds:
        raise BadRecipe(f"--folds is for recipes of recordings, {recipe} is of {plan.kind}")
    if plan.kind == "action units":
        _train_units(plan, folder)
        return
    from facsight.experiment import score, train

    with counter("landmarks") as on_face, step_counter() as on_step:
        train(plan, folder, on_face=on_face, on_step=on_step)
    with counter("scoring") as on_face:
        print_scores(score(folder, on_face=on_face))
    typer.echo(f"run: {folder}")


def _train_sequences(plan: "Recipe", folder: Path, folds: str | None) -> None:
    from facsight.cli.progress import step_counter
    from facsight.cli.screen import complain
    from facsight.cli.sequence_scores import print_sequence_scores
    from facsight.sequence_experiment import fold_warning, score_sequences, train_folds, train_sequences

    if (folds == "protocol" or "fold" in plan.sections["data"]) and (warning := fold_warning(plan)):
        complain(f"warning: {warning}")
    with step_counter() as on_step:
        if folds:
            train_folds(plan, folder, folds, on_step=on_step)
        else:
            train_sequences(plan, folder, on_step=on_step)
    print_sequence_scores(score_sequences(folder))
    typer.echo(f"run: {folder}")


def _train_units(plan: "Recipe", folder: Path) -> None:
    from facsight.cli.progress import counter, step_counter
    from facsight.cli.unit_scores import print_unit_scores
    from facsight.unit_experiment import score_units, train_units

    with counter("landmarks") as on_face, step_counter() as on_step:
        train_units(plan, folder, on_face=on_face, on_step=on_step)
    with counter("scoring") as on_face:
        print_unit_scores(score_units(folder, on_face=on_face))
    typer.echo(f"run: {folder}")


def _train_people(plan: "Recipe", folder: Path) -> None:
    from facsight.adaptation_experiment import adaptation_table, train_people
    from facsight.cli.personalize import print_people
    from facsight.cli.progress import counter

    with counter("targets") as on_result:
        results = train_people(plan, folder, on_result=on_result)
    print_people(results, dict(adaptation_table(results)), "accuracy")
    typer.echo(f"run: {folder}; more: facsight personalize report {folder}")


def run_name(recipe: Path, overrides: list[str]) -> str:
    """A folder name that says the recipe and what was changed in it.

    >>> run_name(Path("recipes/guided/ferplus.toml"), ["seed=1", "method.guidance=0", "data.folder=/x y"])
    'ferplus-seed=1-method.guidance=0'
    """
    changes = [text for text in overrides if not text.startswith("data.folder=")]
    plain = "".join(c if c.isalnum() or c in "=.,_-" else "_" for c in "-".join([recipe.stem, *changes]))
    return plain.strip(".")[:100]
