from collections.abc import Callable

import pytest

from facsight.cli.app import run
from planted import PlantedFinder, tiny_reader_file


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    return tiny_reader_file(tmp_path_factory.mktemp("weights") / "tiny.safetensors")


@pytest.fixture
def facsight(monkeypatch, capsys, weights, tmp_path) -> Callable[..., tuple[int, str, str]]:
    """Runs a command line in an empty folder, with a small reader and a finder of planted faces.

    Gives the exit code and what was written to the two streams.
    """
    monkeypatch.setattr("facsight.analysis.reader.face_finder", lambda name: PlantedFinder())
    monkeypatch.setattr("facsight.analysis.reader.bundled_weights", lambda: weights)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            run([str(argument) for argument in arguments])
        told = capsys.readouterr()
        code = left.value.code
        return (code if isinstance(code, int) else 0), told.out, told.err

    return call
