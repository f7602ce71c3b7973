"""Puts the verbs together, and turns our errors into one readable block and an exit code."""

import sys
from collections.abc import Sequence
from importlib import import_module

import typer

from facsight.cli.screen import complain
from facsight.core.errors import BadMedia, BadOutput, BadTraining, FacsightError

#: Every verb and the function behind it. A verb's file imports what is heavy inside its function, so that
#: `facsight --help` stays quick.
VERBS = {
    "analyze": "facsight.cli.analyze:analyze",
    "adapt": "facsight.cli.adapt:adapt",
    "watch": "facsight.cli.watch:watch",
    "explain": "facsight.cli.explain:explain",
    "textualize": "facsight.cli.textualize:textualize",
    "prepare": "facsight.cli.prepare:prepare",
    "train": "facsight.cli.train:train",
    "score": "facsight.cli.score:score",
    "ask": "facsight.cli.ask:ask",
    "multitask": "facsight.cli.multitask:multitask",
    "audit": "facsight.cli.audit:audit",
    "protocol": "facsight.cli.protocol:protocol",
    "submit": "facsight.cli.submit:submit",
    "compare": "facsight.cli.compare:compare",
    "personalize": "facsight.cli.personalize:personalize",
    "agree": "facsight.cli.agree:agree",
    "report": "facsight.cli.report:report",
    "view": "facsight.cli.view:view",
    "list": "facsight.cli.listing:list_",
    "show": "facsight.cli.listing:show",
    "data": "facsight.cli.data:data",
    "doctor": "facsight.cli.doctor:doctor",
}

#: Something did not work out although the command was right: exit code 1. All other errors are wrong use: 2.
MISFORTUNES = (BadMedia, BadOutput, BadTraining)


def build() -> typer.Typer:
    """The application with all verbs."""
    app = typer.Typer(
        name="facsight",
        help="Reads facial expressions in photos and videos, with evidence. Expressions are not feelings.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="markdown",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_facsight)
    for name, home in VERBS.items():
        module, function = home.split(":")
        verb = getattr(import_module(module), function)
        if isinstance(verb, typer.Typer):
            app.add_typer(verb, name=name)
        else:
            app.command(name)(verb)
    return app


def run(arguments: Sequence[str] | None = None) -> None:
    """Run a command line and leave with its exit code: 0 fine, 1 some inputs failed, 2 wrong use."""
    try:
        build()(args=None if arguments is None else list(arguments))
    except FacsightError as error:
        complain(str(error))
        sys.exit(1 if isinstance(error, MISFORTUNES) else 2)


def _say_version(asked: bool) -> bool:
    if asked:
        from facsight import __version__

        typer.echo(f"facsight {__version__}")
        raise typer.Exit
    return asked


def _facsight(
    version: bool = typer.Option(
        False, "--version", callback=_say_version, is_eager=True, help="Print the version and stop."
    ),
) -> None:
    """What comes before a verb."""
