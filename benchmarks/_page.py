"""The app, served from this checkout, and its Gantt page in a real Chromium, to be measured."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import CDPSession, Page, sync_playwright

from tests.browser import chromium

ROOT = Path(__file__).resolve().parents[1]
STARTS_WITHIN_S = 60


@contextmanager
def served() -> Iterator[str]:
    """The address of the app on a free port; the server ends with it."""
    port = _free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "app", "serve", "--port", str(port)],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}/"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()


@contextmanager
def opened(url: str) -> Iterator[Page]:
    """The page at `url`, once its picture is at rest; the browser ends with it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=chromium.flags())
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(url)
        settle(page)
        yield page
        browser.close()


def settle(page: Page) -> None:
    """Wait until the Gantt is at rest, with its first picture or a later one."""
    page.wait_for_function(
        """() => { const { dataset } = document.getElementById("gantt6d-page") ?? {};
                   return dataset?.settled === "true" && Number(dataset.seq) > 0; }"""
    )


def main_thread_of(page: Page) -> CDPSession:
    """Counts what the page's main thread does, for `cpu_s`."""
    devtools = page.context.new_cdp_session(page)
    # Not wall time, which others on the machine would lengthen.
    devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
    return devtools


def cpu_s(main_thread: CDPSession) -> float:
    """CPU time that the main thread has spent on tasks so far [s]."""
    metrics = main_thread.send("Performance.getMetrics")["metrics"]
    return next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(port):
    deadline = time.monotonic() + STARTS_WITHIN_S
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
