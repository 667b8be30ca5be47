"""The harness itself: that it hears what goes wrong, and that the server is what users get."""

import sys
import time
from pathlib import Path

import pytest

from tests.browser.conftest import PATIENCE_S


def test_an_error_on_the_console_is_heard(page, complaints):
    page.evaluate("console.error('overboard')")
    page.evaluate("console.log('all is well')")
    assert [line for line in complaints if "overboard" in line] == complaints != []
    complaints.clear()


def test_an_uncaught_error_is_heard(page, complaints):
    page.evaluate("() => new Promise(done => setTimeout(() => { done(); throw Error('astray') }))")
    page.evaluate("0")
    assert any("astray" in line for line in complaints)
    complaints.clear()


def test_a_request_to_a_foreign_host_is_heard_and_leads_nowhere(page, complaints):
    reached = page.evaluate("fetch('http://www.example.com/').then(() => true, () => false)")
    assert not reached
    assert any("foreign host: http://www.example.com/" in line for line in complaints)
    complaints.clear()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads the process table of Linux")
def test_two_workers_serve(server_process):
    master = server_process.pid
    children = Path(f"/proc/{master}/task/{master}/children")
    # The first worker answers before the second is started.
    deadline = time.monotonic() + PATIENCE_S
    while len(children.read_text().split()) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert len(children.read_text().split()) == 2
