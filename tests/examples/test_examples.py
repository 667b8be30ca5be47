"""Every example prints what is kept beside it, and is as short as a first example should be."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.py"))
SPECIFICATION_S = ("compute_graph", "p2p_transfer", "pipeline", "shared_link")


@pytest.mark.parametrize("name", NAMES)
def test_an_example_prints_what_it_should(name, repository, tmp_path):
    done = subprocess.run(
        [sys.executable, EXAMPLES / f"{name}.py"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(repository)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.returncode == 0
    assert done.stdout == (EXAMPLES / "expected" / f"{name}.txt").read_text(encoding="utf-8")


def test_each_example_has_its_output_and_each_output_its_example():
    assert sorted(path.stem for path in (EXAMPLES / "expected").iterdir()) == NAMES
    assert set(SPECIFICATION_S) < set(NAMES)


@pytest.mark.parametrize("name", SPECIFICATION_S)
def test_the_specification_s_examples_need_nothing_but_the_package(name):
    text = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
    imports = [n for n in ast.walk(ast.parse(text)) if isinstance(n, (ast.Import, ast.ImportFrom))]
    assert [getattr(statement, "module", None) for statement in imports] == ["simcore"]
    assert len(text.splitlines()) < 40
