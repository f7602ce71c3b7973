"""`facsight protocol`: under which rules a figure can be compared, and the folds that belong to them."""

from pathlib import Path
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


@protocol.command()
def split(
    name: Annotated[str, typer.Argument(help="A name from `facsight protocol list`.")],
    root: Annotated[Path, typer.Option(help="The dataset's folder.")],
    out: Annotated[Path, typer.Option(help="The folder for the file of folds.")],
    scheme: Annotated[
        str | None, typer.Option(help="Another way to divide than the protocol's own; `show` names them.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Who goes where, where that is left open.")] = 0,
) -> None:
    """Write the folds as a file that can be published: who is where, with a checksum.

    Example: facsight protocol split biovid --root BioVid --out folds/
    """
    from facsight.analysis.saving import ready_folder
    from facsight.cli.screen import complain
    from facsight.core.errors import counted
    from facsight.data.fold_files import write_folds
    from facsight.data.protocol import load_protocol
    from facsight.data.protocol_folds import protocol_folds, protocol_table

    chosen = load_protocol(name)
    table = protocol_table(chosen, root, scheme=scheme)
    folds, warning = protocol_folds(chosen, table, scheme=scheme, seed=seed)
    if warning:
        complain(f"warning: {warning}")
    way = chosen.scheme(scheme).name if chosen.folds else "official"
    path = write_folds(folds, ready_folder(out) / f"{name}-{way}.csv")
    typer.echo(f"{counted(len(folds), 'fold')} of {counted(len(table), 'sample')}: {path}")


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
