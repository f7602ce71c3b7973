"""`facsight report`: the page of a folder, made again from what is in it."""

from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from facsight.core.errors import MissingData

#: What a folder is, by a file that only such folders have, and the function that writes its page: it takes
#: the folder, `photos` and `pictures`, and returns the page's path.
KINDS = {
    "readings.json": "facsight.report.readings:write_report",
    "study.json": "facsight.report.study:write_study_report",
    "metrics.json": "facsight.report.run:write_run_report",
}


def report(
    folder: Annotated[Path, typer.Argument(help="A folder written by `facsight analyze`.")],
    pictures: Annotated[
        int, typer.Option(help="Photos or videos that the page shows with pictures.", min=0)
    ] = 40,
    no_pictures: Annotated[
        bool,
        typer.Option(
            "--no-pictures", help="No photo and no face on the page: maps, curves and numbers only."
        ),
    ] = False,
) -> None:
    """Write report.html of a folder again, for example without pictures before it is passed on.

    Example: `facsight report out/ --no-pictures`
    """
    for marker, home in KINDS.items():
        if (folder / marker).is_file():
            module, function = home.split(":")
            page = getattr(import_module(module), function)(folder, photos=pictures, pictures=not no_pictures)
            typer.echo(f"page   {page}")
            return
    raise MissingData(
        f"{folder} has none of {', '.join(KINDS)}: it was not written by facsight, or the run was not "
        "finished. Give the same `facsight analyze` again to finish it."
    )
