import polars as pl
import pytest

from facsight.analysis.reader import Reader
from planted import PlantedFinder, tiny_reader_file


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    return tiny_reader_file(tmp_path_factory.mktemp("weights") / "tiny.safetensors")


@pytest.fixture
def reader(weights):
    return Reader(weights, finder=PlantedFinder())


@pytest.fixture
def full_disk(monkeypatch):
    """Room for one Parquet file and no more, until it is called."""
    real, written = pl.DataFrame.write_parquet, []

    def full_after_one(frame, path, **options):
        if written:
            raise OSError(28, "No space left on device")
        written.append(path)
        return real(frame, path, **options)

    monkeypatch.setattr(pl.DataFrame, "write_parquet", full_after_one)
    return monkeypatch.undo
