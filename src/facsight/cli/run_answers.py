"""A run folder under a protocol: what it answers on the split that is scored, and where the labels are."""

from pathlib import Path


def holds_run(run: Path) -> bool:
    """Whether a folder is a run, of photos or of recordings, and no submission."""
    from facsight.sequence_experiment import folds_in
    from facsight.training.run_folder import RECIPE

    return (run / RECIPE).is_file() or bool(folds_in(run)) or any(run.glob(f"*/{RECIPE}"))


def answers_under(
    run: Path,
    protocol: str,
    split: str | None,
    folder: Path | None,
    root: Path | None,
    truth: Path | None,
) -> tuple[Path, Path | None, Path | None]:
    """The table of a run's predictions, made afresh, the one before post-processing, and the labels' folder.

    There is one before where the recipe post-processes. The folder is that of the run's data, if no other is
    given and no file of labels.
    """
    from facsight.data.protocol import load_protocol
    from facsight.scoring.truth import default_split
    from facsight.sequence_experiment import folds_in, holds_sequences
    from facsight.sequence_experiment.scoring import PREDICTIONS, UNTUNED

    part = split or default_split(load_protocol(protocol)) or "val"
    part = "val" if folds_in(run) else part
    home = (
        _answer_recordings(run, part, folder) if holds_sequences(run) else _answer_photos(run, part, folder)
    )
    suffix = "" if part == "val" else f"-{part}"
    before = home / f"{UNTUNED}{suffix}.parquet"
    return (
        home / f"{PREDICTIONS}{suffix}.parquet",
        before if before.is_file() else None,
        (root or folder or _data_of(home)) if truth is None else root,
    )


def _answer_recordings(run: Path, split: str, folder: Path | None) -> Path:
    from facsight.assembly import open_sequence_run
    from facsight.cli.screen import complain
    from facsight.sequence_experiment import folds_in, score_sequences

    scores = score_sequences(run, split=split, folder=folder)
    if "warning" in scores:
        complain(f"warning: {scores['warning']}")
    return run if folds_in(run) else open_sequence_run(run).home


def _answer_photos(run: Path, split: str, folder: Path | None) -> Path:
    from facsight.cli.progress import counter
    from facsight.experiment import score

    with counter("landmarks") as on_face:
        score(run, split=split, folder=folder, on_face=on_face)
    return run


def _data_of(home: Path) -> Path:
    """The folder of the data that a run's recipe names."""
    from facsight.experiment import data_folder
    from facsight.recipe import read_recipe
    from facsight.sequence_experiment import folds_in
    from facsight.training.run_folder import RECIPE

    first = next(iter(folds_in(home)), home)
    recipes = [first / RECIPE, *sorted(first.glob(f"*/{RECIPE}"))]  # stages are about the same data
    return data_folder(read_recipe(next(path for path in recipes if path.is_file())))
