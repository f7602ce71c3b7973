"""`facsight explain`: why a face was read as it was, or what spoke for another expression."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.text import Text

from facsight.cli.screen import bar, console
from facsight.core.errors import BadFaces, BadLabels, BadOutput, BadRecipe

if TYPE_CHECKING:
    import numpy as np

    from facsight.analysis.causes import Causes
    from facsight.analysis.evidence import Evidence
    from facsight.analysis.reading import Reading


def explain(
    photo: Annotated[
        Path,
        typer.Argument(help="A photo; with --instructions also a folder; or a file .jsonl of explanations."),
    ],
    style: Annotated[
        Literal["observations", "chain", "short"] | None,
        typer.Option(help="Say it in sentences, each held to what was measured; no picture."),
    ] = None,
    language: Annotated[str, typer.Option(help="The language of sentences: en or de.")] = "en",
    check: Annotated[
        Path | None, typer.Option(help="A text about the face, such as a language model's, to check.")
    ] = None,
    instructions: Annotated[
        Path | None, typer.Option(help="Write explanations of all faces as instruction data: a file .jsonl.")
    ] = None,
    against: Annotated[
        Path | None, typer.Option(help="For a file .jsonl: reference explanations (.jsonl) to score it by.")
    ] = None,
    about: Annotated[
        str | None, typer.Option(help="The expression to explain: a name, or predicted (the default).")
    ] = None,
    method: Annotated[
        str | None, typer.Option(help="Another explainer: see `facsight list explainers`.")
    ] = None,
    face: Annotated[int, typer.Option(help="Which face, 1 being the largest.", min=1)] = 1,
    out: Annotated[
        Path | None, typer.Option(help="The picture to write, or a folder for it; by default where you are.")
    ] = None,
    weights: Annotated[Path | None, typer.Option(help="Another reader (.safetensors).")] = None,
    finder: Annotated[
        str | None, typer.Option(help="Another face finder: see `facsight list finders`.")
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="A run folder of action units, asked what it says, too.")
    ] = None,
) -> None:
    """Say why: the share of attention by action unit, what removing each does, and a picture with the maps.

    Examples: `facsight explain photo.jpg --about anger --method layercam --out why.png`,
    `facsight explain photo.jpg --style chain --language de`, `facsight explain photo.jpg --check said.txt`,
    `facsight explain folder/ --instructions out.jsonl`, `facsight explain out.jsonl` (is it faithful?),
    `facsight explain out.jsonl --against references.jsonl`
    """
    from facsight.analysis.reader import Reader
    from facsight.cli.explanations import check_said, judge_file, say_explanation, write_instructions
    from facsight.media.photo import read_photo

    _check_together(photo, style, (check, instructions, against), (about, method))
    if photo.suffix == ".jsonl":
        return judge_file(photo, against, language)
    reader = Reader(weights, finder=finder, units=model)
    if instructions is not None:
        return write_instructions(photo, instructions, reader, style or "chain", language)
    pixels = read_photo(photo).pixels
    reading = _chosen(reader.read(pixels), face, photo)
    if check is not None:
        return check_said(reading, check, language)
    if style is not None:
        return say_explanation(reading, style, language, out)
    return _show(pixels, reading, _asked(reading, about, method), photo, method, out)


def _check_together(
    source: Path,
    style: str | None,
    files: tuple[Path | None, Path | None, Path | None],
    of_pictures: tuple[str | None, str | None],
) -> None:
    """Refuse options that do not go together."""
    check, instructions, against = files
    verbs = [check is not None, instructions is not None, source.suffix == ".jsonl"]
    if sum(verbs) > 1 or (check is not None and style is not None):
        raise BadRecipe(
            "one thing at a time: --check TEXT or --instructions FILE of photos, or a file .jsonl to judge"
        )
    if against is not None and source.suffix != ".jsonl":
        raise BadRecipe(f"--against scores a file .jsonl of explanations, found {source.name!r}")
    if (any(verbs) or style is not None) and any(of_pictures):
        raise BadRecipe(
            "--about and --method are for the picture: leave them out where sentences are asked for"
        )


def _show(
    pixels: "np.ndarray",
    reading: "Reading",
    evidence: "Evidence",
    photo: Path,
    method: str | None,
    out: Path | None,
) -> None:
    """Write the picture with the maps, and say what they rest on."""
    from PIL import Image

    from facsight.core.saving import whole_file
    from facsight.report.overlay import overlay

    told = [photo.stem, evidence.label.replace(" ", "_"), *([method.replace("+", "p")] if method else [])]
    name = f"{'-'.join(told)}.png"
    target = (out / name if out.is_dir() else out) if out else Path(name)
    if not target.parent.is_dir():
        raise BadOutput(
            f"there is no folder {target.parent} for the picture; make it, or choose another --out"
        )
    with whole_file(target) as partial:
        Image.fromarray(overlay(pixels, reading, evidence)).save(partial, format="PNG")
    screen = console()
    for line in lines(reading, evidence, evidence.causes()):
        screen.print(line, soft_wrap=True)
    for line in unit_lines(reading):
        screen.print(line, soft_wrap=True)
    screen.print(f"\npicture  {target}", soft_wrap=True)


def lines(reading: "Reading", evidence: "Evidence", causes: "Causes") -> list[Text]:
    """The sentence, a bar for each expression and each action unit of the one asked about, and its causes."""
    from facsight.analysis.wording import percent, unit_name

    units = {unit_name(unit): share for unit, share in evidence.action_units.items()}
    elsewhere = f"elsewhere (at best {percent(evidence.elsewhere_floor)})"
    width = max(map(len, [*reading.expression, *units, elsewhere])) + 2
    told = [Text(evidence.sentence), Text("\nprobability", "bold")]
    for name, share in sorted(reading.expression.items(), key=lambda pair: -pair[1]):
        style = "bold" if name == evidence.label else ""
        told.append(
            Text.assemble((f"  {name:{width}}", style), f"{percent(share):>9} ", (bar(share), "cyan"))
        )
    if units:
        told.append(Text(f"\n{evidence.kind} by action unit", "bold"))
        for name, share in [*units.items(), (elsewhere, evidence.elsewhere)]:
            told.append(Text.assemble(f"  {name:{width}}{percent(share):>9} ", (bar(share), "cyan")))
        told.append(
            Text(f"\nagreement with the action-unit map {evidence.agreement:.2f}, rank {evidence.rank}")
        )
    if causes.units:
        told.append(Text(f"\nwhat the decision for {causes.label} needs", "bold"))
        told += [Text(f"  {sentence}") for sentence in causes.sentences]
        told += [
            Text(f"  {_group(group)} share their place: removal cannot tell them apart", "dim")
            for group in causes.inseparable
        ]
    return told


def unit_lines(reading: "Reading") -> list[Text]:
    """What each action unit's own head says; nothing where no network of them was asked."""
    from facsight.analysis.wording import percent, unit_name

    if not reading.units:
        return []
    width, told = max(len(unit_name(one.action_unit)) for one in reading.units) + 2, []
    for one in sorted(reading.units, key=lambda one: -one.probability):
        limit = "no threshold" if one.threshold is None else f"from {percent(one.threshold)} on"
        decision = {None: "not decided", True: "present", False: "absent"}[one.present]
        told.append(
            Text.assemble(
                (f"  {unit_name(one.action_unit):{width}}", "bold" if one.present else ""),
                f"{percent(one.probability):>9} ",
                (bar(one.probability), "cyan"),
                f"  {decision} ({limit})",
            )
        )
    return [Text("\naction units, each by a head of its own", "bold"), *told]


def _group(units: "tuple[int, ...]") -> str:
    *most, last = (f"AU{unit}" for unit in units)
    return f"{', '.join(most)} and {last}"


def _asked(reading: "Reading", about: str | None, method: str | None) -> "Evidence":
    """The reading's own evidence, or that for a class, by an explainer."""
    if about == "true":
        raise BadLabels(
            "nobody has said what this photo truly shows: name an expression, as in --about anger"
        )
    label = reading.label if about in (None, "predicted") else about
    if method is None and label == reading.label and about != label:
        return reading.evidence
    return reading.evidence.about(label, method=method)


def _chosen(readings: "list[Reading]", face: int, photo: Path) -> "Reading":
    from facsight.analysis.wording import printable

    name = printable(photo)
    if not readings:
        raise BadFaces(f"no face was found in {name}; there is nothing to explain")
    if face > len(readings):
        raise BadFaces(f"{name} has {len(readings)} face(s), face {face} was asked for; 1 is the largest")
    return readings[face - 1]
