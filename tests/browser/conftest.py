"""A real Chromium against the app as users start it; a complaint of either fails the test."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser import chromium

# Long enough for a busy machine: a test waits for a state, and only a failing one waits this long.
PATIENCE_S = 30


@pytest.fixture(scope="session", autouse=True)
def patience():
    """Let `expect` wait for a state as long as everything else here does."""
    expect.set_options(timeout=PATIENCE_S * 1000)


@pytest.fixture(scope="session")
def server_process(tmp_path_factory, repository):
    """`pdscope serve` on a free port, as a process with the attributes `port` and `log` (a path).

    It must live as long as the tests, and must not have written a traceback by then.
    """
    log = tmp_path_factory.mktemp("server") / "log.txt"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "app", "serve", "--port", str(port)],
            cwd=repository,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    process.port, process.log = port, log
    try:
        _wait_until_healthy(process)
        yield process
        died = process.poll() is not None
    finally:
        _stop(process)
    said = log.read_text(errors="replace")
    assert not died, f"the server died during the tests; it said:\n{said}"
    assert "Traceback" not in said, f"the server met an error of its own:\n{said}"


@pytest.fixture(scope="session")
def server(server_process) -> str:
    """Base URL of the running app."""
    return f"http://127.0.0.1:{server_process.port}"


@pytest.fixture(scope="session")
def base_url(server) -> str:
    """Where relative addresses lead, as in `page.goto("/")`."""
    return server


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    path = chromium.find()
    if path is None:
        reason = f"none of {', '.join(chromium.NAMES)} is installed, and CHROMIUM names none"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    return browser_type_launch_args | {"executable_path": path, "args": chromium.flags()}


@pytest.fixture
def complaints() -> list[str]:
    """What the pages of this test complained about, or asked of foreign hosts, so far.

    A test fails at its end if anything is left in here: one that provokes a complaint on purpose
    looks at it and takes it out.
    """
    return []


@pytest.fixture
def new_context(new_context, complaints, server):
    """As pytest-playwright's, on which `context` and `page` build, but every page is watched."""
    contexts = []

    def watched(**options):
        context = new_context(**options)
        _watch(context, complaints, urlsplit(server).netloc)
        contexts.append(context)
        return context

    yield watched
    for context in contexts:
        for page in context.pages:
            page.evaluate("0")  # Whatever the page said before it answers has been heard then.
    assert not complaints, "\n".join(complaints)


@pytest.fixture(scope="module")
def looked_at(browser, server):
    """A function of an address: its page, opened once for all tests of a file that only look at it.

    They may change its size, and nothing else. What it complained about fails the last of them.
    """
    complaints, pages = [], {}
    context = browser.new_context(base_url=server)
    _watch(context, complaints, urlsplit(server).netloc)

    def page_of(address):
        if address not in pages:
            pages[address] = context.new_page()
            pages[address].goto(address)
        page = pages[address]
        page.bring_to_front()
        page.set_viewport_size({"width": 1280, "height": 720})
        return page

    yield page_of
    for page in pages.values():
        page.evaluate("0")
    context.close()
    assert not complaints, "\n".join(complaints)


def _watch(context, complaints, host):
    def console(message):
        if message.type == "error":
            complaints.append(f"console: {message.text} ({message.location.get('url', '')})")

    def address(url):
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != host:
            complaints.append(f"request to a foreign host: {url}")

    context.on("console", console)
    context.on("weberror", lambda error: complaints.append(f"uncaught: {error.error}"))
    context.on("request", lambda request: address(request.url))
    context.on("page", lambda page: page.on("websocket", lambda socket: address(socket.url)))


def _wait_until_healthy(process):
    deadline = time.monotonic() + PATIENCE_S
    while True:
        assert process.poll() is None, f"the server did not start:\n{process.log.read_text()}"
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{process.port}/health", timeout=5):
                return
        except (urllib.error.URLError, OSError) as error:
            assert time.monotonic() < deadline, (
                f"not healthy after {PATIENCE_S} s ({error}):\n{process.log.read_text()}"
            )
            time.sleep(0.1)


def _stop(process):
    """Ask the server to end; end its whole process group if it does not."""
    process.terminate()
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
