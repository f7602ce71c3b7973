"""What is done to predictions between reading and scoring them, as the command line asks for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from facsight.core.labels import LabelSpace
    from facsight.data.predictions import Predictions
    from facsight.data.protocol import Protocol
    from facsight.scoring.steps import Steps
    from facsight.scoring.truth import Truth


@dataclass(frozen=True)
class Processing:
    """What to tune, the frames a second, a file of steps to apply first, and where predictions go."""

    tune: str | None = None
    fps: float | None = None
    steps: Path | None = None
    out: Path | None = None

    @property
    def wanted(self) -> tuple[str, ...]:
        """What is to be tuned, in the order of the command line."""
        return tuple(dict.fromkeys(word.strip() for word in (self.tune or "").split(",") if word.strip()))

    def check(self, protocol: "Protocol", labels: "Truth", untuned: Path | None) -> None:
        """Refuse what does not go together, and tuning on labels of the result, before a look at them."""
        from facsight.core.errors import BadRecipe
        from facsight.scoring.steps import check_fps
        from facsight.scoring.tuning import check_tunable

        processed = self.tune is not None or self.steps is not None
        if not processed and (self.fps is not None or self.out is not None):
            raise BadRecipe("--fps and --tuned-out are for predictions that --tune or --postprocess changes")
        if processed and untuned is not None:
            raise BadRecipe("--untuned is for predictions that were processed before; here both are scored")
        if self.fps is not None:
            check_fps(self.fps)
        if self.tune is not None:
            check_tunable(protocol, labels, self.wanted)

    def apply(self, found: "Predictions", spaces: Sequence["LabelSpace"]) -> "Predictions":
        """Predictions after the steps of the file, if there is one."""
        from facsight.scoring.postprocess import postprocess

        steps = self._read(spaces)
        return postprocess(found, spaces, steps) if steps.steps else found

    def score(
        self,
        protocol: "Protocol",
        labels: "Truth",
        found: "Predictions",
        target: Path,
        *,
        claimed: str | None,
    ) -> dict[str, Any]:
        """The scores as plain data, those before and after side by side; steps and predictions are kept."""
        from facsight.scoring.score import as_data, scored

        if self.tune is None and self.steps is None:
            return as_data(scored(protocol, labels, found), claimed=claimed)
        _tell_before(found.about)
        after = self.apply(found, protocol.spaces)
        if self.tune is not None:
            return self._tuned(protocol, labels, after, target, claimed)
        _tell_chosen(self._read(protocol.spaces), protocol, labels)
        self._write(after, slice(None))
        data = as_data(scored(protocol, labels, after), claimed=claimed)
        return data | _score_before(protocol, labels, found)

    def _tuned(
        self,
        protocol: "Protocol",
        labels: "Truth",
        found: "Predictions",
        target: Path,
        claimed: str | None,
    ) -> dict[str, Any]:
        from facsight.core.saving import whole_file
        from facsight.scoring import tuning
        from facsight.scoring.score import as_data, entry, plain
        from facsight.scoring.steps import Steps

        before = self._read(protocol.spaces)
        _refuse_chosen(before, protocol, labels)
        tuned = tuning.tune(protocol, labels, found, self.wanted, fps=before.fps)
        about = f"{protocol.name}: chosen by facsight score --tune {self.tune}"
        every = (*before.steps, *tuned.chosen.steps)
        steps = Steps(every, before.fps, about, _labels_of(protocol, labels))
        file = target.with_suffix(".toml")
        with whole_file(file) as partial:
            partial.write_text(steps.to_toml(), encoding="utf-8")
        self._write(tuned.crossfitted.predictions, tuned.rows)
        data = as_data(tuned.crossfitted, claimed=claimed)
        told = tuning.as_data(tuned) | {"steps": str(file)}
        return plain(data | {"untuned": entry(tuned.untuned), "tuning": told})

    def _read(self, spaces: Sequence["LabelSpace"]) -> "Steps":
        """The steps of the file, none where there is no file; --fps counts more than its own."""
        from facsight.scoring.steps import Steps, read_steps

        steps = Steps(()) if self.steps is None else read_steps(self.steps, spaces)
        return steps if self.fps is None else replace(steps, fps=float(self.fps))

    def _write(self, found: "Predictions", rows: Any) -> None:
        from facsight.data.predictions import write_predictions

        if self.out is not None:
            write_predictions(self.out, found.table[rows], found.about)
            typer.echo(f"predictions  {self.out}")


def print_tuning(data: Mapping[str, Any]) -> None:
    """The gain, the optimism and every choice, a line each."""
    from facsight.core.errors import counted

    low, high = data["interval"]
    over = data["over"]
    typer.echo(f"gain    {data['gain']:+.4f} (95 % {low:+.4f} to {high:+.4f}, paired over {over})")
    typer.echo(
        f"optimism {data['optimism']:+.4f}: chosen and scored on the same rows it would be "
        f"{data['chosen_and_scored_on_all']:.4f}"
    )
    for number, fold in enumerate(data["folds"], 1):
        size = f"{counted(fold[over], over[:-1])}, {counted(fold['rows'], 'row')}"
        typer.echo(f"fold {number}  {size}: {fold['steps']}")
    typer.echo(f"chosen on all rows: {data['chosen']}")
    for note in data["notes"]:
        typer.echo(f"note    {note}")
    typer.echo(f"steps   {data['steps']}")


def _tell_before(about: Mapping[str, Any]) -> None:
    from facsight.cli.screen import complain

    if "postprocess" in about:
        complain(
            f"warning: these predictions say that they are post-processed already: {about['postprocess']}; "
            "the untuned score is of what the file holds"
        )


def _labels_of(protocol: "Protocol", labels: "Truth") -> str:
    return f"{protocol.dataset}, {labels.split}"


def _tell_chosen(steps: "Steps", protocol: "Protocol", labels: "Truth") -> None:
    from facsight.cli.screen import complain

    if steps.chosen_on == _labels_of(protocol, labels):
        complain(
            f"warning: these steps were chosen on the very labels they are scored on ({steps.chosen_on}): "
            "the score is too high; the honest one is that of --tune"
        )


def _refuse_chosen(steps: "Steps", protocol: "Protocol", labels: "Truth") -> None:
    from facsight.core.errors import BadRecipe

    if steps.chosen_on == _labels_of(protocol, labels):
        raise BadRecipe(
            f"the steps to apply first were chosen on the labels that tuning is to be honest about "
            f"({steps.chosen_on}): tune without them"
        )


def _score_before(protocol: "Protocol", labels: "Truth", found: "Predictions") -> dict[str, Any]:
    """The official score before post-processing, where there is one: missing rows may have been filled."""
    from facsight.core.errors import BadTable
    from facsight.scoring.score import as_data, scored

    try:
        return {"untuned": as_data(scored(protocol, labels, found))["official"]}
    except BadTable:
        return {"untuned": {"value": None, "interval": None, "why": "rows are missing that were filled"}}
