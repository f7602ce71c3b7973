"""What is meant by a number, an address or a name, and what of it may be shown."""

import platform
from types import SimpleNamespace

import av
import pytest

from facsight.core.errors import BadMedia
from facsight.media import source as source_module
from facsight.media.source import PROTOCOLS, find_source


@pytest.fixture
def system(monkeypatch, tmp_path):
    """Acts as this system, with cameras in an empty folder."""
    monkeypatch.setattr(source_module, "DEVICES", tmp_path)

    def choose(name: str, cameras: tuple[str, ...] = ()):
        monkeypatch.setattr(platform, "system", lambda: name)
        told = [SimpleNamespace(name="@1", description=camera, media_types=["video"]) for camera in cameras]
        sound = SimpleNamespace(name="@2", description="Microphone", media_types=["audio"])
        monkeypatch.setattr(av, "enumerate_input_devices", lambda interface: [*told, sound], raising=False)

    return choose


def opened(source: str | int) -> tuple[str, str, str | None]:
    found = find_source(source)
    return found.kind, found.place, found.format


@pytest.mark.parametrize("number", [2, "2", "02"])
def test_a_number_is_a_camera(system, tmp_path, number):
    system("Linux")
    assert opened(number) == ("camera", str(tmp_path / "video2"), "v4l2")
    system("Darwin")
    assert opened(number) == ("camera", "2:none", "avfoundation")
    system("Windows", ("Front", "Back", "Desk: HD"))
    assert opened(number) == ("camera", "video=Desk: HD", "dshow")


def test_a_name_is_a_file_or_a_camera(system, tmp_path):
    clip = tmp_path / "Desk camera"
    for name in ("Linux", "Darwin", "Windows"):
        system(name)
        clip.touch()
        assert opened(str(clip)) == ("file", str(clip), None)
        clip.unlink()
    assert opened("Desk camera") == ("camera", "video=Desk camera", "dshow")
    system("Darwin")
    assert opened("Desk camera") == ("camera", "Desk camera:none", "avfoundation")
    system("Linux")
    assert opened("Desk camera") == ("file", "Desk camera", None)
    assert opened("./0") == ("file", "./0", None)
    assert opened("/dev/v4l/by-id/desk") == ("camera", "/dev/v4l/by-id/desk", "v4l2")


def test_numbers_that_no_camera_has(system, tmp_path):
    system("Linux")
    for number in (10, 9):
        (tmp_path / f"video{number}").touch()
    with pytest.raises(BadMedia, match=r"found -1; .*video9, .*video10: give one"):
        find_source(-1)
    system("Windows", ("Front",))
    with pytest.raises(BadMedia, match="no camera 1, counted from 0; the system shows Front: give one"):
        find_source(1)
    system("Windows")
    with pytest.raises(BadMedia, match="shows no camera"):
        find_source(0)


def test_a_system_that_cannot_be_asked(system, monkeypatch):
    def refuse(interface):
        raise ValueError("no such input format")

    system("Windows")
    monkeypatch.setattr(av, "enumerate_input_devices", refuse)
    with pytest.raises(BadMedia, match="shows no camera"):
        find_source(0)
    monkeypatch.delattr(av, "enumerate_input_devices")
    with pytest.raises(BadMedia, match="shows no camera"):
        find_source(0)


@pytest.mark.parametrize("scheme", ["file", "ftp", "concat", "data", "srt", "pipe", "rtsp+x"])
def test_addresses_that_are_not_opened(scheme):
    with pytest.raises(BadMedia, match=r"rtsp://.*found one that begins with " + scheme.replace("+", r"\+")):
        find_source(f"{scheme}://anna:geheim@somewhere/x")


@pytest.mark.parametrize(
    "address",
    ["rtsp:anna:geheim@cam", "RTSP:/anna:geheim@cam", " rtsp://anna:geheim@cam", "'http://geheim@cam'"],
)
def test_what_is_nearly_an_address_is_not_shown(address):
    with pytest.raises(BadMedia, match="written otherwise") as caught:
        find_source(address)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("scheme", sorted(PROTOCOLS))
def test_an_address_may_use_what_it_needs_and_no_files(scheme):
    found = find_source(f"{scheme.upper()}://Host/Path")
    assert (found.kind, found.place) == ("stream", f"{scheme}://Host/Path")
    allowed = set(found.options["protocol_whitelist"].split(","))
    assert scheme in allowed
    assert allowed <= {scheme, "rtsp", "rtp", "udp", "tcp", "tls"}
    assert ("tls" in allowed) == scheme.endswith("s")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("rtsp://cam.local", "rtsp://cam.local"),
        ("rtsp://cam.local:554/", "rtsp://cam.local:554"),
        ("rtsp://anna:geheim@cam.local:554/stream", "rtsp://cam.local:554/…"),
        ("rtsp://geheim@cam.local/", "rtsp://cam.local"),
        ("http://cam.local/live?password=geheim", "http://cam.local/…"),
        ("http://cam.local?password=geheim", "http://cam.local/…"),
        ("http://cam.local#geheim", "http://cam.local/…"),
        ("rtmp://cam.local/app/geheim", "rtmp://cam.local/…"),
        ("rtsp://[::1]:554/geheim", "rtsp://[::1]:554/…"),
        ("rtsp://an@na:ge@heim@cam.local", "rtsp://cam.local"),
        ("udp://@239.0.0.1:1234", "udp://239.0.0.1:1234"),
        # where the host begins is not clear
        ("rtsp://anna:ge/heim@cam.local", "rtsp://…"),
        ("rtsp://geheim/@cam.local", "rtsp://…"),
        ("rtsp://anna:geheim#1@cam.local/x", "rtsp://…"),
        ("rtsp://anna:geheim?1@cam.local/x", "rtsp://…"),
        ("rtsp://anna:12/geheim@cam.local/x", "rtsp://…"),
        ("rtsp://anna:geheim@[::1/x", "rtsp://…"),
        ("rtsp://cam.local:geheim/x", "rtsp://…"),
        ("rtsp:///geheim", "rtsp://…"),
        ("rtsp://ge\nheim\t@cam.local/x", "rtsp://…"),
    ],
)
def test_of_an_address_only_the_host_is_shown(address, shown):
    found = find_source(address)
    assert found.name == shown
    assert found.place == address
    assert "heim" not in repr(found)
