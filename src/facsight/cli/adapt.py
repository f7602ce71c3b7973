"""`facsight adapt`: a clip of one person at rest in, a person file out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facsight.cli.screen import console
from facsight.core.errors import BadCheckpoint, BadOutput

if TYPE_CHECKING:
    from facsight.analysis.person_file import Person

#: What is known of the good it does, and of what it does not: docs/personal_readers.md has the figures.
MEASURED = (
    "measured on studio portraits of 52 people: smiles were not told from rest more often than without; "
    "whether other expressions gain is not known. Compare the adapted readings with the unadapted ones "
    "beside them"
)
#: The same of a method that has learnt a translator from people.
TRANSLATED = (
    "measured on studio portraits of 52 people, each by a translator that others had trained: more smiles "
    "were read, and rest as before. It has learnt rest and smiles only, and costs other expressions, "
    "sadness and anger most. Compare the adapted readings with the unadapted ones beside them"
)


def adapt(
    clip: Annotated[Path, typer.Argument(help="A video of one person whose face is at rest: ten seconds.")],
    person: Annotated[str, typer.Option(help="A name for the person; better a code.")],
    method: Annotated[
        str, typer.Option(help="Which of the methods that need a neutral clip alone.")
    ] = "neutral_shift",
    out: Annotated[Path | None, typer.Option(help="The person file; by default PERSON.facsight.")] = None,
    at: Annotated[
        str | None, typer.Option(help="Where in the video the face is at rest, such as 0-10 or 0:05-0:15.")
    ] = None,
    face: Annotated[
        int | None, typer.Option(help="Of a video with several faces, the number of the person's.", min=1)
    ] = None,
    sequence: Annotated[
        float | None, typer.Option(help="The clip is a folder of numbered pictures at so many a second.")
    ] = None,
    weights: Annotated[Path | None, typer.Option(help="Another reader (.safetensors).")] = None,
    neutral_people: Annotated[
        Path | None, typer.Option(help="Of another reader: what neutral faces look like to it.")
    ] = None,
    translation: Annotated[
        Path | None,
        typer.Option(help="Of another reader, for personalized_feature_translation: its translator."),
    ] = None,
    finder: Annotated[
        str | None, typer.Option(help="Another face finder: see `facsight list finders`.")
    ] = None,
) -> None:
    """Adapt the reader to one person, for `facsight analyze --person FILE`.

    The file holds some hundred numbers and no picture; to delete it is to delete the person. A clip without a
    face, with several people, or of a few frames is refused; one that may not show a face at rest is warned
    of, here and on every page that is made with the file.

    Example: `facsight adapt neutral_clip.mp4 --person anna --out anna.facsight`
    """
    import torch

    from facsight.analysis import adapting
    from facsight.analysis.one_video import safe_name
    from facsight.analysis.person_file import ENDING, check_name
    from facsight.analysis.reader import Reader
    from facsight.analysis.segments import read_span

    target = out or Path(safe_name(check_name(person)) + ENDING)
    _refuse_others(target)
    span = None if at is None else read_span(at)
    # the finder works beside the network: with a thread for each core they would wait for each other
    torch.set_num_threads(max(1, torch.get_num_threads() - 1))
    screen = console()
    with screen.status(f"looking at {clip.name}"):
        found = adapting.adapt(
            Reader(weights, finder=finder),
            neutral=clip,
            person=person,
            method=method,
            people=neutral_people,
            translation=translation,
            span=span,
            track=face,
            sequence=sequence,
        )
    found.save(target)
    for line in told(found):
        screen.print(line, soft_wrap=True, highlight=False, markup=False)
    for why in found.warnings.values():
        screen.print(f"take care  {why}", style="yellow", soft_wrap=True, highlight=False, markup=False)
    measured = TRANSLATED if "translation" in found.card else MEASURED
    screen.print(f"note    {measured}", soft_wrap=True, highlight=False, markup=False)
    screen.print(f"person  {target}: facsight analyze VIDEO --person {target}", soft_wrap=True, markup=False)


def told(person: "Person") -> list[str]:
    """What the person was adapted by, and what moved."""
    from facsight.analysis.wording import percent, unit_name

    data, moved, checked = (person.card[name] for name in ("data", "moved", "checked"))
    largest = sorted(moved["log_odds"], key=lambda name: -abs(moved["log_odds"][name]))[:3]
    odds = ", ".join(f"{name} {moved['log_odds'][name]:+.1f}" for name in largest)
    units = ", ".join(unit_name(int(unit)) for unit in moved["units"])
    return [
        f"{person.name}, by {person.card['method']}, from {data['faces']} faces in {data['seconds']:.1f} s",
        f"moved   log-odds against neutral: {odds}",
        *([f"why     the face at rest differs for {moved['about']} most where {units} act"] if units else []),
        f"check   parts kept back are read as neutral: {percent(checked['before'])} before, "
        f"{percent(checked['after'])} after",
    ]


def _refuse_others(target: Path) -> None:
    """`BadOutput` where something lies that is no person file."""
    from facsight.analysis.person_file import load_person

    if not target.exists():
        return
    try:
        load_person(target)
    except (BadCheckpoint, OSError) as error:
        raise BadOutput(f"{target} exists and is no person file: give another --out") from error
