"""`pdscope serve`: on this machine, with a warning elsewhere, and a line when it cannot."""

import socket
import subprocess
import sys

import pytest

from app.__main__ import main
from app.server import serve as serving
from simcore import PdscopeError


@pytest.fixture
def started(monkeypatch):
    """The settings and hosts that gunicorn would have been started with."""
    calls = []

    class Recorder:
        def __init__(self, settings, hosts):
            calls.append((settings, hosts))

        def run(self):
            pass

    monkeypatch.setattr(serving, "_Server", Recorder)
    return calls


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_it_listens_on_this_machine_with_two_workers(started, capsys):
    port = free_port()
    assert main(["serve", "--port", str(port)]) == 0
    [(settings, hosts)] = started
    assert settings["bind"] == f"127.0.0.1:{port}"
    assert settings["workers"] == 2
    assert hosts == ["127.0.0.1"]
    assert "warning" not in capsys.readouterr().err
    settings["when_ready"](None)
    assert f"http://127.0.0.1:{port}/" in capsys.readouterr().out


def test_elsewhere_it_warns(started, capsys):
    assert main(["serve", "--host", "0.0.0.0", "--port", str(free_port())]) == 0
    assert started[0][0]["bind"].startswith("0.0.0.0:")
    assert "warning: listening on 0.0.0.0" in capsys.readouterr().err


def test_a_port_that_is_taken_is_one_line(started, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["serve", "--port", str(port)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"port {port}" in said and "--port" in said
    assert started == []


@pytest.mark.parametrize(
    "words",
    [["--port", "0"], ["--port", "65536"], ["--workers", "0"], ["--host", "no.such.invalid"],
     ["--host", "\udcff"]],
)  # fmt: skip
def test_what_cannot_be_served_is_one_line(started, capsys, words):
    assert main(["serve", *words]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert started == []


def test_a_bad_port_says_which_are_good():
    with pytest.raises(PdscopeError, match="1 to 65535"):
        serving.serve(port=-1)


def test_the_other_commands_do_not_wait_for_dash():
    code = (
        "import sys; from app.__main__ import main; assert main(['list', 'gpus']) == 0; "
        "assert not {'dash', 'plotly', 'flask', 'gunicorn'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
