"""The `[postprocess]` of a recipe: what is done to the answers of each recording, after they are stitched.

A key is a step of `scoring.steps`, in the order of the recipe: filters over time with their options, and
`columns` where a step is for some only; adjustments with a number for each class or quantity.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from facsight.core.errors import BadRecipe
from facsight.core.labels import LabelSpace
from facsight.data.sequence_set import SequenceSet
from facsight.recipe import Recipe
from facsight.scoring.adjusting import adjusted, in_range
from facsight.scoring.steps import ADJUSTMENTS, FILTERS, Step, Steps, check_steps
from facsight.training.sequence_scoring import Said

#: Probabilities are kept so far from 0 and 1 on their way back to logits.
_TINY = 1e-6


def postprocessing(recipe: Recipe, recordings: SequenceSet) -> Steps:
    """The steps of a recipe, none where it has no `[postprocess]`; `BadRecipe` where they do not fit."""
    steps = [_step(name, options) for name, options in recipe.sections["postprocess"].items()]
    check_steps(steps, recordings.spaces, "[postprocess]")
    for space in recordings.spaces:
        if not recordings.of_steps[space.name] and any(_filters(step, space) for step in steps):
            raise BadRecipe(
                f"[postprocess]: {space.name} is of whole recordings, which have no course to filter: "
                "keep to " + ", ".join(ADJUSTMENTS)
            )
    return Steps(tuple(steps))


def processed(said: Sequence[Said], recordings: SequenceSet, steps: Steps) -> list[Said]:
    """Answers after the steps, each recording for itself; shares of modalities stay as they are."""
    return [
        replace(
            one,
            outputs={
                space.name: _after(one.outputs[space.name], space, steps, recordings.step)
                for space in recordings.spaces
            },
        )
        for one in said
    ]


def _step(name: str, options: Mapping[str, Any]) -> Step:
    if name in ADJUSTMENTS:
        return Step(name, {"of": dict(options)})
    own = {key: value for key, value in options.items() if key != "columns"}
    return Step(name, own, tuple(options.get("columns", ())))


def _filters(step: Step, space: LabelSpace) -> bool:
    return step.name in FILTERS and bool(step.columns_of(space))


def _after(output: Tensor, space: LabelSpace, steps: Steps, seconds: float) -> Tensor:
    own = [step for step in steps.steps if step.columns_of(space)]
    if not own:
        return output
    values = _numbers(output.double().reshape(-1, len(space)), space).numpy()
    for step in own:
        values = (
            _filtered(values, space, step, seconds) if step.name in FILTERS else adjusted(values, space, step)
        )
    return _logits(torch.from_numpy(values), space).to(output.dtype).reshape(output.shape)


def _filtered(values: np.ndarray, space: LabelSpace, step: Step, seconds: float) -> np.ndarray:
    time = (np.arange(len(values)) + 0.5) * seconds
    named = range(values.shape[1])  # of classes all probabilities or none
    if space.kind != "classes":
        named = [space.columns.index(name) for name in step.columns_of(space)]
    after = values.copy()
    after[:, named] = FILTERS[step.name](time, values[:, named], **step.options)
    return in_range(after, space)


def _numbers(output: Tensor, space: LabelSpace) -> Tensor:
    """Logits as probabilities, values within their range."""
    if space.kind == "classes":
        return output.softmax(dim=1)
    return output.sigmoid() if space.kind == "units" else output.clamp(space.low, space.high)


def _logits(values: Tensor, space: LabelSpace) -> Tensor:
    if space.kind == "classes":
        return values.clamp(min=_TINY).log()
    return values.clamp(_TINY, 1 - _TINY).logit() if space.kind == "units" else values
