"""What benchmarks of adaptation share: stages trained once, and methods around copies of them."""

import copy
import inspect
import tempfile
from collections.abc import Callable, Mapping
from typing import Any

import torch

from facsight import catalog
from facsight.core.adaptation import Adaptation
from facsight.core.people import People
from facsight.data.people_set import numbered_again
from facsight.nn.source_moments import source_moments
from facsight.nn.split_network import SplitNetwork
from facsight.training.adapting import train_sources
from facsight.training.plan import Plan
from facsight.training.run_folder import RunFolder


class Trained:
    """Stages on these people under a seed; all start from the same random network and have the same plan."""

    def __init__(
        self,
        network: Callable[[], SplitNetwork],
        people: People,
        plan: Plan,
        seed: int,
        *,
        classes: int,
        neutral: int,
    ):
        self.network, self.people, self.plan, self.seed = network, numbered_again(people), plan, seed
        self.numbers = {"classes": classes, "neutral": neutral, "persons": len(self.people.names)}
        self._stages: dict[str, Any] = {}

    def stage(self, name: str) -> Any:
        """A copy of the trained stage."""
        if name not in self._stages:
            with torch.random.fork_rng(), tempfile.TemporaryDirectory() as run:
                torch.manual_seed(self.seed)
                made = self._made(catalog.load("source_stages", name), {"network": self.network}, {})
                trained = train_sources(made, self.people, self.plan, RunFolder(run, ""), seed=self.seed)
            self._stages[name] = trained.eval()
        return copy.deepcopy(self._stages[name])

    def method(self, name: str, options: Mapping[str, Any]) -> Adaptation:
        """A method around a copy of what its stage left."""
        kind = catalog.load("adaptation", name)
        stage = self.stage(kind.stage)
        given = {
            "network": lambda: stage.network,
            "source": lambda: stage,
            "moments": lambda: source_moments(stage.network, self.people, classes=self.numbers["classes"]),
            "channels": lambda: stage.network.channels,
        }
        return self._made(kind, given, options)

    def _made(self, kind: type, given: Mapping[str, Callable[[], Any]], options: Mapping[str, Any]) -> Any:
        asked = inspect.signature(kind).parameters
        supplied = {name: value for name, value in self.numbers.items() if name in asked}
        return kind(**supplied, **{name: make() for name, make in given.items() if name in asked}, **options)
