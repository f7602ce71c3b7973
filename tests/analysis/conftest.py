import pytest

from facsight.analysis.reader import Reader
from planted import PlantedFinder, tiny_reader_file


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    return tiny_reader_file(tmp_path_factory.mktemp("weights") / "tiny.safetensors")


@pytest.fixture
def reader(weights):
    return Reader(weights, finder=PlantedFinder())
