import pytest
import torch
from torch import Tensor, nn

from facsight.core.adaptation import Adaptation
from facsight.core.errors import BadCheckpoint
from facsight.core.people import Adapting
from facsight.core.terms import Terms


class Shifted(Adaptation):
    """A frozen layer with a trained bias, and a mean that `begin` would find."""

    sees = "target"

    def __init__(self, network: nn.Linear):
        super().__init__()
        self.network = network
        self.network.weight.requires_grad_(False)
        self.register_buffer("mean", torch.zeros(2))

    def objective(self, batch: Adapting, progress: float) -> Terms:
        return Terms(entropy=self.predict(batch.target.inputs).square().mean())

    def predict(self, inputs: Tensor) -> Tensor:
        return self.network(inputs - self.mean)


def test_what_trains_and_what_was_found_out_belongs_to_the_person():
    assert Shifted(nn.Linear(2, 3)).personal().keys() == {"network.bias", "mean"}


def test_what_was_kept_is_put_back_and_changes_what_is_said():
    network, inputs = nn.Linear(2, 3), torch.ones(4, 2)
    one = Shifted(network)
    one.mean.copy_(torch.tensor([1.0, 1.0]))
    kept = one.personal()
    other = Shifted(network)
    assert not torch.equal(other.predict(inputs), one.predict(inputs))
    other.restore(kept)
    assert torch.equal(other.predict(inputs), network.bias.expand(4, 3))


def test_what_is_of_another_network_is_refused():
    kept = Shifted(nn.Linear(2, 4)).personal()
    with pytest.raises(BadCheckpoint, match=r"network.bias has the shape \(4,\), not \(3,\)"):
        Shifted(nn.Linear(2, 3)).restore(kept)
    with pytest.raises(BadCheckpoint, match="mean has the shape none"):
        Shifted(nn.Linear(2, 3)).restore({"network.bias": torch.zeros(3)})
