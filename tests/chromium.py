"""A headless Chromium driven over its DevTools pipe: no driver, no library, no port."""

import base64
import json
import os
import select
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

#: Where a Chromium may be found, by name.
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
#: Seconds without a word from it after which a test fails.
PATIENCE = 15
_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--remote-debugging-pipe", "--hide-scrollbars", "--mute-audio", "--enable-automation"),
)


def find_chromium() -> str | None:
    """The program's path, or None where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One page. `problems` holds every console error, uncaught exception and refusal of the page's policy."""

    def __init__(self, program: str, profile: Path, size: tuple[int, int] = (1200, 900)):
        import fcntl  # not on every system that can run the other tests

        read, self._write = os.pipe()
        self._read, write = os.pipe()
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (read, write)]

        def as_chromium_wants() -> None:
            for end, number in zip(ends, (3, 4), strict=True):
                os.dup2(end, number)

        command = [program, *_FLAGS, f"--user-data-dir={profile}", f"--window-size={size[0]},{size[1]}"]
        self._process = subprocess.Popen(
            [*command, "about:blank"],
            preexec_fn=as_chromium_wants,
            pass_fds=(3, 4),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for end in ends:
            os.close(end)
        os.close(read)
        os.close(write)
        self._number, self._rest, self._session = 0, b"", None
        self.problems: list[str] = []
        (target,) = [t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page"]
        attached = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command of the protocol, and its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        told = self._wait(lambda told: told.get("id") == self._number)
        assert "error" not in told, told["error"]
        return told["result"]

    def open(self, address: str) -> None:
        """Load a page, and wait until it is loaded."""
        self.call("Page.navigate", url=address)
        self._wait(lambda told: told.get("method") == "Page.loadEventFired")

    def ask(self, expression: str) -> Any:
        """What an expression, or a promise, comes to."""
        told = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True, userGesture=True
        )
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def text(self, selector: str) -> str:
        """What the first element of a kind shows."""
        return self.ask(f"document.querySelector({json.dumps(selector)}).innerText")

    def wait(self, condition: str) -> None:
        """Until it holds."""
        look = f"const look = () => ({condition}) ? done(true) : setTimeout(look, 10)"
        self.ask(f"new Promise((done) => {{ {look}; look(); }})")

    def mouse(self, kind: str, x: float, y: float, **more: Any) -> None:
        """`kind`: moved, pressed, released; x and y in pixels of the window."""
        held = {"button": "none" if kind == "moved" else "left", "buttons": int(kind != "released")}
        self.call("Input.dispatchMouseEvent", type=f"mouse{kind.title()}", x=x, y=y, **{**held, **more})

    def key(self, key: str, text: str = "", **more: Any) -> None:
        """Press and release a key by its DOM name."""
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent", type=kind, key=key, **({"text": text} if text else {}), **more
            )

    def picture(self, file: Path, *, whole: bool = True) -> None:
        """A PNG of the page, whole or what the window shows."""
        told = self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        file.write_bytes(base64.b64decode(told["data"]))

    def close(self) -> None:
        """End the program that was started here."""
        self._session = None
        self.call("Browser.close")
        self._process.wait(timeout=20)
        os.close(self._write)
        os.close(self._read)

    def _wait(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while True:
            whole, end, rest = self._rest.partition(b"\0")
            if not end:
                ready, _, _ = select.select([self._read], [], [], PATIENCE)
                assert ready, f"Chromium said nothing for {PATIENCE} s; problems: {self.problems}"
                more = os.read(self._read, 1 << 16)
                assert more, "Chromium ended"
                self._rest += more
                continue
            self._rest = rest
            told = json.loads(whole)
            self._note(told)
            if wanted(told):
                return told

    def _note(self, told: dict[str, Any]) -> None:
        about = told.get("params", {})
        if told.get("method") == "Runtime.exceptionThrown":
            self.problems.append(json.dumps(about["exceptionDetails"]))
        elif told.get("method") == "Log.entryAdded" and about["entry"]["level"] == "error":
            self.problems.append(about["entry"]["text"])
        elif told.get("method") == "Runtime.consoleAPICalled" and about["type"] in ("error", "assert"):
            self.problems.append(json.dumps(about["args"]))
