"""`facsight prepare`: photos, videos, sounds or a dataset in; aligned crops, or features, out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

if TYPE_CHECKING:
    from facsight.preparation.run import Prepared

#: So many files of each kind are named at the end; the report names all.
_NAMED = 20


def prepare(
    inputs: Annotated[
        list[Path], typer.Argument(help="Photos, videos, sounds and folders of them; or a dataset's name.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for crops or features, and the manifest.")],
    root: Annotated[
        Path | None, typer.Option(help="The folder of the dataset that is named: `facsight data list`.")
    ] = None,
    crop: Annotated[int, typer.Option(help="Pixels along a side of a crop.")] = 112,
    features: Annotated[
        str | None,
        typer.Option(help="Features of recordings instead of crops, with commas: `facsight list features`."),
    ] = None,
    finder: Annotated[
        str | None, typer.Option(help="Another face finder: see `facsight list finders`.")
    ] = None,
    split: Annotated[str | None, typer.Option(help="Of a dataset: train, val or test only.")] = None,
    reader: Annotated[
        list[str] | None,
        typer.Option("--reader", help="An option of the dataset's reader, such as labels=rafdb7."),
    ] = None,
    every: Annotated[int, typer.Option(help="Of a video, take every n-th frame.", min=1)] = 1,
    rate: Annotated[
        float | None, typer.Option(help="Of a video, take at most so many frames a second.")
    ] = None,
    sequence: Annotated[
        float | None,
        typer.Option(help="Read folders of numbered pictures as videos of so many frames a second."),
    ] = None,
) -> None:
    """Cut out and align every face, or compute features once, and list them with their labels.

    The folder is then a dataset: `facsight train RECIPE data.name=manifest data.folder=OUT`. The same command
    does what is missing and nothing else. A file that cannot be read is named and ends nothing (exit code 1);
    report.csv says what came of each. Labels of test splits stay sealed.

    Examples: `facsight prepare raf-db --root /data/RAF-DB --out prepared/`,
    `facsight prepare photos/ videos/ --crop 224 --out prepared/`,
    `facsight prepare videos/ --features face:facsight,audio:logmel --out features/`
    """
    import torch

    from facsight.cli.data import reader_options
    from facsight.cli.progress import counter
    from facsight.cli.screen import console
    from facsight.preparation.run import prepare

    screen = console()
    # decoding and finding work beside it: with a thread for each core they would wait for each other
    torch.set_num_threads(max(1, torch.get_num_threads() - 1))
    with counter("files") as on_progress:
        try:
            done = prepare(
                [str(path) for path in inputs] if root else inputs,
                out,
                root=root,
                crop=crop,
                features=[name for name in (features or "").split(",") if name.strip()],
                finder=finder,
                split=split,
                reader=reader_options(reader),
                every=every,
                rate=rate,
                sequence=sequence,
                on_progress=on_progress,
            )
        except KeyboardInterrupt:
            screen.print(f"\nStopped. What was made is kept in {out}; the same command goes on from there.")
            raise typer.Exit(130) from None
    _sum_up(done)
    raise typer.Exit(1 if done.failed or not done.samples else 0)


def _sum_up(done: "Prepared") -> None:
    """How much there is, what is not, and where everything lies."""
    from facsight.cli.screen import console
    from facsight.core.errors import counted

    screen = console()
    screen.print(Text(f"{counted(done.samples, 'sample')} prepared", "bold"))
    for title, style, named in (
        ("to know", "", done.told),
        ("without a face, or without such a stream", "yellow", done.without),
        ("could not be read", "bold red", done.failed),
    ):
        if named:
            screen.print(Text(f"{len(named)} {title}:", style))
        for file, reason in named[:_NAMED]:
            screen.print(f"  {file}: {reason}", soft_wrap=True)
        if len(named) > _NAMED:
            screen.print(f"  and {len(named) - _NAMED} more: see report.csv")
    if done.left_out:
        screen.print(f"{counted(done.left_out, 'picture')} left out: features are of recordings")
    if done.deviations:
        screen.print(
            f"the dataset is not in its format at {counted(done.deviations, 'place')}: `facsight data check`"
        )
    screen.print(f"crop      {done.crop}", soft_wrap=True)
    screen.print(f"manifest  {done.folder / 'manifest.parquet'}, report.csv beside it", soft_wrap=True)
