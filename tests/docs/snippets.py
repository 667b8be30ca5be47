"""The examples of a Markdown document, each of which can be run.

- A ```python block is run as a program of its own. Where a ```text block follows it, that is what
  it prints.
- In a ```console or ```sh block, every line "$ pdscope …" is run, and the lines up to the next "$"
  are what it prints. `serve`, which never ends, is left out, and so is every other program. A
  command ends with status 0, unless "$ echo $?" follows and says otherwise.

What is shown may leave things out with "..."; runs of blanks count as one.
"""

import doctest
import os
import re
import shlex
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>[\w-]*)[^\n`]*\n(?P<body>.*?)^ *```[ \t]*$", re.M | re.S
)
PROMPT = re.compile(r"^\$ (?P<command>(?:.*\\\n)*.*)\n?(?P<output>(?:(?!\$ ).*\n?)*)", re.M)
SESSIONS = ("console", "sh", "bash", "shell")
INSTALLED = Path(sys.executable).parent
PROGRAM = f"{shlex.quote(sys.executable)} snippet.py"
SECONDS = 120
NEEDS_TORCH = re.compile(
    r"\bdeploy\(|--deploy\b|\bimport torch\b|values=True|pdscope lab (profile|compare)\b"
    r"|\bdata_parallel\.py"
)


@dataclass(frozen=True)
class Step:
    """One command line, and what the document says it prints (None: nothing is said)."""

    command: str
    output: str | None
    status: int = 0


@dataclass(frozen=True)
class Snippet:
    """One block: a Python program, or a session of commands."""

    where: str
    program: str | None
    steps: tuple[Step, ...]


def snippets_of(document: Path, name: str) -> list[Snippet]:
    """Every example of `document` that can be run; `name` is what to call it in messages."""
    text = document.read_text(encoding="utf-8")
    blocks = list(FENCE.finditer(text))
    found = []
    for block, after in zip_longest(blocks, blocks[1:]):
        where = f"{name}:{text.count(chr(10), 0, block.start()) + 1}"
        body = textwrap.dedent(block["body"])
        if block["language"] == "python":
            shown = after and after["language"] == "text" and _adjacent(text, block, after)
            output = textwrap.dedent(after["body"]) if shown else None
            found.append(Snippet(where, body, (Step(PROGRAM, output),)))
        elif block["language"] in SESSIONS and (steps := _steps(body, where)):
            found.append(Snippet(where, None, steps))
    return found


def needs_torch(snippet: Snippet) -> bool:
    """Whether it runs real processes, or computes with tensors."""
    texts = [snippet.program or "", *(step.command for step in snippet.steps)]
    return any(NEEDS_TORCH.search(text) for text in texts)


def run(snippet: Snippet, folder: Path, repository: Path, programs: Path = INSTALLED):
    """Run `snippet` in `folder`, beside the repository's examples; assert what it shows.

    `programs` is the folder where `pdscope` is.
    """
    (folder / "examples").symlink_to(repository / "examples")
    if snippet.program is not None:
        (folder / "snippet.py").write_text(snippet.program, encoding="utf-8")
    search = os.pathsep.join([str(programs), os.environ["PATH"]])
    for step in snippet.steps:
        done = subprocess.run(
            step.command,
            shell=True,
            cwd=folder,
            env=os.environ | {"PATH": search, "COLUMNS": "100"},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        story = f"{snippet.where}: $ {step.command}\n{done.stdout}{done.stderr}"
        assert done.returncode == step.status, (
            f"status {done.returncode}, not {step.status}\n{story}"
        )
        if step.output is not None:
            # A command that succeeds may show its progress beside its output.
            printed = done.stdout if step.status == 0 else done.stdout + done.stderr
            assert _agrees(step.output, printed), f"the document shows:\n{step.output}\nbut {story}"


def _adjacent(text, block, after):
    return not text[block.end() : after.start()].strip()


def _steps(body, where):
    prompts = list(PROMPT.finditer(body))
    if not prompts and re.search(r"^pdscope ", body, re.M):
        raise AssertionError(f'{where}: begin the line with "$ pdscope", or nobody tries it')
    steps = []
    for prompt, after in zip_longest(prompts, prompts[1:]):
        command = prompt["command"].replace("\\\n", " ")
        words = command.split()
        if words[0] != "pdscope" or words[1:2] == ["serve"]:
            continue
        says_status = after is not None and after["command"].strip() == "echo $?"
        status = int(after["output"]) if says_status else 0
        steps.append(Step(command, prompt["output"].strip() or None, status))
    return tuple(steps)


def _agrees(shown, printed):
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    return doctest.OutputChecker().check_output(f"{shown.strip()}\n", f"{printed.strip()}\n", flags)
