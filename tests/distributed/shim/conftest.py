"""A script written on the spot, simulated."""

import textwrap

import pytest


@pytest.fixture
def simulated(tmp_path, capsys):
    """Simulate a script of this text; returns the lines that it printed, and the run."""
    shim = pytest.importorskip("simcore.distributed.shim")

    def simulate(text, ranks=None, *, preamble=True, **options):
        head = "import os\nimport torch\nimport torch.distributed as dist\n" if preamble else ""
        path = tmp_path / "script.py"
        path.write_text(head + textwrap.dedent(text), encoding="utf-8")
        run = shim.simulate_script(path, ranks, **options)
        return capsys.readouterr().out.splitlines(), run

    return simulate
