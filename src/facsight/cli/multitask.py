"""`facsight multitask`: which task helps which, and the best way to learn one."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from facsight.sequence_experiment.task_table import TaskRow

multitask = typer.Typer(
    name="multitask",
    help="Several tasks on the same recordings: which helps which, and how one is learnt best.\n\n"
    "Example: facsight multitask table runs/progressive",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


@multitask.command()
def table(
    runs: Annotated[list[Path], typer.Argument(help="Run folders, or folders of them, such as a search's.")],
    split: Annotated[str, typer.Option(help="Which part: val or test.")] = "val",
    out: Annotated[Path | None, typer.Option(help="Also write the table as JSON.")] = None,
) -> None:
    """Every task of every run with its score, and what it gains over the run that learns the task alone.

    Example: facsight multitask table runs/progressive runs/search --out table.json
    """
    from facsight.cli.screen import console
    from facsight.sequence_experiment.task_table import task_table
    from facsight.training.run_folder import write_whole

    rows = task_table(runs, split=split)
    console().print(
        _table("task by task", ("task", "learnt", "score", "gain over alone", "run"), _cells(rows))
    )
    console().print(
        "Scores: CCC, macro F1, F1 of units, the mean over a task's columns. Intervals: 95 %, bootstrap over "
        "people; what another seed would change is not in them.",
        style="dim",
    )
    if out:
        write_whole(out, json.dumps([row.plain() for row in rows], indent=2) + "\n")


@multitask.command()
def search(
    recipe: Annotated[Path, typer.Argument(help="A recipe of recordings with labels of several tasks.")],
    target: Annotated[str, typer.Argument(help="The label space that is to be learnt best.")],
    overrides: Annotated[
        list[str] | None, typer.Argument(help="Changes to it: seed=1 data.folder=PATH training.epochs=5")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The folder of its runs; default: runs/search- and the recipe's name.")
    ] = None,
    exhaustive: Annotated[
        bool, typer.Option("--exhaustive", help="Try all strategies instead of one step after the other.")
    ] = False,
    parts: Annotated[int, typer.Option(help="Over so many parts of the people is the choice tested.")] = 5,
) -> None:
    """The best way to learn a task: whose features, beside which tasks, in time; the same command goes on.

    The score of the best is too good, as it was chosen by it. Beside it stands the score of choosing: each
    part of the people is scored by what the others chose.

    Example: facsight multitask search recipes/multitask/tasks.toml planted_affect --exhaustive
    """
    from facsight.cli.progress import step_counter
    from facsight.cli.screen import console
    from facsight.cli.train import run_name
    from facsight.recipe import read_recipe
    from facsight.sequence_experiment.strategies import search as find

    plan = read_recipe(recipe, overrides or [])
    folder = out or Path("runs") / f"search-{run_name(recipe, overrides or [])}"
    how = "exhaustive" if exhaustive else "greedy"
    with step_counter() as on_step:
        found = find(plan, target, folder, how=how, parts=parts, on_step=on_step)
    rows = [(row["name"], _number(row), _gain(row)) for row in found["strategies"]]
    console().print(_table(f"{target}: strategies", ("learnt", "score", "gain over alone"), rows))
    honest = found["cross_fitted"]
    typer.echo(f"best: {found['best']['name']}, {found['score_of_the_best_on_its_own_people']:.4f}")
    typer.echo(
        f"choosing, cross-fitted: {_number(honest)}; the best looks {found['optimism']:.4f} better than that"
    )
    typer.echo(f"runs: {folder / target}")


def _cells(rows: "list[TaskRow]") -> list[tuple[str, ...]]:
    return [
        (
            row.task,
            str(row.how),
            _spread(*row.score),
            "" if row.gain is None else _spread(*row.gain, sign="+"),
            str(row.run),
        )
        for row in rows
    ]


def _number(row: dict[str, Any]) -> str:
    return _spread(row["value"], *row["interval"])


def _gain(row: dict[str, Any]) -> str:
    return _spread(row["gain"], *row["gain_interval"], sign="+") if "gain" in row else ""


def _spread(value: float, low: float, high: float, sign: str = "") -> str:
    return f"{value:{sign}.4f} ({low:{sign}.4f} to {high:{sign}.4f})"


def _table(title: str, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> Any:
    from rich.table import Table

    made = Table(title=title, title_justify="left")
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*row)
    return made
