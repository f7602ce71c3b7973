"""The contract of a paper that adapts a trained network to one person."""

from typing import ClassVar, Literal

import torch
from torch import Tensor

from facsight.core.errors import BadCheckpoint
from facsight.core.method import Method
from facsight.core.people import Adapting, People, Unlabelled
from facsight.core.terms import Terms

#: What a method may look at: a clip of the target that is known to be neutral; the target without labels;
#: that and the source people.
Sees = Literal["neutral", "target", "sources"]


class Adaptation(Method[Adapting, Tensor, Tensor]):
    """A way of making a trained network fit one person; `predict` turns inputs into logits (n, class).

    Constructed as `X(network, **options)` with a network that may be changed: it is the caller's copy.
    `neutral` is the number of the neutral class where one is needed. A method whose source stage is not
    plain training names it by `stage`; where the stage leaves more than its network, the constructor takes
    the trained stage (a copy) as `source`. One that needs statistics of source people, when they themselves
    are gone, takes them as `moments` (`nn.source_moments`).

    The order of calls: `begin` once; then, of those that train, `refresh` before each epoch and a step for
    each batch. `begin` and `refresh` are called in evaluation mode, with all inputs, which may be more than
    the device holds: they take a part at a time (`SplitNetwork.encode_all`). Steps are called in training
    mode, with batches on the method's device. What the former find out is kept in buffers whose shapes
    `begin` settles (whole numbers where they must not be averaged), so that a killed run can go on.
    """

    sees: ClassVar[Sees]
    #: False for a closed form: `begin` does everything.
    trains: ClassVar[bool] = True
    #: The name, on the shelf `source_stages`, of what the network is trained by first.
    stage: ClassVar[str] = "supervised_people"
    #: How many source people are in a batch, where a method compares them; None for any. A source stage may
    #: have this, too.
    together: ClassVar[int | None] = None

    def begin(self, target: Unlabelled, sources: People | None) -> None:
        """Before the first step: statistics, prototypes, first pseudo-labels; nothing unless overridden."""

    def refresh(self, target: Unlabelled, progress: float) -> None:
        """Before each epoch, e.g. new pseudo-labels of the whole target; nothing unless overridden."""

    def objective(self, batch: Adapting, progress: float) -> Terms:
        """Nothing to minimise: for closed forms; a method that trains overrides it."""
        return Terms()

    def is_personal(self, name: str) -> bool:
        """Whether a tensor of the state belongs to the person: unless overridden, what trains and all buffers
        of the method itself. The rest of `network` stays in the base reader's file.
        """
        return not name.startswith("network.") or name in {
            key for key, parameter in self.named_parameters() if parameter.requires_grad
        }

    def personal(self) -> dict[str, Tensor]:
        """What belongs to the person, small, for the person file."""
        state = self.state_dict().items()
        return {name: tensor.detach().clone() for name, tensor in state if self.is_personal(name)}

    @torch.no_grad()
    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Put back what `personal` gave; `BadCheckpoint` where it is of another method or network."""
        own = self.state_dict()
        wanted = {name: tuple(own[name].shape) for name in self.personal()}
        found = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
        if wanted != found:
            odd = sorted(set(wanted.items()) ^ set(found.items()))[0][0]
            raise BadCheckpoint(
                f"expected what belongs to a person under {type(self).__name__}, but {odd} has the shape "
                f"{found.get(odd, 'none')}, not {wanted.get(odd, 'none')}: use the method and the base "
                "network of the time of adapting"
            )
        for name, tensor in tensors.items():
            own[name].copy_(tensor)
