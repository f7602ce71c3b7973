"""What several tests need: the shared data folder, a seeded generator, the package as users run it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jaxtyping
import pytest
import torch

#: A recipe that learns something in seconds.
SMALL = {
    "about": "drawn faces",
    "seed": 1,
    "data": {"name": "drawn", "faces": 240, "difficulty": 0.0},
    "network": {"widths": [8, 16, 16], "blocks": [1, 1, 1], "stem": 8, "dropout": 0.0},
    "training": {"epochs": 3, "batch_size": 24, "average": 0.9, "rate": 0.05},
}


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with real data beside the repository; its tests are skipped where it is absent."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs the folder shared/data beside the repository, which is not here")
    return folder


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.fixture
def unchecked() -> Iterator[None]:
    """Shapes are not checked, as outside tests: for what our own errors say about wrong shapes."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture(scope="session")
def runs(tmp_path_factory) -> Path:
    """A folder with two small trained runs on drawn faces: plain and guided."""
    from facsight.experiment import train
    from facsight.recipe import check_recipe

    home = tmp_path_factory.mktemp("audited")
    for name, guidance in (("plain", 0.0), ("guided", 4.0)):
        train(check_recipe(SMALL | {"method": {"name": "action_units", "guidance": guidance}}), home / name)
    return home


@pytest.fixture(scope="session")
def audits(runs) -> dict[str, Any]:
    """Both runs, audited."""
    from facsight.audit.run import audit

    return {name: audit(runs / name, sample=24) for name in ("plain", "guided")}
