"""Every link of the documentation to a file or a heading of this repository leads there."""

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    document
    for document in (*REPOSITORY.glob("*.md"), *REPOSITORY.glob("*/**/*.md"))
    if not any(part.startswith(".") for part in document.relative_to(REPOSITORY).parts)
)
FENCED = re.compile(r"^ *```.*?^ *```[ \t]*$", re.M | re.S)
CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.M)
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:", re.I)


def links_of(text):
    """Targets of the links in a document, but for those to other places of the web."""
    prose = CODE.sub("", FENCED.sub("", text))
    return [target for target in LINK.findall(prose) if not ELSEWHERE.match(target)]


def anchors_of(text):
    """What the headings of a document are called in links."""
    headings = HEADING.findall(FENCED.sub("", text))
    words = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in words}


def broken(document):
    """The links of a document that lead nowhere, each with what is missing."""
    found = []
    for link in links_of(document.read_text(encoding="utf-8")):
        name, _, anchor = link.partition("#")
        target = (document.parent / name).resolve() if name else document
        if not target.exists():
            found.append(f"{link}: there is no {name}")
        elif anchor and anchor not in anchors_of(target.read_text(encoding="utf-8")):
            found.append(f"{link}: {target.name} has no such heading")
    return found


@pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda path: path.relative_to(REPOSITORY).as_posix()
)
def test_links_lead_somewhere(document):
    assert not broken(document)


def test_documents_with_links_are_found():
    assert {REPOSITORY / "README.md", REPOSITORY / "docs" / "model.md"} <= set(DOCUMENTS)


@pytest.fixture
def made_up(tmp_path):
    """A function: what is broken in a document that stands beside other.md."""
    (tmp_path / "other.md").write_text("# One, two: *three*\n\n```sh\n# no heading\n```\n")

    def look(text):
        document = tmp_path / "made_up.md"
        document.write_text(text)
        return broken(document)

    return look


@pytest.mark.parametrize(
    "text",
    [
        "[a](other.md)",
        "[a](other.md#one-two-three)",
        "# Here\n\n[a](#here)",
        "[a](https://example.org/other.md), [b](mailto:a@example.org)",
        "`[a](missing.md)`\n\n```\n[a](missing.md)\n```",
    ],
)
def test_a_good_link_is_left_alone(made_up, text):
    assert made_up(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "[a](missing.md)",
        "![a picture](missing.png)",
        "[two\nlines](missing.md)",
        "[a](other.md#no-heading)",
        "# Here\n\n[a](#there)",
    ],
)
def test_a_broken_link_is_found(made_up, text):
    assert len(made_up(text)) == 1
