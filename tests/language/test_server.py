"""A server on this machine that is slow, busy, strange or wrong."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from facsight.core.errors import BadRecipe, MissingData
from facsight.language import ask, cost_of, load_prompt
from facsight.language.server import KEY, Server

LABELS = ["joy", "anger"]


class Scripted:
    """A server that gives the answers of a script, one a request; each is (status, body) or a function."""

    def __init__(self, script):
        self.script, self.seen = list(script), []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.seen.append((self.path, dict(self.headers), body))
                status, content = outer.script.pop(0)
                if status is None:
                    self.close_connection = True
                    outer.release.wait(5)
                    return
                data = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "http://example.invalid/")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.release = threading.Event()
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self):
        self.release.set()
        self.http.shutdown()
        self.http.server_close()


def said(text):
    usage = {"prompt_tokens": 30, "completion_tokens": 2}
    return 200, {"choices": [{"message": {"content": text}}], "usage": usage}


@pytest.fixture
def scripted():
    made = []

    def make(*script, **options):
        one = Scripted(script)
        made.append(one)
        model = Server(one.url, "tiny", **options)
        model.wait = 0.01
        return one, model

    yield make
    for one in made:
        one.close()


def chats(*texts):
    return [load_prompt("label").messages(text, LABELS) for text in texts]


def test_a_reply_is_read_and_counted(scripted, monkeypatch):
    monkeypatch.setenv(KEY, "secret")
    server, model = scripted(said(" **Joy**.\n"))
    (reply,) = model.answer(chats("what a day"), LABELS)
    assert (reply.label, reply.said, reply.read, reply.written) == ("joy", " **Joy**.\n", 30, 2)
    path, headers, body = server.seen[0]
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == "Bearer secret"
    assert body["model"] == "tiny"
    assert body["temperature"] == 0
    assert '"what a day"' in body["messages"][-1]["content"]


def test_a_reply_outside_the_labels_has_none(scripted):
    _, model = scripted(said("I think it is joy or anger"), said("glee"), said(""))
    assert [reply.label for reply in model.answer(chats("a", "b", "c"), LABELS)] == [None, None, None]


def test_a_busy_server_is_asked_again(scripted):
    server, model = scripted((503, {}), (429, {}), said("anger"))
    assert model.answer(chats("a"), LABELS)[0].label == "anger"
    assert len(server.seen) == 3


def test_a_slow_server_is_given_up(scripted):
    server, model = scripted((None, None), (None, None), timeout=0.2, tries=2)
    with pytest.raises(MissingData, match=r"did not answer 2 times .*the same command goes on"):
        model.answer(chats("a"), LABELS)
    assert len(server.seen) == 2


def test_a_server_that_is_down_is_told(scripted):
    server, model = scripted(tries=2)
    server.close()
    with pytest.raises(MissingData, match="did not answer 2 times"):
        model.answer(chats("a"), LABELS)


def test_a_refusal_is_told_at_once_and_without_the_key(scripted, monkeypatch):
    monkeypatch.setenv(KEY, "secret")
    server, model = scripted((401, {}))
    with pytest.raises(MissingData, match=r"refused \(401") as error:
        model.answer(chats("a"), LABELS)
    assert "secret" not in str(error.value)
    assert len(server.seen) == 1


def test_no_other_machine_is_asked_by_a_redirect(scripted):
    _, model = scripted((302, {}))
    with pytest.raises(MissingData, match=r"refused \(302"):
        model.answer(chats("a"), LABELS)


@pytest.mark.parametrize("body", [b"no json", {}, {"choices": []}])
def test_an_answer_of_another_kind_is_told(scripted, body):
    _, model = scripted((200, body))
    with pytest.raises(MissingData, match=r"no JSON|without a message"):
        model.answer(chats("a"), LABELS)


@pytest.mark.parametrize(
    "url", ["http://example.com/v1", "https://10.0.0.1/v1", "http://localhost.evil.com/v1"]
)
def test_another_machine_needs_leave(url):
    with pytest.raises(BadRecipe, match="--remote allows it"):
        Server(url, "m")
    assert Server(url, "m", remote=True).url == url


@pytest.mark.parametrize("url", ["http://localhost:1/v1", "http://127.0.0.1:1/v1", "http://[::1]:1/v1"])
def test_this_machine_does_not(url):
    assert Server(url, "m").url == url


@pytest.mark.parametrize("url", ["file:///etc/passwd", "localhost:8080", "ftp://localhost/v1"])
def test_what_is_no_address_is_told(url):
    with pytest.raises(BadRecipe, match="expected an address"):
        Server(url, "m")


def test_a_run_goes_on_after_the_server_was_down(scripted, tmp_path):
    texts = {"a": "one", "b": "two", "c": " "}
    server, model = scripted(said("joy"), (500, {}), (500, {}), said("anger"), tries=2)
    kept = tmp_path / "answers" / "replies.jsonl"
    with pytest.raises(MissingData):
        ask(texts, LABELS, model, load_prompt("label"), kept)
    found = ask(texts, LABELS, model, load_prompt("label"), kept)
    assert {s: r and r.label for s, r in found.replies.items()} == {"a": "joy", "b": "anger", "c": None}
    assert found.asked == 1
    assert len(server.seen) == 4
    cost = cost_of(found)
    assert (cost["texts"], cost["without words"], cost["tokens read"], cost["tokens written"]) == (
        3,
        1,
        60,
        4,
    )
