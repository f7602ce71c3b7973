"""Model files: cached, checked, downloaded from a server on this machine."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from facsight import hub
from facsight.core.errors import BadCheckpoint, MissingData, UnknownName
from facsight.hub import Model, cache_folder, face_finder, fetch, sha256

CONTENT = bytes(range(256)) * 5000


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


class Server(ThreadingHTTPServer):
    """Serves CONTENT; `fails` says how, `requests` counts."""

    fails = ""
    requests = 0


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        assert isinstance(server, Server)
        server.requests += 1
        if server.fails == "missing":
            self.send_error(404)
            return
        content = CONTENT[::-1] if server.fails == "other content" else CONTENT
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[:1000] if server.fails == "cut off" else content)

    def log_message(self, format, *args):
        """Nothing on the terminal."""


@pytest.fixture
def server():
    with Server(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def cache(tmp_path, monkeypatch, server) -> Path:
    """An empty cache and one model, "toy", on the server."""
    url = f"http://127.0.0.1:{server.server_port}/toy.bin"
    toy = Model("toy.bin", url, hashlib.sha256(CONTENT).hexdigest(), "CC0", "for tests")
    monkeypatch.setattr(hub, "MODELS", {"toy": toy})
    monkeypatch.setenv("FACSIGHT_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("FACSIGHT_OFFLINE", raising=False)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return tmp_path / "cache"


def test_downloads_once(cache, server):
    path = fetch("toy")
    assert path == cache / "toy.bin"
    assert path.read_bytes() == CONTENT
    assert fetch("toy") == path
    assert server.requests == 1
    assert names_in(cache) == ["toy.bin"]


def test_damaged_file_in_the_cache_is_replaced(cache, server):
    fetch("toy").write_bytes(b"half a mod")
    assert fetch("toy").read_bytes() == CONTENT
    assert server.requests == 2


@pytest.mark.parametrize(
    ("fails", "error", "message"),
    [
        ("missing", MissingData, "404"),
        ("cut off", MissingData, r"1000 of 1280000 bytes|IncompleteRead"),
        ("other content", BadCheckpoint, "expected to have SHA-256 .* found .* deleted"),
    ],
)
def test_failed_download_leaves_nothing_and_the_next_one_works(cache, server, fails, error, message):
    server.fails = fails
    with pytest.raises(error, match=message) as caught:
        fetch("toy")
    assert "by hand and put it at" in str(caught.value)
    assert names_in(cache) == []
    server.fails = ""
    assert fetch("toy").read_bytes() == CONTENT


def test_server_that_is_not_there(cache, server, monkeypatch):
    monkeypatch.setattr(
        hub, "MODELS", {"toy": Model("toy.bin", "http://127.0.0.1:9/toy.bin", "0" * 64, "CC0", "")}
    )
    with pytest.raises(MissingData, match="could not be downloaded"):
        fetch("toy")


@pytest.mark.parametrize("variable", ["FACSIGHT_OFFLINE", "HF_HUB_OFFLINE"])
def test_offline_never_asks_the_server(cache, server, monkeypatch, variable):
    monkeypatch.setenv(variable, "1")
    with pytest.raises(MissingData, match="forbids downloads"):
        fetch("toy")
    assert server.requests == 0
    monkeypatch.setenv(variable, "0")
    path = fetch("toy")
    monkeypatch.setenv(variable, "1")
    assert fetch("toy") == path


def test_many_at_once_get_a_whole_file(cache, server):
    got = []
    threads = [threading.Thread(target=lambda: got.append(fetch("toy").read_bytes())) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [CONTENT] * 6
    assert names_in(cache) == ["toy.bin"]


def test_local_files_are_taken_as_they_are(tmp_path, cache, server):
    path = tmp_path / "own.bin"
    path.write_bytes(b"own")
    assert fetch(path) == path
    assert fetch(str(path)) == path
    assert server.requests == 0
    with pytest.raises(MissingData, match="expected a model file at"):
        fetch(tmp_path / "gone.bin")


def test_unknown_name_gets_the_nearest(cache):
    with pytest.raises(UnknownName, match="did you mean 'toy'"):
        fetch("toi")


def test_cache_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("FACSIGHT_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("FACSIGHT_CACHE")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "facsight"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "facsight"
    monkeypatch.setattr("sys.platform", "darwin")
    assert cache_folder() == Path.home() / "Library" / "Caches" / "facsight"
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    assert cache_folder() == tmp_path / "facsight" / "cache"


def test_sha256(tmp_path):
    path = tmp_path / "abc"
    path.write_bytes(b"abc")  # the first example of FIPS 180-2
    assert sha256(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_entries_are_the_files_that_the_tests_use(shared_data):
    assert sha256(shared_data / "models/face_landmarker.task") == hub.MODELS["face_landmarker"].sha256
    assert sha256(shared_data / "models/yunet_n.onnx") == hub.MODELS["yunet"].sha256


def test_bundled_weights(monkeypatch, tmp_path):
    monkeypatch.setattr(hub, "files", lambda _: tmp_path)
    with pytest.raises(MissingData, match="bundled reader's weights"):
        hub.bundled_weights()
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "reader.safetensors").write_bytes(b"")
    assert hub.bundled_weights() == tmp_path / "weights" / "reader.safetensors"


class TestFaceFinder:
    """Which finder is opened with which file; the opening itself is replaced."""

    @pytest.fixture
    def opened(self, monkeypatch):
        calls = []

        def remember(name, model, **options):
            calls.append((name, model))
            return "finder"

        monkeypatch.setattr(hub, "open_finder", remember)
        monkeypatch.setattr(hub, "fetch", lambda model: Path("/fetched") / model)
        return calls

    def test_default_needs_no_file(self, opened, monkeypatch, unchecked):
        monkeypatch.setattr(hub, "default_finder", lambda **_: "the default")
        assert face_finder() == "the default"
        assert opened == []

    def test_newer_mediapipe_falls_back_to_the_bundle(self, opened, monkeypatch, unchecked):
        def without_models(**_):
            raise MissingData("no models in this wheel")

        monkeypatch.setattr(hub, "default_finder", without_models)
        face_finder()
        assert opened == [("mediapipe_task", Path("/fetched/face_landmarker"))]

    def test_named_finders_get_their_file(self, opened, unchecked):
        face_finder("yunet")
        face_finder("yunet", model="mine.onnx")
        face_finder("mediapipe")
        assert opened == [
            ("yunet", Path("/fetched/yunet")),
            ("yunet", Path("/fetched/mine.onnx")),
            ("mediapipe", None),
        ]
