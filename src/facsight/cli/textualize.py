"""`facsight textualize`: what face, voice and transcript show, in sentences for people and for models."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from facsight.cli.screen import console
from facsight.core.errors import BadOutput, BadRecipe, counted


def textualize(
    source: Annotated[
        Path, typer.Argument(help="A photo, a video, a folder of `facsight analyze`, or .jsonl of this verb.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="A file .txt or .jsonl to write; else the text is shown.")
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
) -> None:
    """Say in plain sentences, with units, what is shown: stretch by stretch; never what is felt.

    Examples: `facsight textualize clip.mp4 --transcript clip.srt --out clip.txt`,
    `facsight textualize photo.jpg --detail full --language de`,
    `facsight textualize study/ --out study.jsonl --tokens 2000`
    """
    from facsight.analysis.reader import Reader
    from facsight.analysis.segments import read_segments
    from facsight.core.saving import whole_file
    from facsight.words.sentences import language as sentences_in
    from facsight.words.text import count_tokens, shown, to_lines, to_text
    from facsight.words.textualize import Telling
    from facsight.words.textualize import textualize as accounts_of
    from facsight.words.transcript import read_transcript

    words = sentences_in(language)
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
