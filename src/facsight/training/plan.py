"""How long, how fast and how evenly to train."""

from dataclasses import dataclass
from typing import Literal

from facsight.core.errors import BadRecipe


@dataclass(frozen=True)
class Plan:
    """The options of the training loop.

    `rate` is the peak learning rate; `warmup` the share of training in which it rises; `average` the decay
    of the moving average of weights, 0 for none; `balance` from 0 (classes as often as in the data) to 1
    (equally often); `precision` of the forward pass.
    """

    epochs: int = 20
    batch_size: int = 128
    optimizer: Literal["sgd", "adamw"] = "sgd"
    rate: float = 0.1
    weight_decay: float = 5e-4
    schedule: Literal["cosine", "step", "constant"] = "cosine"
    warmup: float = 0.05
    average: float = 0.998
    balance: float = 0.0
    precision: Literal["bf16", "no"] = "bf16"

    def __post_init__(self):
        lowest = {
            "epochs": 1,
            "batch_size": 2,
            "rate": 0,
            "weight_decay": 0,
            "warmup": 0,
            "average": 0,
            "balance": 0,
        }
        for name, low in lowest.items():
            if not getattr(self, name) >= low:
                raise BadRecipe(f"training.{name} must be at least {low}, found {getattr(self, name)}")
        for name in ("warmup", "average", "balance"):
            if getattr(self, name) > 1:
                raise BadRecipe(f"training.{name} is a share, at most 1, found {getattr(self, name)}")


#: The budget of adapting, unless a recipe says otherwise: the same for all methods that train.
BUDGET = Plan(
    epochs=20,
    batch_size=32,
    optimizer="adamw",
    rate=1e-3,
    weight_decay=0.0,
    schedule="constant",
    warmup=0.0,
    average=0.0,
    precision="no",
)
