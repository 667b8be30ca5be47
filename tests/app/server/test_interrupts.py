"""Ctrl+C ends a command quietly, also while it still imports."""

import subprocess
import sys

import pytest

# Interrupted when the module of the first argument is about to be imported.
CODE = """
import sys

class Interrupter:
    def find_spec(self, name, *_):
        if name == sys.argv[1]:
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupter())
from app.__main__ import main
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize(
    "module, words",
    [("simcore", ["run"]), ("numpy", ["run"]), ("simcore.run", ["list", "gpus"]),
     ("dash", ["serve", "--port", "1"]), ("gunicorn", ["serve", "--port", "1"])],
)  # fmt: skip
def test_an_interrupt_during_imports_leaves_no_traceback(module, words):
    done = subprocess.run(
        [sys.executable, "-c", CODE, module, *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 130
    assert "Traceback" not in done.stderr
