"""Entropy minimisation: the network is made surer of what it says of the person.

Paper    Wang, Shelhamer, Liu, Olshausen and Darrell, "Tent: fully test-time adaptation by entropy
         minimization", ICLR 2021, arXiv 2006.10726, section 3.1
Needs    the target without labels
Learns   the mean entropy of its own answers, by a gain and an offset a channel; all else is frozen
Harm     it also makes surer what is wrong, and with a high rate, few classes in the target or many steps all
         answers become one class: keep the budget small. On simulated people it is below no
         adaptation at all (docs/personal.md)
Differs  gain and offset are those of the features' channels, so that a network needs no normalisation layers
         and maps stay maps; statistics of batch normalisation stay those of training (see `batch_statistics`)
"""

from torch import Tensor

from facsight.core.adaptation import Adaptation
from facsight.core.people import Adapting
from facsight.core.terms import Terms
from facsight.nn.channel_style import ChannelStyle
from facsight.nn.split_network import SplitNetwork


class EntropyMinimisation(Adaptation):
    """`H = -sum_k p_k log p_k` in nats, the mean over the batch."""

    sees = "target"

    def __init__(self, network: SplitNetwork):
        super().__init__()
        self.network = network.requires_grad_(False)
        self.style = ChannelStyle(network.channels)

    def objective(self, batch: Adapting, progress: float) -> Terms:
        log_p = self.predict(batch.target.inputs).log_softmax(dim=1)
        return Terms(entropy=-(log_p.exp() * log_p).sum(dim=1).mean())

    def predict(self, inputs: Tensor) -> Tensor:
        self.network.eval()  # frozen: neither dropout nor new statistics
        return self.network.decide(self.style(self.network.encode(inputs)))
