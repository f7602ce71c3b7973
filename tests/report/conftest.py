import pytest

from chromium import Browser, find_chromium
from facsight.analysis.reader import Reader
from facsight.analysis.run import analyse
from facsight.media.folder import find_photos
from planted import PlantedFinder, saved_photo, tiny_reader_file


@pytest.fixture(scope="session")
def reader(tmp_path_factory):
    weights = tiny_reader_file(tmp_path_factory.mktemp("weights") / "tiny.safetensors")
    return Reader(weights, finder=PlantedFinder())


@pytest.fixture(scope="session")
def readings(reader, tmp_path_factory):
    """A finished readings folder: two photos with faces, one without, one broken."""
    folder = tmp_path_factory.mktemp("photos")
    for name, faces in (("a.png", 2), ("b.png", 1), ("c.png", 0)):
        saved_photo(folder / name, faces)
    (folder / "d.jpg").write_bytes(b"")
    out = tmp_path_factory.mktemp("out")
    analyse(find_photos([folder]), out, reader)
    return out


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """A headless Chromium, started once."""
    program = find_chromium()
    if program is None:
        pytest.skip("no Chromium found: install Debian's package chromium")
    browser = Browser(program, tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()
