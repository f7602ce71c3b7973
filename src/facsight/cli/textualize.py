"""`facsight textualize`: what face, voice and transcript show, in sentences for people and for models."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from facsight.cli.screen import console
from facsight.core.errors import BadOutput, BadRecipe, counted

if TYPE_CHECKING:
    from facsight.words.both_ways import Style


def textualize(
    source: Annotated[
        Path,
        typer.Argument(
            help="A photo, a video, a folder of `facsight analyze` or `prepare`, or .jsonl of this verb."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="A file .txt or .jsonl to write, else the text is shown; of a prepared folder a folder."
        ),
    ] = None,
    detail: Annotated[Literal["short", "normal", "full"], typer.Option(help="How much is said.")] = "normal",
    language: Annotated[str, typer.Option(help="The language of the sentences: en or de.")] = "en",
    tokens: Annotated[
        int | None, typer.Option(help="At most so many tokens a file: least informative sentences go.", min=1)
    ] = None,
    transcript: Annotated[
        Path | None, typer.Option(help="What was said, with times: .srt, .vtt or .json.")
    ] = None,
    seconds: Annotated[float, typer.Option(help="Length of a stretch of a video.")] = 1.0,
    segments: Annotated[
        Path | None, typer.Option(help="Stretches in place of equal ones: as in `facsight analyze`.")
    ] = None,
    rate: Annotated[float, typer.Option(help="Frames a second of a video that are read.")] = 5.0,
    weights: Annotated[Path | None, typer.Option(help="Another reader (.safetensors).")] = None,
    finder: Annotated[
        str | None, typer.Option(help="Another face finder: see `facsight list finders`.")
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(help="Of a prepared folder: also what this text encoder makes of each stretch."),
    ] = None,
) -> None:
    """Say in plain sentences, with units, what is shown: stretch by stretch; never what is felt.

    Examples: `facsight textualize clip.mp4 --transcript clip.srt --out clip.txt`,
    `facsight textualize photo.jpg --detail full --language de`,
    `facsight textualize study/ --out study.jsonl --tokens 2000`

    Of a folder of `facsight prepare` with labels, OUT is a folder that recipes read both ways, as texts and
    as the numbers that these say: `facsight textualize features/ --out both --seconds 2`
    """
    from facsight.analysis.reader import Reader
    from facsight.analysis.segments import read_segments
    from facsight.core.saving import whole_file
    from facsight.data.recordings import FEATURES
    from facsight.words.both_ways import Style
    from facsight.words.cues import check_detail
    from facsight.words.sentences import language as sentences_in
    from facsight.words.text import count_tokens, shown, to_lines, to_text
    from facsight.words.textualize import Telling
    from facsight.words.textualize import textualize as accounts_of
    from facsight.words.transcript import read_transcript

    words = sentences_in(language)
    if (source / FEATURES).is_file():
        if transcript or segments:
            raise BadRecipe(
                f"{source} is prepared: its list has what was said; --transcript, --segments do not"
            )
        _both_ways(source, out, Style(words, check_detail(detail), tokens, seconds), encoder)
        return
    if encoder:
        raise BadRecipe(f"--encoder is for folders of `facsight prepare`, and {source} is none")
    if out is not None and out.suffix not in (".txt", ".jsonl"):
        raise BadRecipe(f"--out is a file .txt or .jsonl, found {out}")
    if out is not None and not out.parent.is_dir():
        raise BadOutput(f"there is no folder {out.parent} for the text; make it, or choose another --out")
    telling = Telling(
        seconds,
        rate,
        None if segments is None else read_segments(segments),
        None if transcript is None else read_transcript(transcript),
    )
    accounts = accounts_of(source, telling, lambda: Reader(weights, finder=finder))
    told = [shown(one, words, detail, tokens) for one in accounts]
    texts = [to_text(one, words) for one in told]
    if out is None:
        typer.echo("\n".join(texts), nl=False)
        return
    whole = (
        "\n".join(texts) if out.suffix == ".txt" else "".join(to_lines(one, words, detail) for one in told)
    )
    with whole_file(out) as partial:
        partial.write_text(whole, encoding="utf-8", errors="backslashreplace")
    size = counted(sum(map(count_tokens, texts)), "token")
    console().print(f"text   {out}: {size} of {counted(len(told), 'file')}", soft_wrap=True)


def _both_ways(source: Path, out: Path | None, style: "Style", encoder: str | None) -> None:
    from facsight.words.both_ways import write_both_ways
    from facsight.words.prepared import accounts_of_prepared
    from facsight.words.sentence_states import SentenceStates

    if out is None or out.suffix in (".txt", ".jsonl"):
        raise BadRecipe(f"of a prepared folder --out is a folder for texts and numbers, found {out}")
    data, told = accounts_of_prepared(source, style.seconds)
    states = SentenceStates(encoder) if encoder else None
    written = write_both_ways(out, data, told, style, states)
    console().print(f"both   {out}: {counted(written.recordings, 'recording')}", soft_wrap=True)
    if written.left_out:
        named = ", ".join(written.left_out[:5])
        console().print(f"note   {len(written.left_out)} show nothing and are left out: {named}")
    if states and states.cut:
        console().print(
            f"note   of {counted(states.cut, 'stretch')} too long for the encoder the last part is read"
        )
