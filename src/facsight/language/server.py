"""A language model behind an OpenAI-compatible server, such as llama.cpp, vLLM or Ollama start."""

import json
import os
import time
from collections.abc import Sequence
from http.client import HTTPException
from ipaddress import ip_address
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from facsight.core.errors import BadRecipe, MissingData
from facsight.language.model import Chat, Reply

#: The environment's variable that holds the server's key, if it wants one. It is sent, and never written.
KEY = "FACSIGHT_LANGUAGE_KEY"
#: A reply is a word: a longer one is cut by the server.
WRITTEN = 16
#: What may be there again in a moment: told to wait, or an error of the server's own.
AGAIN = frozenset((408, 425, 429, 500, 502, 503, 504))


class Server:
    """Asks `url` (".../v1") for completions of the model called `model`, at temperature 0.

    Only this machine is asked, unless `remote`: what people said does not leave it by mistake. A server that
    is silent for `timeout` seconds, or busy, is asked `tries` times, each wait twice the last; then
    `MissingData`. A reply that is no label after blanks, marks and case are taken off has none.
    """

    batch = 1

    def __init__(self, url: str, model: str, *, timeout: float = 60.0, tries: int = 4, remote: bool = False):
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BadRecipe(f"expected an address such as http://localhost:8080/v1, found {url!r}")
        if not remote and not _is_here(parts.hostname):
            raise BadRecipe(
                f"{parts.hostname} is another machine, and texts would be sent there: --remote allows it"
            )
        self.url, self.model, self.timeout, self.tries = url.rstrip("/"), model, timeout, tries
        self.name = f"{model} at {parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        proxy = ProxyHandler() if remote else ProxyHandler({})
        self._opener = build_opener(proxy, _Stay())
        self.wait = 1.0

    def answer(self, chats: Sequence[Chat], labels: Sequence[str]) -> list[Reply]:
        """The reply to each chat."""
        return [self._reply(self._asked(chat), labels) for chat in chats]

    def _asked(self, chat: Chat) -> dict[str, Any]:
        content = {
            "model": self.model,
            "messages": list(chat),
            "temperature": 0,
            "max_tokens": WRITTEN,
        }
        headers = {"Content-Type": "application/json"}
        if key := os.environ.get(KEY):
            headers["Authorization"] = f"Bearer {key}"
        request = Request(f"{self.url}/chat/completions", json.dumps(content).encode(), headers)  # noqa: S310
        wait, reason = self.wait, ""
        for turn in range(self.tries):
            if turn:
                time.sleep(wait)
                wait *= 2
            try:
                with self._opener.open(request, timeout=self.timeout) as answer:
                    return json.load(answer)
            except HTTPError as error:
                error.close()
                if error.code not in AGAIN:
                    raise MissingData(
                        f"{self.name} refused ({error.code} {error.reason}): check the model's name, and "
                        f"the key in {KEY}"
                    ) from error
                reason = f"{error.code} {error.reason}"
            except (URLError, TimeoutError, ConnectionError, HTTPException) as error:
                reason = str(getattr(error, "reason", error)) or type(error).__name__
            except ValueError as error:
                raise MissingData(f"{self.name} answered with what is no JSON: {error}") from error
        raise MissingData(
            f"{self.name} did not answer {self.tries} times ({reason}); replies so far are kept: start it, "
            "and the same command goes on"
        )

    def _reply(self, told: dict[str, Any], labels: Sequence[str]) -> Reply:
        try:
            said = str(told["choices"][0]["message"]["content"])
        except (KeyError, IndexError, TypeError) as error:
            raise MissingData(f"{self.name} answered without a message: is it OpenAI-compatible?") from error
        usage = told.get("usage") or {}
        read, written = (int(usage.get(f"{part}_tokens") or 0) for part in ("prompt", "completion"))
        return Reply(label_in(said, labels), said, read=read, written=written)


def label_in(said: str, labels: Sequence[str]) -> str | None:
    """The label that a reply is, whatever its case, blanks and marks around it; None for anything else.

    >>> label_in(" Joy.", ["joy", "anger"]), label_in("joy or anger", ["joy", "anger"])
    ('joy', None)
    """
    word = said.strip().strip(".,:;!?\"'`*_ \\n").casefold()
    return next((label for label in labels if label.casefold() == word), None)


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class _Stay(HTTPRedirectHandler):
    """A server that sends to another place is not followed there."""

    def redirect_request(self, req: Any, fp: Any, code: Any, msg: Any, headers: Any, newurl: Any) -> None:
        return None
