"""What a camera's number, a network address or a file's name means, and how it may be shown."""

import os
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import av
from av.error import FFmpegError

from facsight.core.errors import BadMedia
from facsight.media.folder import natural_key

#: Network addresses by how they begin, and the protocols that each may use: no other is ever opened.
PROTOCOLS = {
    "rtsp": "rtsp,rtp,udp,tcp",
    "rtsps": "rtsp,rtsps,tls,tcp",
    "http": "http,tcp",
    "https": "https,tls,tcp",
    "rtmp": "rtmp,tcp",
    "udp": "udp",
}
#: Where Linux has its cameras.
DEVICES = Path("/dev")

#: Each system's interface to cameras; all others have that of Linux.
_INTERFACES = {"Darwin": "avfoundation", "Windows": "dshow"}
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
_NEARLY_AN_ADDRESS = re.compile(rf"\s*({'|'.join(PROTOCOLS)}):|.*://", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True)
class Source:
    """Where live pictures come from.

    `name` may be shown to anyone; `place` is what is opened, through the interface `format` if it is a
    camera, and may hold a password.
    """

    kind: Literal["camera", "stream", "file"]
    name: str
    place: str = field(repr=False)
    format: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)


def find_source(source: str | int) -> Source:
    """What is meant by a camera's number, device or name, a network address, or the name of a file.

    A file that is called `0` is `./0`. `BadMedia` for an address of a kind that is not opened, and for a
    camera's number that cannot be; whether anything is there is not asked.
    """
    text = str(source)
    if address := _ADDRESS.fullmatch(text):
        return _stream(address[1].lower(), address[2])
    if _NEARLY_AN_ADDRESS.match(text):
        raise BadMedia(
            "expected an address such as rtsp://NAME:PASSWORD@HOST/WAY, found one that is written otherwise; "
            "it is not shown, as it may hold a password"
        )
    if re.fullmatch(r"-?[0-9]+", text):
        return _numbered(int(text))
    if text.startswith("/dev/"):
        return Source("camera", text, text, interface())
    if interface() == "v4l2" or os.path.lexists(text):
        return Source("file", text, text)
    return _named(text, text)


def interface() -> str:
    """What this system calls its interface to cameras."""
    return _INTERFACES.get(platform.system(), "v4l2")


def those_there() -> str:
    """The cameras that the system tells of, as advice."""
    there = _cameras()
    if not there:
        return "the system shows no camera: plug one in, or switch it on"
    return f"the system shows {', '.join(there)}: give one of these"


def _stream(scheme: str, rest: str) -> Source:
    if scheme not in PROTOCOLS:
        known = ", ".join(f"{name}://" for name in PROTOCOLS)
        raise BadMedia(
            f"expected the number of a camera, a file, or an address that begins with one of {known}; "
            f"found one that begins with {scheme}://"
        )
    address = f"{scheme}://{rest}"
    options = {"protocol_whitelist": PROTOCOLS[scheme]}
    if scheme == "rtsp":
        options["rtsp_flags"] = "prefer_tcp"  # lost packets spoil pictures
    return Source("stream", _shown(scheme, address), address, options=options)


def _shown(scheme: str, address: str) -> str:
    """Scheme, host and port: names, passwords and keys may be in all the rest.

    Only the scheme, if it is not clear where the host begins.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return f"{scheme}://…"
    rest = address.removeprefix(f"{scheme}://{parts.netloc}")
    if not host or "@" in rest:
        return f"{scheme}://…"
    host = f"[{host}]" if ":" in host else host
    return f"{scheme}://{host}{f':{port}' if port else ''}{'/…' if rest.strip('/') else ''}"


def _numbered(number: int) -> Source:
    if number < 0:
        raise BadMedia(f"expected the number of a camera, 0 or more, found {number}; {those_there()}")
    if interface() == "v4l2":
        device = str(DEVICES / f"video{number}")
        return Source("camera", device, device, "v4l2")
    if interface() == "avfoundation":
        return _named(f"camera {number}", str(number))
    there = _cameras()
    if number >= len(there):
        raise BadMedia(f"there is no camera {number}, counted from 0; {those_there()}")
    return _named(there[number], there[number])


def _named(name: str, camera: str) -> Source:
    if interface() == "avfoundation":
        # its default of 29.97 frames a second is refused by many cameras
        return Source("camera", name, f"{camera}:none", "avfoundation", {"framerate": "30"})
    return Source("camera", name, f"video={camera}", interface())


def _cameras() -> list[str]:
    """The names of the cameras that the system tells of; none where it cannot be asked."""
    if interface() == "v4l2":
        return sorted((str(device) for device in DEVICES.glob("video*")), key=natural_key)
    ask = getattr(av, "enumerate_input_devices", None)  # not in older PyAV
    try:
        devices = ask(interface()) if ask else []
    except (FFmpegError, ValueError):
        return []
    return [device.description or device.name for device in devices if "video" in device.media_types]
