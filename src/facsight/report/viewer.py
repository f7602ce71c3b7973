"""Serves a page a video, with the video playing in it, to a browser on this computer, and nothing else.

Two kinds of address exist: `/watch/N`, a page (`/` is the first), and `/video/N`, the bytes of a video, for N
in the order of study.json. No part of an address is ever a path. A request must name this server by an
address in numbers or as localhost, so that no other site's name can be made to point here (DNS rebinding),
and other sites may not embed what is served.
"""

import ipaddress
import os
import re
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from facsight.analysis.looking import reason_of
from facsight.core.errors import BadOutput
from facsight.report.opened_study import open_study
from facsight.report.ranges import Unsatisfiable, part_of
from facsight.report.watch import SCRIPT, video_file, watch_page

#: What browsers are told a file is. Of other files they are told nothing, and seldom play them.
KINDS = {
    **dict.fromkeys((".mp4", ".m4v", ".mov", ".qt"), "video/mp4"),
    ".mkv": "video/x-matroska",
    ".webm": "video/webm",
    ".ogv": "video/ogg",
    ".3gp": "video/3gpp",
    ".3g2": "video/3gpp2",
}
#: What a browser is told where a page cannot be made; why it cannot is for the terminal alone.
UNMADE = "This page cannot be made. The terminal in which facsight runs says why."
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; img-src data:; media-src 'self'; style-src 'unsafe-inline'; "
        f"script-src {SCRIPT.source}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_ADDRESS = re.compile(r"/(watch|video)/(\d{1,9})", re.ASCII)
_PIECE = 1 << 18


class Viewer(ThreadingHTTPServer):
    """The server of one folder of videos; `address` is where a browser finds it.

    `on_trouble` hears why a page could not be made; the others are served. `MissingData` where the folder is
    none; `BadOutput` where the port is taken or the host is not this one.
    """

    daemon_threads = True

    def __init__(
        self,
        folder: Path,
        host: str = "127.0.0.1",
        port: int = 8000,
        on_trouble: Callable[[str], None] = lambda reason: None,
    ):
        self.study, self.on_trouble = open_study(folder), on_trouble
        self.page = lru_cache(maxsize=4)(lambda number: watch_page(self.study, number).encode("utf-8"))
        self.host = host
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            super().__init__((host, port), _Answer)
        except OSError as error:
            raise BadOutput(
                f"cannot serve at {host}, port {port}: {error.strerror or error}; choose another --port, or "
                "leave out --host"
            ) from error

    @property
    def address(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.server_address[1]}/"

    def is_named(self, host: str | None) -> bool:
        """Whether a request's Host header means this server, by a name that nobody else can give it."""
        try:
            asked = urlsplit(f"//{host or ''}")
            name, port = asked.hostname or "", asked.port or 80
        except ValueError:
            return False
        ours = name in ("localhost", self.host.lower()) or _is_address(name)
        return (
            ours
            and name != ""
            and port == self.server_address[1]
            and asked.netloc == host
            and "@" not in asked.netloc
        )


def is_loopback(host: str) -> bool:
    """Whether only this computer can reach a server at this host."""
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class _Answer(BaseHTTPRequestHandler):
    """One connection. Nothing of a request but its method, address, Host and Range is looked at."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "facsight", ""
    timeout = 60  # seconds that an idle connection is kept

    @property
    def viewer(self) -> Viewer:
        """The server that this connection belongs to."""
        assert isinstance(self.server, Viewer)
        return self.server

    def handle(self) -> None:
        """Answer until the other side leaves; browsers do so in the middle of a video."""
        with suppress(ConnectionError, TimeoutError):
            super().handle()

    def do_GET(self) -> None:
        """A page, a video or a refusal."""
        if not self.viewer.is_named(self.headers.get("Host")):
            self._refuse(HTTPStatus.MISDIRECTED_REQUEST)
            return
        asked = _ADDRESS.fullmatch("/watch/0" if self.path == "/" else self.path)
        number = int(asked[2]) if asked else -1
        if asked is None or number >= len(self.viewer.study.videos):
            self._refuse(HTTPStatus.NOT_FOUND)
        elif asked[1] == "watch":
            self._send_page(number)
        else:
            self._send_video(number)

    do_HEAD = do_GET  # noqa: N815

    def do_POST(self) -> None:
        """Nothing can be changed here."""
        self.close_connection = True  # what was sent along is not read
        self._refuse(HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "GET, HEAD"})

    do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_TRACE = do_CONNECT = do_POST  # noqa: N815

    def _send_page(self, number: int) -> None:
        name = self.viewer.study.videos[number]["file"]
        try:
            page = self.viewer.page(number)
        except Exception as problem:  # whatever is wrong with one video, the others are shown
            self.viewer.on_trouble(f"the page of {name} cannot be made: {reason_of(problem, name)}")
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, words=UNMADE)
            return
        self._begin(HTTPStatus.OK, len(page), {"Content-Type": "text/html; charset=utf-8"})
        self._write(page)

    def _send_video(self, number: int) -> None:
        path = video_file(self.viewer.study, number)
        try:
            opened = path.open("rb") if path else None
        except OSError:
            opened = None
        if path is None or opened is None:
            self._refuse(HTTPStatus.NOT_FOUND)
            return
        kind = KINDS.get(path.suffix.lower(), "application/octet-stream")
        with opened as file:
            self._send_part(file, os.fstat(file.fileno()).st_size, kind)

    def _send_part(self, file: BinaryIO, size: int, kind: str) -> None:
        headers = {"Content-Type": kind, "Accept-Ranges": "bytes"}
        try:
            # we give files no version, so that none can be the one of If-Range
            part = None if self.headers.get("If-Range") else part_of(self.headers.get("Range"), size)
        except Unsatisfiable:
            self._refuse(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, {"Content-Range": f"bytes */{size}"})
            return
        first, end = part or (0, size)
        if part:
            headers["Content-Range"] = f"bytes {first}-{end - 1}/{size}"
        self._begin(HTTPStatus.PARTIAL_CONTENT if part else HTTPStatus.OK, end - first, headers)
        if self.command == "HEAD":
            return
        file.seek(first)
        left = end - first
        while left and (piece := file.read(min(left, _PIECE))):
            self.wfile.write(piece)
            left -= len(piece)
        self.close_connection |= left > 0  # the file became shorter: what was announced does not come

    def _refuse(self, status: HTTPStatus, headers: dict[str, str] | None = None, words: str = "") -> None:
        told = f"{words or status.phrase}\n".encode("ascii")
        self._begin(status, len(told), {"Content-Type": "text/plain; charset=utf-8", **(headers or {})})
        self._write(told)

    def _begin(self, status: HTTPStatus, length: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**_HEADERS, **headers, "Content-Length": str(length)}.items():
            self.send_header(name, value)
        self.end_headers()

    def _write(self, content: bytes) -> None:
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not written down."""
