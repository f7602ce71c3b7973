"""`facsight audit`: whether the evidence of a trained reader can be trusted."""

from pathlib import Path
from typing import Annotated

import typer


def audit(
    run: Annotated[Path, typer.Argument(help="A run folder, or a weights file with --recipe.")],
    on: Annotated[str, typer.Option(help="Which part of the dataset: val or test.")] = "val",
    folder: Annotated[Path | None, typer.Option(help="The dataset's folder, if not the recipe's.")] = None,
    recipe: Annotated[Path | None, typer.Option(help="The recipe, where the run folder has none.")] = None,
    method: Annotated[
        list[str] | None, typer.Option(help="Also judge this explainer: see `facsight list explainers`.")
    ] = None,
    sample: Annotated[int, typer.Option(help="Faces on which places are removed.", min=2)] = 300,
    no_pictures: Annotated[
        bool, typer.Option("--no-pictures", help="No face on the page: maps and numbers only.")
    ] = False,
) -> None:
    """Judge a reader's maps beside floors, see what removing places does, and say what holds.

    Writes audit-val.html, .json and .parquet beside the weights; `facsight compare` sets runs side by side.

    Example: `facsight audit runs/ferplus-seed=1 --method layercam`
    """
    from rich.text import Text

    from facsight.audit.run import audit
    from facsight.cli.progress import counter
    from facsight.cli.screen import console
    from facsight.report.audit import write_audit_page

    screen = console()
    with counter("landmarks") as on_face:
        found = audit(
            run,
            split=on,
            folder=folder,
            recipe=recipe,
            methods=method or [],
            sample=sample,
            on_part=lambda part: screen.print(f"{part} ...", style="dim"),
            on_face=on_face,
        )
    page = write_audit_page(found, found.home / f"audit-{on}.html", pictures=not no_pictures)
    styles = {"yes": "green", "no": "red", "undecided": "yellow"}
    for verdict in found.scores["verdicts"]:
        answer = verdict["answer"]
        screen.print(Text.assemble((f"\n{answer:13}", f"bold {styles.get(answer, '')}"), verdict["claim"]))
        screen.print(f"             {verdict['because']}", style="dim", soft_wrap=True)
    screen.print(f"\npage   {page}", soft_wrap=True)
