"""Every fusion block says of a step what that step shows: labels that are shifted are found out."""

import inspect

import pytest
import torch

from facsight import catalog
from facsight.functional.agreement import concordance
from planted_fusion import SIZES, broken, learnt

#: Steps of a window, and small options for the blocks that have them.
STEPS = 32
SMALL = {"width": 16, "channels": 8, "dropout": 0.0, "heads": 2, "steps": STEPS}


def block_of(name):
    block = catalog.load("fusion", name)
    known = inspect.signature(block).parameters
    return block(SIZES, **{option: value for option, value in SMALL.items() if option in known})


@pytest.mark.parametrize("name", catalog.FUSION)
def test_labels_shifted_by_steps_or_by_a_window_are_found_out(name):
    """What was learnt agrees best with the labels where they are, and not at all with the next window's."""
    train, test = broken(0, windows=256), broken(0, windows=256, fold=1)
    torch.manual_seed(0)
    network = learnt(block_of(name), train, seed=0, updates=80, rate=1e-2, batch=32)
    with torch.no_grad():
        said = network(test.windows).outputs["affect"].squeeze(-1).double()
    truth = test.truth.squeeze(-1).double()

    def agreement(steps, windows=0):
        moved = truth.roll((windows, steps), dims=(0, 1))
        inner = slice(4, STEPS - 4)  # what was rolled over the edge is left out
        return float(concordance(said[:, inner].flatten(), moved[:, inner].flatten()))

    by_shift = {steps: agreement(steps) for steps in range(-4, 5)}
    assert max(by_shift, key=by_shift.__getitem__) == 0, by_shift
    assert by_shift[0] > 0.5
    assert abs(agreement(0, windows=1)) < 0.15
