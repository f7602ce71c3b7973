"""`facsight protocol`: under which rules a figure can be compared, and the folds that belong to them."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from facsight.data.protocol import Protocol

protocol = typer.Typer(
    name="protocol",
    help="Which rows, which number, which convention: the protocols of the field, and their folds.\n\n"
    "Example: facsight protocol show abaw10-va",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


@protocol.command("list")
def list_() -> None:
    """Every protocol, by dataset.

    Example: facsight protocol list
    """
    from facsight.data.protocol import load_protocol, protocol_names

    for name in protocol_names():
        one = load_protocol(name)
        typer.echo(f"{name:18} {one.title} [{one.dataset}]")


@protocol.command()
def show(name: Annotated[str, typer.Argument(help="A name from `facsight protocol list`.")]) -> None:
    """Everything that a protocol says: rows, number, convention, what it forbids, how certain it is.

    Example: facsight protocol show abaw10-va
    """
    from facsight.data.protocol import load_protocol

    for title, text in described(load_protocol(name)):
        typer.echo(f"{title:12} {text}")


def described(protocol: "Protocol") -> list[tuple[str, str]]:
    """The lines of a protocol's card."""
    folds = [
        f"{scheme.name}{' (never beside others: see below)' if scheme.warning else ''}"
        for scheme in protocol.folds
    ]
    lines = [
        (protocol.name, protocol.title),
        ("dataset", protocol.dataset),
        ("labels", ", ".join(protocol.labels)),
        ("splits", protocol.uses + (", labels withheld by the organisers" if protocol.withheld else "")),
        ("folds", ", ".join(folds)),
        ("rows", protocol.rows),
        ("left out", ", ".join(protocol.drop)),
        ("official", protocol.sum),
        ("also", ", ".join(protocol.also)),
        ("convention", protocol.convention),
        ("intervals", f"drawn over {protocol.resample}s"),
        ("crop", protocol.crop),
        ("submission", protocol.submission and f"format {protocol.submission}"),
        *(("forbids", text) for text in protocol.forbids),
        *(("warning", f"{scheme.name}: {scheme.warning}") for scheme in protocol.folds if scheme.warning),
        *(("source", text) for text in protocol.sources),
        ("certainty", protocol.certainty),
    ]
    return [(title, text) for title, text in lines if text]
