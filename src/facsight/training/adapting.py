"""Training on people, and adapting to one: what the loop draws its batches from, and the order of calls."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import torch
from accelerate import Accelerator
from jaxtyping import Int
from torch import Tensor

from facsight.core.adaptation import Adaptation
from facsight.core.errors import BadPeople
from facsight.core.method import Method
from facsight.core.people import Adapting, People, Unlabelled
from facsight.core.terms import Terms
from facsight.training.fit import fit
from facsight.training.plan import BUDGET, Plan
from facsight.training.run_folder import RunFolder

__all__ = ["BUDGET", "PeopleExamples", "TargetExamples", "adapt", "rows_of_few", "train_sources"]

Stage = TypeVar("Stage", bound=Method[People, Any, Any])
Adapted = TypeVar("Adapted", bound=Adaptation)
OnStep = Callable[[int, int, Terms], None]


class PeopleExamples:
    """Batches of labelled people; `together`: of so many people each, that methods may compare them."""

    kind = "input"

    def __init__(self, people: People, *, together: int | None = None):
        self.people, self.together = people, together

    def __len__(self) -> int:
        return len(self.people)

    def __call__(self, rows: Int[Tensor, "batch"], generator: torch.Generator) -> People:
        if self.together is not None:
            rows = rows_of_few(self.people.person, len(rows), self.together, generator)
        return self.people.take(rows)

    def labels(self) -> Int[Tensor, "n"]:
        return self.people.label


class TargetExamples:
    """Batches of the target and, beside each, as many rows of the source people, if there are any."""

    kind = "input"

    def __init__(self, target: Unlabelled, sources: People | None = None, *, together: int | None = None):
        self.target, self.sources, self.together = target, sources, together

    def __len__(self) -> int:
        return len(self.target)

    def __call__(self, rows: Int[Tensor, "batch"], generator: torch.Generator) -> Adapting:
        target = self.target.take(rows)
        if self.sources is None:
            return Adapting(target)
        if self.together is None:
            beside = torch.randint(len(self.sources), (len(rows),), generator=generator)
        else:
            beside = rows_of_few(self.sources.person, len(rows), self.together, generator)
        return Adapting(target, self.sources.take(beside))

    def labels(self) -> None:
        return None


def rows_of_few(
    person: Int[Tensor, "n"], rows: int, together: int, generator: torch.Generator
) -> Int[Tensor, "rows"]:
    """So many rows, evenly of `together` people drawn without replacement, person after person.

    A person's rows repeat only where there are too few. `BadPeople` where there are fewer people.
    """
    known = person.unique()
    if len(known) < together:
        raise BadPeople(
            f"expected {together} source people or more, to compare with each other, found {len(known)}: "
            "give more people, or use a method that does not compare them"
        )
    drawn = known[torch.randperm(len(known), generator=generator)[:together]]
    found = []
    for turn, one in enumerate(drawn.tolist()):
        own = (person == one).nonzero().flatten()
        share = rows // together + (turn < rows % together)
        order = torch.cat(
            [torch.randperm(len(own), generator=generator) for _ in range(-(-share // len(own)))]
        )
        found.append(own[order[:share]])
    return torch.cat(found)


def train_sources(
    stage: Stage, people: People, plan: Plan, run: RunFolder, *, seed: int, on_step: OnStep | None = None
) -> Stage:
    """Train a source stage on people; the same call goes on with a killed run."""
    examples = PeopleExamples(people, together=getattr(stage, "together", None))
    return fit(stage, examples, plan, run, seed=seed, on_step=on_step)


def adapt(
    method: Adapted,
    target: Unlabelled,
    sources: People | None,
    plan: Plan,
    run: RunFolder,
    *,
    seed: int,
    on_step: OnStep | None = None,
) -> Adapted:
    """Adapt to one person: `begin`, then as many steps as the plan has; the same call goes on when killed.

    The method is shown what it says it `sees`, and no more. It never sees a label of the target: there is
    none in what it gets, and nothing is selected by one. A batch is at most the whole target. Inputs stay
    where they are, and go to the device a part at a time.
    """
    if len(target) < 2:
        raise BadPeople(f"expected at least 2 inputs of the target, found {len(target)}: use a longer clip")
    shown = sources if method.sees == "sources" else None
    if method.sees == "sources" and not shown:
        raise BadPeople(
            f"{type(method).__name__} looks at source people, and there are none: give some, or use a method "
            "that sees the target only"
        )
    method = method.to(Accelerator().device)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        method.eval().begin(target, shown)
    _check_found_out(method)
    if not method.trains:
        return method.eval()

    def refresh(current: Adaptation, progress: float) -> None:
        current.eval().refresh(target, progress)

    examples = TargetExamples(target, shown, together=method.together)
    plan = replace(plan, batch_size=min(plan.batch_size, len(target)))
    return fit(method, examples, plan, run, seed=seed, on_step=on_step, before_epoch=refresh).eval()


def _check_found_out(method: Adaptation) -> None:
    """`BadPeople` where statistics of the target are no numbers: nothing after would tell."""
    for name, tensor in method.personal().items():
        if not tensor.isfinite().all():
            raise BadPeople(
                f"{type(method).__name__} found NaN or infinity of the target ({name}): its features are not "
                "finite; look at its inputs, or at the network"
            )
