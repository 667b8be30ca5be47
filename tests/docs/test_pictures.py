"""The pictures of the documentation show the pages as they are."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from benchmarks.residuals import PICTURES as DRAWN_FROM_MEASUREMENTS
from tests.browser import chromium

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = REPOSITORY / "docs" / "pictures"
ADVICE = "if the page is as it should be, run: make pictures"
MOST_BYTES = 150_000
SECONDS = 600
# The key of the words in a PNG, as docs/pictures/make.py writes them.
WORDS = "Description"
# Pictures are compared by the mean colours of squares so large that fonts and the softness of edges
# hardly change them: in a serif font no picture had changed in more than 0.8 % of them by more than
# this; without the bar above its chart, the Gantt page had in 22 %.
SQUARE_PX = 40
MOST_CHANGE = 12
MOST_CHANGED = 0.03


@pytest.fixture(scope="module")
def afresh(tmp_path_factory):
    """The folder with the pictures of the pages as they are now."""
    if chromium.find() is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("there is no Chromium")
    folder = tmp_path_factory.mktemp("pictures")
    done = subprocess.run(
        [sys.executable, FOLDER / "make.py", folder],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def names_in(folder):
    return sorted(path.name for path in folder.glob("*.png"))


def pages_in(folder):
    """Pictures of pages; those that a benchmark draws need measurements, which are not here."""
    measured = {f"{name}.png" for name in DRAWN_FROM_MEASUREMENTS}
    return [name for name in names_in(folder) if name not in measured]


def coarse(image):
    """Mean colours of the squares of an image, as an array (rows, columns, 3)."""
    size = (round(image.width / SQUARE_PX), round(image.height / SQUARE_PX))
    squares = image.convert("RGB").resize(size, Image.Resampling.BOX)
    return np.asarray(squares).astype(int)


def difference(before, now):
    """What has changed from one picture to the other, in words; "" if nothing has."""
    if any(abs(a - b) > SQUARE_PX / 2 for a, b in zip(before.size, now.size, strict=True)):
        return f"its size was {before.size} and is {now.size}"
    if before.info.get(WORDS) != now.info.get(WORDS):
        return f"it said:\n{before.info.get(WORDS)}\nand says:\n{now.info.get(WORDS)}"
    change = np.abs(coarse(before) - coarse(now.resize(before.size))).max(axis=2)
    share = (change > MOST_CHANGE).mean()
    return f"{share:.1%} of it looks different" if share > MOST_CHANGED else ""


def test_every_picture_is_made_and_none_else_is_kept(afresh):
    assert pages_in(FOLDER) == names_in(afresh), ADVICE


@pytest.mark.parametrize("name", DRAWN_FROM_MEASUREMENTS)
def test_every_picture_that_a_benchmark_draws_is_kept(name):
    assert f"{name}.png" in names_in(FOLDER), "run: python benchmarks/residuals.py --pictures"


@pytest.mark.parametrize("name", pages_in(FOLDER))
def test_a_picture_shows_the_page_as_it_is(afresh, name):
    with Image.open(FOLDER / name) as before, Image.open(afresh / name) as now:
        changed = difference(before, now)
    assert not changed, f"docs/pictures/{name} is out of date: {changed}\n{ADVICE}"


@pytest.mark.parametrize("name", names_in(FOLDER))
def test_a_picture_is_small_and_shown_somewhere(name):
    assert (FOLDER / name).stat().st_size < MOST_BYTES
    documents = [REPOSITORY / "README.md", *(REPOSITORY / "docs").glob("*.md")]
    assert any(f"pictures/{name})" in text.read_text(encoding="utf-8") for text in documents)


@pytest.fixture
def drawn():
    """A function: a made-up page, whose lower part may be moved by so many pixels."""

    def draw(moved=0, text="how it looks", blurred=False, without=None):
        image = Image.new("RGB", (800, 600), "white")
        pen = ImageDraw.Draw(image)
        for n in range(6):
            top = 20 + 90 * n + (moved if n else 0)
            if n != without:
                pen.rectangle((40, top, 700 - 60 * n, top + 40), fill="navy")
                pen.text((50, top + 60), text * 6, fill="black")
        if blurred:
            image = image.resize((799, 599), Image.Resampling.BICUBIC).resize((800, 600))
        image.info[WORDS] = text
        return image

    return draw


def test_antialiasing_and_a_pixel_are_no_change(drawn):
    assert difference(drawn(), drawn()) == ""
    assert difference(drawn(), drawn(blurred=True)) == ""
    assert difference(drawn(), drawn(moved=1)) == ""


@pytest.mark.parametrize(
    "change", [{"moved": 20}, {"without": 3}, {"text": "how it look"}], ids=lambda c: next(iter(c))
)
def test_another_layout_and_other_words_are_a_change(drawn, change):
    assert difference(drawn(), drawn(**change)) != ""


def test_another_size_is_a_change(drawn):
    assert "its size" in difference(drawn(), drawn().crop((0, 0, 800, 500)))
