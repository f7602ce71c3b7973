"""What several tests need: the shared data folder, a seeded generator, the package as users run it."""

from collections.abc import Iterator
from pathlib import Path

import jaxtyping
import pytest
import torch


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
