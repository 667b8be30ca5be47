"""The server as users start it, against clients that no browser is: slow, oversized, malformed."""

import contextlib
import http.client
import json
import re
import socket
import time

import pytest

from app.server.serve import THREADS
from app.server.worker import READ_S
from tests.served import PATIENCE_S, Served

PICTURE = "/gantt6d/picture"
BODY = json.dumps(
    {"seq": 1, "values": {}, "window": None, "pixels": 900, "coarse": True, "scheme": "light"}
)
WORKERS = 2


@pytest.fixture(scope="module")
def port(tmp_path_factory, repository):
    """Of a server that must live, and have met no error of its own, at the end."""
    server = Served(repository, tmp_path_factory.mktemp("server") / "log.txt", workers=WORKERS)
    server.start()
    try:
        yield server.port
        died = server.process.poll() is not None
    finally:
        server.kill()
    assert not died, server.said()
    assert "Traceback" not in server.said(), server.said()


def ask(port, method, path, body=None, headers=(), encode_chunked=False):
    """The response, read; `body` may be an iterable, which is sent in chunks."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    with contextlib.closing(connection):
        connection.request(
            method, path, body, dict(headers), encode_chunked=encode_chunked
        )  # fmt: skip
        response = connection.getresponse()
        response.text = response.read().decode("utf-8", "replace")
        return response


def send(port, data):
    """What comes back for raw bytes, until the server closes or falls silent."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as connection:
        # It may close before it has been told all.
        with contextlib.suppress(OSError):
            connection.sendall(data)
        received = b""
        with contextlib.suppress(OSError):
            while part := connection.recv(65_536):
                received += part
                if b"\r\n\r\n" in received:
                    break
        return received


def picture(port):
    return ask(port, "POST", PICTURE, BODY, {"Content-Type": "application/json"})


JSON_IN_CHUNKS = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}


def test_a_body_in_chunks_is_a_body(port):
    halves = [BODY[:20].encode(), BODY[20:].encode()]
    answer = ask(port, "POST", PICTURE, halves, JSON_IN_CHUNKS, encode_chunked=True)
    assert answer.status == 200
    assert json.loads(answer.text)["seq"] == 1


def test_a_large_body_that_does_not_say_its_length_is_refused(port):
    parts = [b" " * 40_000, b" " * 40_000, BODY.encode()]
    answer = ask(port, "POST", PICTURE, parts, JSON_IN_CHUNKS, encode_chunked=True)
    assert answer.status == 413


def test_a_huge_length_is_refused_before_anything_is_sent(port):
    head = f"POST {PICTURE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    answer = send(port, f"{head}Content-Length: {10**12}\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "data",
    [
        b"\x00" * 100 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: y\r\n" % i for i in range(5_000)) + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
        b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"GET /assets/../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /assets/%2e%2e%2f%2e%2e%2fetc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET //etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /assets/style.css\x00.js HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
    ids=lambda data: repr(data[:24]),
)
def test_what_is_no_request_for_us_is_refused(port, data):
    answer = send(port, data)
    assert re.match(rb"HTTP/1.1 (4\d\d|505) ", answer), answer[:200]
    assert b"root:" not in answer and b"Traceback" not in answer


def test_slow_clients_do_not_keep_others_from_being_answered(port):
    """As many as there are threads, in the head or in the body, and as many that say nothing."""
    starts = [
        b"GET / HTTP/1.1\r\nHost: loc",
        f"POST {PICTURE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(BODY)}\r\n\r\n{{".encode(),
        b"",
        b"",
    ]
    with contextlib.ExitStack() as stack:
        slow = []
        for i in range(2 * THREADS * WORKERS):
            connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
            stack.enter_context(contextlib.closing(connection))
            connection.sendall(starts[i % len(starts)])
            slow.append(connection)
        begun = time.monotonic()
        assert picture(port).status == 200
        # Those that hold a thread are let go in turns.
        assert time.monotonic() - begun < PATIENCE_S
        for connection in (slow[0], slow[1]):
            with contextlib.suppress(ConnectionError):
                while connection.recv(4096):
                    pass
    assert picture(port).status == 200


def test_a_body_that_comes_in_drops_is_not_waited_for(port):
    head = (
        f"POST {PICTURE} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: 60000\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=0.25) as connection:
        connection.sendall(head.encode())
        begun = time.monotonic()
        with contextlib.suppress(ConnectionError):
            while time.monotonic() - begun < PATIENCE_S:
                connection.sendall(b" ")
                try:
                    connection.recv(4096)
                    break
                except TimeoutError:
                    continue
        assert READ_S <= time.monotonic() - begun < PATIENCE_S
