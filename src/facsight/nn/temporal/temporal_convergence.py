"""The temporal convergence module: a leaky ReLU, then two layers of memory that read forwards.

Paper    the winning system of the multi-task challenge of the 7th ABAW competition, progressive multi-task
         learning, 2024, https://arxiv.org/abs/2407.16945
Needs    features of steps
Learns   everything; its weights begin as Xavier's, between hidden units as orthogonal ones
Differs  a window's padding never enters: the release repeats the last frame, and repeats enter its loss
"""

from jaxtyping import Bool, Float
from torch import Tensor, nn

from facsight.nn.temporal.lstm import LongShortTermMemory

#: What is left of a negative feature.
SLOPE = 0.1


class TemporalConvergence(nn.Module):
    """`layers` layers of `size` features behind a leaky ReLU of slope `SLOPE`, looking back only."""

    def __init__(self, inputs: int, *, size: int = 128, layers: int = 2, dropout: float = 0.0):
        super().__init__()
        self.size = size
        self.leak = nn.LeakyReLU(SLOPE)
        self.memory = LongShortTermMemory(
            inputs, size=size, layers=layers, bidirectional=False, dropout=dropout
        )
        for name, parameter in self.memory.lstm.named_parameters():
            if name.startswith("weight_ih"):
                nn.init.xavier_uniform_(parameter)
            elif name.startswith("weight_hh"):
                for gate in parameter.data.chunk(4):
                    nn.init.orthogonal_(gate)

    def forward(
        self, features: Float[Tensor, "batch step feature"], inside: Bool[Tensor, "batch step"]
    ) -> Float[Tensor, "batch step size"]:
        return self.memory(self.leak(features), inside)
