"""Every example of the documentation does what the documentation says."""

from pathlib import Path

import pytest

from tests.docs.snippets import needs_torch, run, snippets_of

REPOSITORY = Path(__file__).resolve().parents[2]
DOCUMENTS = [
    path for path in (REPOSITORY / "README.md", *REPOSITORY.glob("docs/**/*.md")) if path.exists()
]
SNIPPETS = [
    snippet
    for document in sorted(DOCUMENTS)
    for snippet in snippets_of(document, document.relative_to(REPOSITORY).as_posix())
]


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda snippet: snippet.where)
def test_the_documentation_shows_what_happens(snippet, tmp_path, repository):
    if needs_torch(snippet):
        pytest.importorskip("torch", reason="real processes need torch")
    run(snippet, tmp_path, repository)


def test_only_what_deploys_needs_torch():
    """And whatever imports torch itself."""
    needing = {snippet.where.partition(":")[0] for snippet in SNIPPETS if needs_torch(snippet)}
    assert "README.md" not in needing
    assert "docs/howto-distributed.md" in needing


def test_the_readme_has_examples():
    with_examples = {snippet.where.partition(":")[0] for snippet in SNIPPETS}
    assert ("README.md" in with_examples) == (REPOSITORY / "README.md").exists()


MADE_UP = """
Some text with `code`.

```python
import math
print("one", 2)
```

```text
one 2
```

- In a list:
  ```python
  print("not compared")
  ```

```toml
name = "nothing to run"
```

```console
$ make run
$ pdscope serve --port 80
$ pdscope made up \\
    --words
one ...
three
$ pdscope refuse
no such thing
$ echo $?
2
```
"""
STAND_IN = """#!/bin/sh
echo "$@" >> calls
case $1 in
made) printf 'one  two\\nthree\\n' ;;
*) echo 'no such thing' >&2; exit 2 ;;
esac
"""


@pytest.fixture
def made_up(tmp_path):
    """A function: run what a made-up document shows, where `pdscope` is a stand-in."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "pdscope").write_text(STAND_IN)
    (programs / "pdscope").chmod(0o755)

    def try_out(text):
        document = tmp_path / "made_up.md"
        document.write_text(text)
        snippets = snippets_of(document, "made_up.md")
        for number, snippet in enumerate(snippets):
            folder = tmp_path / str(number)
            folder.mkdir()
            run(snippet, folder, REPOSITORY, programs)
        return snippets

    return try_out


def test_a_made_up_document_is_found_and_run_whole(made_up, tmp_path):
    snippets = made_up(MADE_UP)
    assert [snippet.where for snippet in snippets] == [
        "made_up.md:4",
        "made_up.md:14",
        "made_up.md:22",
    ]
    assert (tmp_path / "2" / "calls").read_text() == "made up --words\nrefuse\n"


@pytest.mark.parametrize(
    ("shown", "instead"),
    [
        ("one 2\n```\n\n-", "one 3\n```\n\n-"),
        ('print("not', 'raise SystemExit(1)  # ("not'),
        ("import math", "import nothing_of_that_name"),
        ("three", "four"),
        ("$ pdscope refuse", "$ pdscope made"),
        ("$ echo $?\n2", ""),
        ("no such thing", "another thing"),
    ],
)
def test_a_document_that_is_wrong_fails(made_up, shown, instead):
    assert MADE_UP.count(shown) == 1
    with pytest.raises(AssertionError, match=r"made_up\.md:\d+"):
        made_up(MADE_UP.replace(shown, instead))


def test_a_command_without_its_prompt_is_pointed_out(made_up):
    with pytest.raises(AssertionError, match="begin the line with"):
        made_up("```sh\npdscope run\n```\n")
