"""What `facsight explain` says in words: explanations, instruction data, and the checking of any text."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.text import Text

from facsight.cli.screen import console
from facsight.core.errors import BadOutput, BadRecipe, MissingData, counted

if TYPE_CHECKING:
    from facsight.analysis.reader import Reader
    from facsight.analysis.reading import Reading
    from facsight.words.explanation.free_text import Statement

_JUDGED = {True: ("supported", "green"), False: ("unsupported", "bold red"), None: ("not judged", "dim")}


def say_explanation(reading: "Reading", style: str, language: str, out: Path | None) -> None:
    """Show a face's explanation, or write it as JSON with its cues and the reading."""
    from facsight.core.saving import whole_file
    from facsight.words.explanation.measured import measured
    from facsight.words.explanation.writing import explain_in_words, to_text

    known = measured(reading, causes=reading.evidence.causes() if style == "chain" else None)
    explanation = explain_in_words(known, style, language)
    if out is None:
        typer.echo(to_text(explanation))
        return
    if out.suffix != ".json":
        raise BadRecipe(f"an explanation is written as .json, with its cues: found --out {out}")
    if not out.parent.is_dir():
        raise BadOutput(f"there is no folder {out.parent} for it; make it, or choose another --out")
    told = {"explanation": explanation.plain(), "reading": known.plain()}
    with whole_file(out) as partial:
        whole = json.dumps(told, ensure_ascii=False, allow_nan=False, indent=1)
        partial.write_text(whole + "\n", encoding="utf-8")
    console().print(f"explanation  {out}", soft_wrap=True)


def check_said(reading: "Reading", file: Path, language: str) -> None:
    """Say of each statement of a text whether the reading supports it; exit code 1 where one is not."""
    from facsight.words.explanation.free_text import check_text
    from facsight.words.explanation.measured import measured

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MissingData(f"{file} cannot be read as a text file: {error}") from error
    statements = check_text(text, measured(reading, causes=reading.evidence.causes()), language)
    screen = console()
    for one in statements:
        screen.print(_line(one), soft_wrap=True)
    wrong = sum(one.supported is False for one in statements)
    screen.print(f"\n{counted(len(statements), 'statement')}, {wrong} unsupported", soft_wrap=True)
    raise typer.Exit(1 if wrong else 0)


def write_instructions(source: Path, out: Path, reader: "Reader", style: str, language: str) -> None:
    """Write instruction data, name what failed, and leave with exit code 1 where something did."""
    from facsight.cli.progress import counter
    from facsight.words.explanation.instructions import export_instructions

    with counter("photos") as count:
        told = export_instructions(source, out, reader, style=style, in_language=language, on_result=count)
    screen = console()
    screen.print(
        f"{counted(told.faces, 'explanation')} of {counted(told.photos, 'photo')}, "
        f"{len(told.without_face)} without a face"
    )
    for name, reason in (*told.failed, *told.unfaithful):
        screen.print(Text(f"  {name}: {reason}", "red"), soft_wrap=True)
    screen.print(f"instructions  {out}", soft_wrap=True)
    raise typer.Exit(1 if told.failed or told.unfaithful else 0)


def judge_file(file: Path, reference: Path | None, language: str) -> None:
    """Hold every line of instruction data to its reading, or score a file of texts by references.

    Exit code 1 where a line is not faithful.
    """
    if reference is not None:
        _score(file, reference, language)
        return
    from facsight.words.explanation.instructions import check_instructions

    faults = check_instructions(file)
    screen = console()
    for fault in faults:
        screen.print(Text(fault, "red"), soft_wrap=True)
    screen.print(f"{counted(len(faults), 'fault')} in {file}", soft_wrap=True)
    raise typer.Exit(1 if faults else 0)


def _score(file: Path, reference: Path, language: str) -> None:
    """What two files of explanations name in common."""
    from facsight.words.explanation.comparing import compare_files

    told = compare_files(file, reference, language)
    screen = console()
    screen.print(f"{'':8}{'precision':>10}{'recall':>10}{'F1':>10}{'mean F1':>10}")
    for kind in ("units", "clues", "labels"):
        one = getattr(told.score, kind)
        values = (one.precision, one.recall, one.f1, one.mean_f1)
        screen.print(f"{kind:8}" + "".join(f"{value:10.3f}" for value in values))
    screen.print(
        f"\n{counted(told.score.texts, 'text')}; without a reference {len(told.only_said)}, "
        f"references without a text {len(told.only_reference)}"
    )


def _line(one: "Statement") -> Text:
    word, style = _JUDGED[one.supported]
    reason = f"  ({one.reason})" if one.reason else ""
    return Text.assemble((f"{word:12}", style), f"{one.kind:11}", one.said, (reason, "dim"))
