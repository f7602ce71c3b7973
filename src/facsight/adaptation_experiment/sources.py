"""What is trained on source people before anybody is adapted to: each stage once, when it is asked for."""

import copy
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from facsight import catalog
from facsight.core.errors import BadPeople
from facsight.core.method import Method
from facsight.core.people import People
from facsight.data.people_set import PeopleSet, numbered_again
from facsight.nn.source_moments import source_moments
from facsight.nn.split_network import SplitNetwork
from facsight.recipe import Recipe
from facsight.training.adapting import OnStep, train_sources
from facsight.training.plan import Plan
from facsight.training.run_folder import RunFolder


class Sources:
    """Source people of some targets under one seed, and the stages that are trained on them, below `home`.

    Every stage starts from the same random network and has the same budget.
    """

    def __init__(
        self,
        recipe: Recipe,
        data: PeopleSet,
        people: People,
        *,
        seed: int,
        home: Path,
        on_step: OnStep | None,
    ):
        self.recipe, self.data, self.seed, self.home = recipe, data, seed, home
        self.people = numbered_again(people)
        self.on_step = on_step
        self._trained: dict[str, Method[People, Any, Any]] = {}

    def stage(self, name: str) -> Method[People, Any, Any]:
        """A copy of the trained stage of this name."""
        if name not in self._trained:
            own = self.recipe.sections["source_stage"]
            options = {key: value for key, value in own.items() if key != "name"}
            chosen = catalog.load("adaptation", self.recipe.sections["method"]["name"]).stage
            made = self.made(
                catalog.load("source_stages", name),
                {"network": self._network},
                options if name == chosen else {},
            )
            run = RunFolder(self.home / name, self.recipe.to_toml())
            plan = Plan(**self.recipe.sections["training"])
            trained = train_sources(made, self.people, plan, run, seed=self.seed, on_step=self.on_step)
            self._trained[name] = trained.eval()
        return copy.deepcopy(self._trained[name])

    def method(self, name: str, options: Mapping[str, Any]) -> Any:
        """A method of adaptation or a bound, around a copy of the network that its source stage left."""
        kind = catalog.load(catalog.shelf_of(name), name)
        stage = self.stage(getattr(kind, "stage", "supervised_people"))
        network: SplitNetwork = stage.network  # pyright: ignore
        given = {
            "network": lambda: network,
            "source": lambda: stage,
            "moments": lambda: source_moments(network, self.people, classes=len(self.data.classes)),
        }
        return self.made(kind, given, options)

    def made(self, kind: type, given: Mapping[str, Callable[[], Any]], options: Mapping[str, Any]) -> Any:
        """The thing, with what it asks for by name of what is given and of numbers of the data."""
        asked = inspect.signature(kind).parameters
        numbers = {
            "neutral": self._neutral,
            "classes": lambda: len(self.data.classes),
            "channels": lambda: self._network().channels,
            "persons": lambda: len(self.people.names),
        }
        supplied = {name: make() for name, make in (numbers | dict(given)).items() if name in asked}
        with torch.random.fork_rng():
            torch.manual_seed(self.seed)
            return kind(**supplied, **options)

    def _network(self) -> SplitNetwork:
        options = dict(self.recipe.sections["network"])
        make = catalog.load("split_networks", options.pop("name"))
        with torch.random.fork_rng():
            torch.manual_seed(self.seed)
            network = make(tuple(self.people.inputs.shape[1:]), classes=len(self.data.classes), **options)
        if hasattr(network.encoder, "fit"):
            network.encoder.fit(self.people.inputs)
        return network

    def _neutral(self) -> int:
        neutral = self.data.neutral_class
        if neutral is None:
            raise BadPeople(
                f"{self.data.name} has no neutral class among {', '.join(self.data.classes)}: name it by "
                "data.neutral, or use methods that need none"
            )
        return neutral
