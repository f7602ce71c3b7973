"""`facsight personalize report`: who gained by adaptation, who lost, and how sure that is."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from facsight.adaptation_experiment import Result
    from facsight.metrics.personal_gain import PersonalGain

personalize = typer.Typer(
    name="personalize",
    help="Adaptation to one person: what it did for whom.\n\n"
    "Example: facsight personalize report runs/neutral_only",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


@personalize.callback()
def _personalize() -> None:
    """Adaptation to one person: what it did for whom."""


@personalize.command()
def report(
    run: Annotated[Path, typer.Argument(help="The folder of a run of a recipe in recipes/adaptation.")],
    score: Annotated[str, typer.Option(help="accuracy, balanced_accuracy or macro_f1.")] = "accuracy",
    tolerance: Annotated[
        float, typer.Option(help="A person who loses no more than this is not made worse.")
    ] = 0.0,
    out: Annotated[
        Path | None, typer.Option(help="The numbers as JSON; default: personal.json there.")
    ] = None,
    page: Annotated[Path | None, typer.Option(help="The page; default: personal.html there.")] = None,
) -> None:
    """Every method beside the network unadapted and the oracle: mean and spread over people, paired gain with
    its interval, the share of people made worse, and of the recipe's method everybody who gained and lost.

    Writes personal.json and a page, personal.html, that names everybody who gained and lost by every method.

    Example: facsight personalize report runs/neutral_only
    """
    from facsight.adaptation_experiment import adaptation_table, read_results
    from facsight.core.errors import UnknownName, did_you_mean
    from facsight.report.gains import write_gains_page
    from facsight.training.run_folder import write_whole

    known = ("accuracy", "balanced_accuracy", "macro_f1")
    if score not in known:
        raise UnknownName(f"there is no score {score!r}: {did_you_mean(score, known)}")
    results = read_results(run)
    table = adaptation_table(results, score=score, tolerance=tolerance)  # pyright: ignore
    print_people(results, dict(table), score)
    file = out or run / "personal.json"
    write_whole(file, as_json(results, dict(table), score, tolerance))
    written = write_gains_page(run, page, score=score, tolerance=tolerance)  # pyright: ignore
    typer.echo(f"numbers: {file}\npage:    {written}")


def print_people(results: "list[Result]", table: "dict[str, PersonalGain]", score: str) -> None:
    """The table of methods, whom the methods helped and harmed, and what is to be warned of."""
    from facsight.cli.screen import complain, console
    from facsight.metrics.personal_gain import ASSUMES

    screen = console()
    screen.print(_methods(results, table, score))
    first = {one.method: one for one in results}
    for name, gain in table.items():
        if first[name].role == "method":
            screen.print(_who(name, gain))
    screen.print(ASSUMES, style="dim")
    screen.print(
        "Selected by: a fixed budget; nothing looked at labels of a target but the oracle.", style="dim"
    )
    for name, gain in table.items():
        if first[name].role != "bound" and gain.gain.estimate < 0:
            complain(f"warning: {name} is worse than no adaptation, by {-gain.gain.estimate:.3f} on average")


def as_json(results: "list[Result]", table: "dict[str, PersonalGain]", score: str, tolerance: float) -> str:
    """All numbers of the report."""
    import json
    from dataclasses import asdict

    from facsight.adaptation_experiment import person_table
    from facsight.metrics.personal_gain import ASSUMES

    first = {one.method: one for one in results}
    told: dict[str, Any] = {
        "score": score,
        "tolerance": tolerance,
        "seeds": sorted({one.seed for one in results}),
        "assumes": ASSUMES,
        "selected_by": "a fixed budget",
        "methods": {
            name: {"role": first[name].role, "sees": first[name].sees, **asdict(gain)}
            for name, gain in table.items()
        },
        "people": person_table(results, score=score).to_dicts(),  # pyright: ignore
    }
    return json.dumps(_plain(told), indent=2) + "\n"


def _plain(value: Any) -> Any:
    """None where there is no number: JSON has no NaN."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and value != value else value


def _methods(results: "list[Result]", table: "dict[str, PersonalGain]", score: str) -> Any:
    from rich.table import Table

    from facsight.core.errors import counted

    first = {one.method: one for one in results}
    people, seeds = {one.target for one in results}, {one.seed for one in results}
    who = f"{len(people)} people" if len(people) > 1 else "1 person"
    title = f"{score.replace('_', ' ')} of {who}, {counted(len(seeds), 'seed')}"
    shown = Table(title=title, title_justify="left")
    for column in ("", "is", "sees", "mean", "spread", "gain", "95 % interval", "made worse", "of the gap"):
        shown.add_column(column, justify="left" if column in ("", "is", "sees") else "right")
    for name, gain in table.items():
        shown.add_row(
            name,
            first[name].role,
            first[name].sees,
            _number(gain.score),
            _number(gain.spread),
            _number(gain.gain.estimate, "+"),
            f"{_number(gain.gain.low, '+')} to {_number(gain.gain.high, '+')}",
            f"{gain.made_worse:.0%}",
            "" if gain.recovered != gain.recovered else f"{gain.recovered:.0%}",
        )
    return shown


def _who(name: str, gain: "PersonalGain") -> str:
    parts = [f"{name}:"]
    for word, people in (("gained", gain.gained), ("lost", gain.lost)):
        told = ", ".join(f"{person} {change:+.3f}" for person, change in people)
        parts.append(f"  {word} ({len(people)}): {told or 'nobody'}")
    return "\n".join(parts)


def _number(value: float, sign: str = "") -> str:
    return "-" if value != value else f"{value:{sign}.3f}"
