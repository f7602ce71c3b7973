"""The training loop: the only one. Papers supply steps, never loops.

Every random number is a function of the seed and the step (order of examples, augmentation, dropout), so a
run that was killed goes on exactly as if it had not been.
"""

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from accelerate import Accelerator
from jaxtyping import Float
from torch import Tensor, nn

from facsight.core.errors import BadTraining, counted
from facsight.core.method import Method
from facsight.core.terms import Terms
from facsight.data.samplers import epoch_order, sampling_weights
from facsight.nn.weights import load_state
from facsight.training.examples import Examples
from facsight.training.optimisers import make_optimizer, rate_factor, set_rate, update_average
from facsight.training.plan import Plan
from facsight.training.run_folder import CHECKPOINT, RunFolder

#: Steps between two checkpoints; one is also written at the end of every epoch.
CHECKPOINT_EVERY = 100


Learner = TypeVar("Learner", bound=Method[Any, Any, Any])


@dataclass
class _State(Generic[Learner]):
    """What training changes."""

    method: Learner
    average: Learner
    optimizer: torch.optim.Optimizer
    step: int = 0

    def tensors(self) -> dict[str, Tensor]:
        tensors = {f"current.{name}": tensor for name, tensor in self.method.state_dict().items()}
        tensors |= {f"average.{name}": tensor for name, tensor in self.average.state_dict().items()}
        for index, slots in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{index}.{name}": torch.as_tensor(value) for name, value in slots.items()}
        return tensors

    def restore(self, tensors: Mapping[str, Tensor], step: int, source: Path) -> None:
        parts: dict[str, dict[str, Tensor]] = {"current": {}, "average": {}, "optimizer": {}}
        for name, tensor in tensors.items():
            part, rest = name.split(".", 1)
            parts[part][rest] = tensor
        load_state(self.method, parts["current"], source)
        load_state(self.average, parts["average"], source)
        slots: dict[int, dict[str, Tensor]] = {}
        for name, tensor in parts["optimizer"].items():
            index, slot = name.split(".", 1)
            slots.setdefault(int(index), {})[slot] = tensor
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": slots, "param_groups": groups})
        self.step = step


