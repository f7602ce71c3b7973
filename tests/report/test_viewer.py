"""The viewer is asked over real sockets, by hand-written requests."""

import os
import socket
import threading

import pytest

from facsight.core.errors import BadOutput, MissingData
from facsight.report.viewer import Viewer, is_loopback
from planted_study import made_rows, saved_study, told

CONTENT = bytes(range(256)) * 40
SECRET = b"nobody may read this"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A study of five videos: one there, one gone, and three names that must not be served."""
    home = tmp_path_factory.mktemp("viewer")
    (home / "a b.mp4").write_bytes(CONTENT)
    (home / "secret.txt").write_bytes(SECRET)
    (home / "folder.mp4").mkdir()
    (home / "linked.mp4").symlink_to("a b.mp4")
    names = ["a b.mp4", "gone.mp4", "secret.txt", "folder.mp4", "linked.mp4"]
    tables = [made_rows(name, [n / 25 for n in range(30)], [range(30)]) for name in names]
    return saved_study(home, tables[0].vstack(tables[1]), [told(rows) for rows in tables])


@pytest.fixture(scope="module")
def viewer(folder):
    with Viewer(folder, port=0) as viewer:
        thread = threading.Thread(target=viewer.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield viewer
        viewer.shutdown()
        thread.join()


def raw(viewer, request):
    """The whole answer to some bytes."""
    with socket.create_connection(viewer.server_address[:2], timeout=10) as line:
        line.sendall(request)
        line.shutdown(socket.SHUT_WR)
        parts = iter(lambda: line.recv(1 << 16), b"")
        return b"".join(parts)


def ask(viewer, target, *, method="GET", host=None, **headers):
    """Status, headers by small name, and body."""
    named = {"Host": host or f"127.0.0.1:{viewer.server_address[1]}", "Connection": "close"}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in named.items()), "", ""]
    head, _, body = raw(viewer, "\r\n".join(lines).encode()).partition(b"\r\n\r\n")
    status, *rest = head.decode().split("\r\n")
    told_ = {name.lower(): value for name, value in (line.split(": ", 1) for line in rest)}
    assert method == "HEAD" or int(told_["content-length"]) == len(body)
    return int(status.split()[1]), told_, body


def test_the_page_of_each_video_and_what_it_may_do(viewer):
    status, headers, page = ask(viewer, "/")
    assert (status, page) == (200, ask(viewer, "/watch/0")[2])
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "media-src 'self'" in policy
    assert "unsafe-inline" not in policy.split("script-src")[1]
    source = policy.split("script-src ")[1].split(";")[0]
    assert source in page.decode()  # the page's own policy names the same script
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert b'<video controls muted playsinline preload="auto" src="/video/0">' in page
    assert page.count(b"/watch/1") == 2  # next, and in the list


def test_a_video_that_is_gone_has_its_timeline(viewer):
    status, _, page = ask(viewer, "/watch/1")
    assert status == 200
    assert b"<video" not in page
    assert b"not where it was read from" in page
    assert b'class="timeline"' in page
    assert ask(viewer, "/video/1")[0] == 404


def test_the_whole_video(viewer):
    status, headers, body = ask(viewer, "/video/0")
    assert (status, body) == (200, CONTENT)
    assert (headers["content-type"], headers["accept-ranges"]) == ("video/mp4", "bytes")
    assert ask(viewer, "/video/4")[2] == CONTENT  # a link that the study names


@pytest.mark.parametrize(
    ("asked", "first", "end"), [("bytes=0-", 0, 10240), ("bytes=3-5", 3, 6), ("bytes=-7", 10233, 10240)]
)
def test_a_part_of_the_video(viewer, asked, first, end):
    status, headers, body = ask(viewer, "/video/0", Range=asked)
    assert (status, body) == (206, CONTENT[first:end])
    assert headers["content-range"] == f"bytes {first}-{end - 1}/10240"


def test_a_part_that_is_not_there(viewer):
    status, headers, _ = ask(viewer, "/video/0", Range="bytes=10240-")
    assert (status, headers["content-range"]) == (416, "bytes */10240")


def test_ranges_that_are_none_or_have_a_condition_give_all(viewer):
    assert ask(viewer, "/video/0", Range="bytes=1-2,4-5")[0] == 200
    assert ask(viewer, "/video/0", Range="bytes=1-2", If_Range='"x"')[::2] == (200, CONTENT)


def test_head_is_get_without_a_body(viewer):
    for target, more in (("/", {}), ("/video/0", {"Range": "bytes=3-5"}), ("/video/9", {})):
        whole, told_ = ask(viewer, target, **more), ask(viewer, target, method="HEAD", **more)
        assert told_[0] == whole[0]
        assert told_[1]["content-length"] == whole[1]["content-length"]
        assert told_[2] == b""


@pytest.mark.parametrize(
    "target",
    [
        *(
            "/video/2",
            "/video/3",
            "/video/5",
            "/video/-1",
            "/video/99999999999999999999",
            "/video/0/",
            "/video/",
        ),
        *(
            "/video",
            "/watch/5",
            "/watch/x",
            "/watch/٣",
            "/../secret.txt",
            "/secret.txt",
            "/video/../secret.txt",
        ),
        *("/video/%2e%2e/secret.txt", "/video/0%00", "//video/0/../../secret.txt", "/study.json", "/."),
        *("/watch/0?x", "http://127.0.0.1/video/2", "/readings.parquet", "*"),
    ],
)
def test_there_is_nothing_else(viewer, target):
    status, _, body = ask(viewer, target.encode().decode("latin-1"))
    assert status == 404
    assert SECRET not in body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"])
def test_nothing_can_be_changed(viewer, method):
    status, headers, _ = ask(viewer, "/video/0", method=method)
    assert (status, headers["allow"]) == (405, "GET, HEAD")


def test_a_body_that_is_not_read_is_not_taken_for_a_request(viewer):
    port = viewer.server_address[1]
    inner = f"GET /video/0 HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n"
    head = f"POST / HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Length: {len(inner)}\r\n\r\n"
    answer = raw(viewer, (head + inner).encode())
    assert answer.startswith(b"HTTP/1.1 405")
    assert answer.count(b"HTTP/1.1") == 1


def names(port):
    ours = [f"127.0.0.1:{port}", f"localhost:{port}", f"LOCALHOST:{port}", f"[::1]:{port}"]
    others = [f"evil.example:{port}", "localhost", f"localhost:{port + 1}", f"localhost.evil.example:{port}"]
    others += [
        f"evil@127.0.0.1:{port}",
        f"127.0.0.1:{port}/x",
        f"127.0.0.1.:{port}",
        f"2130706433:{port}",
        ":",
        "[x",
    ]
    return ours, others


def test_only_who_names_this_server_is_answered(viewer):
    ours, others = names(viewer.server_address[1])
    assert [ask(viewer, "/video/0", host=name)[0] for name in ours] == [200] * len(ours)
    assert [ask(viewer, "/video/0", host=name)[0] for name in others] == [421] * len(others)
    assert raw(viewer, b"GET / HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 421")
    assert raw(viewer, b"GET / HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 421")


def test_one_connection_serves_several_requests(viewer):
    one = f"GET /video/0 HTTP/1.1\r\nHost: localhost:{viewer.server_address[1]}\r\nRange: bytes=0-1\r\n\r\n"
    assert raw(viewer, (one * 3).encode()).count(b"HTTP/1.1 206") == 3


def test_a_browser_may_leave_in_the_middle(viewer, capfd):
    request = f"GET /video/0 HTTP/1.1\r\nHost: localhost:{viewer.server_address[1]}\r\n\r\n".encode()
    for _ in range(5):
        with socket.create_connection(viewer.server_address[:2]) as line:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # ends with a reset
            line.sendall(request)
    assert ask(viewer, "/video/0")[0] == 200
    assert "Traceback" not in capfd.readouterr().err


def test_a_port_that_is_taken_is_told(viewer, folder):
    with pytest.raises(BadOutput, match=r"port \d+: Address already in use; choose another --port"):
        Viewer(folder, port=viewer.server_address[1])


def test_a_host_that_is_not_here_and_a_folder_that_is_none(folder, tmp_path):
    with pytest.raises(BadOutput, match=r"cannot serve at 203\.0\.113\.1"):
        Viewer(folder, host="203.0.113.1", port=0)
    with pytest.raises(MissingData):
        Viewer(tmp_path)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.3.4.5", "::1", "localhost"])
def test_what_only_this_computer_reaches(host):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "localhost.example", "", "evil"])
def test_what_others_reach(host):
    assert not is_loopback(host)


def test_a_video_that_cannot_be_opened_is_not_there(viewer, folder):
    if os.geteuid() == 0:
        pytest.skip("everything can be opened by root")
    path = folder / "a b.mp4"
    path.chmod(0)
    try:
        assert ask(viewer, "/video/0")[0] == 404
    finally:
        path.chmod(0o644)


def test_boxes_are_in_the_viewers_page(viewer):
    page = ask(viewer, "/watch/0")[2].decode()
    assert '"p0.box3"' in page
    assert all(f'"p0.{name}"' in page for name in ("at", "read0", "label"))


def test_a_page_that_cannot_be_made_is_told_and_the_others_are_served(tmp_path, capfd):
    """The table of one video is spoiled while the folder is shown."""
    tables = [made_rows(name, [n / 25 for n in range(30)], [range(30)]) for name in ("a.mp4", "b\n.mp4")]
    folder = saved_study(tmp_path, tables[0].vstack(tables[1]), [told(rows) for rows in tables])
    heard = []
    with Viewer(folder, port=0, on_trouble=heard.append) as viewer:
        thread = threading.Thread(target=viewer.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            assert ask(viewer, "/watch/0")[0] == 200
            for table in (folder / "readings").iterdir():
                table.write_bytes(b"spoiled")
            status, headers, body = ask(viewer, "/watch/1")
            assert (status, headers["content-type"]) == (500, "text/plain; charset=utf-8")
            assert b"The terminal in which facsight runs says why" in body
            assert ask(viewer, "/watch/1", method="HEAD")[0] == 500
            assert ask(viewer, "/watch/0")[0] == 200  # made before
        finally:
            viewer.shutdown()
            thread.join()
    assert len(heard) == 2
    assert heard[0].startswith("the page of b")
    assert "cannot be made: " in heard[0]
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"layout": 3}', '{"reader": 1}', "\xff"])
def test_a_description_that_cannot_be_read(tmp_path, content):
    (tmp_path / "study.json").write_text(content, encoding="latin-1")
    with pytest.raises(MissingData, match=r"study\.json cannot be read: give the same"):
        Viewer(tmp_path, port=0)


def test_a_damaged_table_is_named(tmp_path):
    rows = made_rows("a.mp4", [n / 25 for n in range(30)], [range(30)])
    folder = saved_study(tmp_path, rows, [told(rows)])
    (folder / "readings" / "0.parquet").write_bytes(b"spoiled")
    with pytest.raises(MissingData, match=r"lacks 0\.parquet, or they are damaged"):
        Viewer(folder, port=0)