def fit(
    method: Learner,
    examples: Examples,
    plan: Plan,
    run: RunFolder,
    *,
    seed: int,
    validate: Callable[[Learner], Mapping[str, float]] | None = None,
    on_step: Callable[[int, int, Terms], None] | None = None,
    before_epoch: Callable[[Learner, float], None] | None = None,
) -> Learner:
    """Train, going on from the run folder's checkpoint if there is one; returns the averaged method.

    `validate` is called with the averaged method at most ten times, after whole epochs; its numbers go to
    `epochs.csv`.
    `on_step` hears of each step (step, total, terms). `before_epoch` is given the method that is trained and
    the progress; what it changes are tensors of the method's state, so that a run can go on within an epoch.
    Raises `BadTraining` when a term is not finite.
    """
    if len(examples) < plan.batch_size:
        raise BadTraining(
            f"{counted(len(examples), examples.kind)} are fewer than one batch of {plan.batch_size}: "
            "lower batch_size"
        )
    accelerator = Accelerator()
    state = _begin(method, plan, run, accelerator)
    weights = _weights(examples, plan.balance)
    per_epoch = len(examples) // plan.batch_size
    total = per_epoch * plan.epochs
    with torch.random.fork_rng(), _mixed_precision(method, accelerator.device, plan.precision):
        for epoch in range(state.step // per_epoch, plan.epochs):
            if before_epoch and state.step % per_epoch == 0:
                torch.manual_seed(seed * 1_000_003 + state.step)
                before_epoch(state.method, state.step / total)
            order = epoch_order(weights, balanced=plan.balance > 0, seed=seed, epoch=epoch)
            for step in range(state.step, (epoch + 1) * per_epoch):
                chosen = order[step % per_epoch * plan.batch_size :][: plan.batch_size]
                terms = _one_step(state, examples, chosen, plan, seed, total, accelerator)
                run.log_terms(state.step, terms)
                if on_step:
                    on_step(state.step, total, terms)
                if state.step % CHECKPOINT_EVERY == 0 and state.step % per_epoch:
                    _checkpoint(state, run, epoch, accelerator)
            if validate and accelerator.is_main_process and _is_watched(epoch + 1, plan.epochs):
                run.log_epoch(epoch + 1, validate(state.average))
            _checkpoint(state, run, epoch + 1, accelerator)
    return state.average


@contextmanager
def _mixed_precision(method: Method[Any, Any, Any], device: torch.device, precision: str) -> Iterator[None]:
    """Run the method's forward pass, and nothing else, in bfloat16 where that is safe; undone at the end."""
    if precision != "bf16":
        yield
        return
    method.forward = torch.autocast(device.type, torch.bfloat16)(method.forward)
    try:
        yield
    finally:
        del method.forward


def _weights(examples: Examples, balance: float) -> Float[Tensor, "n"]:
    """The chance of each example to be drawn."""
    labels = examples.labels()
    if labels is None:
        if balance:
            raise BadTraining(
                f"a {examples.kind} has no one class or dataset here to balance by: set training.balance to 0"
            )
        labels = torch.zeros(len(examples), dtype=torch.long)
    return sampling_weights(labels, balance=balance)


def _begin(method: Learner, plan: Plan, run: RunFolder, accelerator: Accelerator) -> _State[Learner]:
    method = method.to(accelerator.device)
    for part in method.modules():
        if isinstance(part, nn.Conv2d):
            part.to(memory_format=torch.channels_last)  # pyright: ignore
    average = copy.deepcopy(method).eval()
    optimizer = make_optimizer(method, name=plan.optimizer, rate=plan.rate, weight_decay=plan.weight_decay)
    if accelerator.num_processes > 1:
        optimizer.register_step_pre_hook(lambda *_: _share_gradients(method, accelerator))
    state = _State(method, average, optimizer)
    saved = run.load_checkpoint()
    if saved:
        state.restore(*saved, source=run.file(CHECKPOINT))
    return state


def _one_step(
    state: _State[Any],
    examples: Examples,
    chosen: Tensor,
    plan: Plan,
    seed: int,
    total: int,
    accelerator: Accelerator,
) -> Terms:
    progress = state.step / total
    number = (seed * 1_000_003 + state.step) * accelerator.num_processes + accelerator.process_index
    share = chosen[accelerator.process_index :: accelerator.num_processes]
    batch = examples(share, torch.Generator().manual_seed(number)).to(accelerator.device)
    factor = rate_factor(progress, schedule=plan.schedule, warmup=plan.warmup)
    set_rate(state.optimizer, plan.rate * factor)
    torch.manual_seed(number)  # dropout; inside fork_rng, so the caller's random state is untouched
    state.method.train()
    terms = state.method.update(batch, state.optimizer, progress)
    state.step += 1
    broken = [name for name, term in terms.items() if not torch.isfinite(term)]
    if broken:
        raise BadTraining(
            f"the term {broken[0]!r} became {terms[broken[0]].item()} at step {state.step}; the run folder "
            "keeps the last good checkpoint. Lower training.rate, or look for NaN in the data."
        )
    average, current = state.average.state_dict().values(), state.method.state_dict().values()
    update_average(average, current, step=state.step, decay=plan.average)
    return terms


def _is_watched(epoch: int, epochs: int) -> bool:
    """At most ten looks at the validation faces: more would cost a large part of a short training."""
    return epoch == epochs or epoch % -(-epochs // 10) == 0


def _share_gradients(method: nn.Module, accelerator: Accelerator) -> None:
    for parameter in method.parameters():
        if parameter.grad is not None:
            parameter.grad = accelerator.reduce(parameter.grad, reduction="mean")  # pyright: ignore


def _checkpoint(state: _State[Any], run: RunFolder, epochs_done: int, accelerator: Accelerator) -> None:
    if accelerator.is_main_process:
        run.save_checkpoint(state.tensors(), step=state.step, epoch=epochs_done)
