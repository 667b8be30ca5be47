"""Makes the pictures of the documentation from the pages as they are now.

    python docs/pictures/make.py [FOLDER]        (make pictures)

Serves the app, drives Chromium over its pages at a fixed size and writes one PNG for each of
`PICTURES` beside this file, or into FOLDER. What a picture's page says in words goes into the file,
too, so that a test can tell what has changed since. Needs what the tests need.
"""

import argparse
import io
import re
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, PngImagePlugin
from playwright.sync_api import Error, Page, expect, sync_playwright

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))

from app.share import query_of  # noqa: E402 - the path is set above
from simcore import Scenario  # noqa: E402
from tests.browser import chromium  # noqa: E402
from tests.served import Served  # noqa: E402

WIDTH_PX = 1280
PATIENCE_MS = 60_000
# Of a server that was too busy.
MOST_TRIES = 4
# The key of a PNG's words.
WORDS = "Description"
# Whoever looks at a picture is no first visitor; nothing is to be caught while it moves.
BEFORE = """
localStorage.setItem("pdscope-hint-seen", "yes");
"""
STILL = "*, *::before, *::after { transition: none !important; animation: none !important; }"
# Those that are seen, but not in charts: how many numbers stand at an axis, the font decides.
WORDS_IN = """([left, top, right, bottom]) => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  const words = [];
  while (walker.nextNode()) {
    const { currentNode: node } = walker;
    if (node.parentElement.closest("svg, script, style") || !node.textContent.trim()) continue;
    range.selectNode(node);
    const box = range.getBoundingClientRect();
    const seen = box.left >= left && box.right <= right && box.top >= top && box.bottom <= bottom;
    if (seen && box.width > 1 && node.parentElement.checkVisibility({ visibilityProperty: true }))
      words.push(node.textContent);
  }
  return words.join(" ");
}"""
# What the Gantt page says of a step that it had no time for.
GIVEN_UP = "not tried"
PAINTED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


class Unfinished(RuntimeError):
    """The server was too busy to find all that a picture is to show, and has given up."""


def gantt_is_settled(page: Page) -> None:
    """Wait until the Gantt page shows all that it will ever know of its scenario."""
    expect(page.locator("#gantt6d-page")).to_have_attribute("data-settled", "true")
    expect(page.locator("#gantt6d-steps")).to_have_attribute("data-complete", "true")
    pinned = page.locator("#gantt6d-pins .pin").count()
    expect(page.locator("#gantt6d-baseline")).to_be_visible(visible=pinned > 0)


def sweep_is_done(page: Page) -> None:
    """Wait until every cell of a sweep is drawn."""
    expect(page.get_by_role("status")).to_contain_text("Best")
    expect(page.get_by_role("button", name="Cancel")).to_be_disabled()


def fabric_is_known(page: Page) -> None:
    """Wait until the Fabric page shows all that it will ever know of its scenario."""
    expect(page.locator("#fabric-contended")).to_have_attribute("data-complete", "yes")


def serving_is_explained(page: Page) -> None:
    """Wait until the Serving page shows a run in full."""
    page.locator('#serving-page[data-coarse="false"]').wait_for()
    page.locator("#serving-waterfall .bars .point").first.wait_for(state="attached")


def lab_is_swept(page: Page) -> None:
    """Wait until the Lab page shows a run, and its surface for every network."""
    page.locator('#lab-page[data-coarse="false"]').wait_for()
    expect(page.locator("#lab-surface-picture")).to_have_attribute("data-complete", "yes")


@dataclass(frozen=True)
class Picture:
    """One picture, and how to come by it.

    Attributes
    ----------
    address : of the page, behind the server's
    height : of the window [px]
    ready : waits until there is nothing more to come
    parts : selectors of what is cut out of the page; none: all of the window
    says : words that are in it once all is known
    """

    address: str
    height: int
    ready: Callable[[Page], None]
    parts: tuple[str, ...] = ()
    says: str = ""


HEADER, SAID, PANEL, STEPS = (
    "header",
    "#gantt6d-explain",
    "#gantt6d-page .panel",
    "#gantt6d-steps",
)
ONE_NIC = Scenario(
    llm="LLaMA-3.1-8B",
    prefill_gpu="NVIDIA B200",
    pp=32,
    prompt_tokens=16384,
    chunk_tokens=512,
)
TWO_NICS = ONE_NIC.replace(prefill_nics=2)
RAILS = Scenario(
    decode_gpu="NVIDIA H200",
    topology="hgx-rail",
    pp=4,
    tp=8,
    prefill_nics=2,
    batch_size=8,
    prompt_tokens=16384,
    chunk_tokens=1024,
)
PICTURES = {
    "gantt6d": Picture("/", 860, gantt_is_settled, (HEADER, PANEL), says="would save"),
    "chunk": Picture("/", 900, gantt_is_settled, (SAID, PANEL), says="would save"),
    "steps": Picture(f"/?{query_of(ONE_NIC)}", 900, gantt_is_settled, (STEPS,), says="Ethernet"),
    "mt-sweep": Picture("/mt-sweep?v=2&ms=128:1024:32", 880, sweep_is_done),
    "nic": Picture(
        f"/?{query_of(TWO_NICS, pins=[ONE_NIC])}",
        960,
        gantt_is_settled,
        (HEADER, PANEL),
        says="would save",
    ),
    "fabric": Picture(
        f"/fabric?{query_of(RAILS)}",
        900,
        fabric_is_known,
        ("#fabric-said", "#fabric-page .panel"),
        says="longer than alone",
    ),
    "serving": Picture(
        "/serving",
        900,
        serving_is_explained,
        ("#serving-page .cards", "#serving-timelines-picture", "#serving-waterfall-picture"),
        says="TTFT explained",
    ),
    "lab": Picture(
        "/lab?lab.layers=6",
        900,
        lab_is_swept,
        ("#lab-page .cards", "#lab-page .lab-pair"),
        says="Both algorithms",
    ),
    "lab-surface": Picture(
        "/lab?lab.layers=6",
        900,
        lab_is_swept,
        ("#lab-page .lab-pair:last-child",),
        says="star networks",
    ),
    "gpus": Picture("/gpu-matrix?v=2&m=256&metric=ttft", 680, sweep_is_done),
}


def make(folder: Path) -> list[Path]:
    """Make every picture in `folder`.

    Returns
    -------
    The files.

    Raises
    ------
    RuntimeError
        Where there is no Chromium, or a page complained.
    """
    path = chromium.find()
    if path is None:
        raise RuntimeError("there is no Chromium: install one, or let CHROMIUM name one")
    with tempfile.TemporaryDirectory() as logs, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=chromium.flags())
        context = browser.new_context(
            device_scale_factor=1, color_scheme="light", reduced_motion="reduce"
        )
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(BEFORE)
        served = Served(ROOT, Path(logs) / "server.txt")
        served.start()
        try:
            return [
                _save(*_seen(context, served, picture), folder / f"{name}.png")
                for name, picture in PICTURES.items()
            ]
        finally:
            served.kill()


def _seen(context, served, picture):
    """As `_look`; a server that has given up is started anew, and has forgotten that."""
    for _ in range(MOST_TRIES - 1):
        try:
            return _look(context, served.port, picture)
        except Unfinished:
            served.kill()
            served.start()
    return _look(context, served.port, picture)


def _look(context, port, picture):
    """What is seen of `picture`, as PNG, and what it says."""
    page = context.new_page()
    page.set_viewport_size({"width": WIDTH_PX, "height": picture.height})
    complaints = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"http://127.0.0.1:{port}{picture.address}")
    try:
        picture.ready(page)
    except AssertionError as error:
        raise RuntimeError(f"{picture.address} never came to rest: {error}") from error
    page.add_style_tag(content=STILL)
    page.wait_for_load_state("networkidle")
    page.evaluate(PAINTED)
    if picture.parts:
        seen = _around([page.locator(part).first.bounding_box() for part in picture.parts])
        image = page.screenshot(clip=seen, full_page=True)
    else:
        seen = {"x": 0, "y": 0, "width": WIDTH_PX, "height": picture.height}
        image = page.screenshot()
    edges = (seen["x"], seen["y"], seen["x"] + seen["width"], seen["y"] + seen["height"])
    words = re.sub(r"\s+", " ", page.evaluate(WORDS_IN, edges)).strip()
    page.close()
    if complaints:
        raise RuntimeError(f"{picture.address} complained: {'; '.join(complaints)}")
    if GIVEN_UP in words or picture.says not in words:
        raise Unfinished(f"{picture.address} did not show all in time: is this machine busy?")
    return image, words


def _around(boxes):
    """The smallest rectangle around rectangles, in whole pixels."""
    left, top = (int(min(box[side] for box in boxes)) for side in ("x", "y"))
    right = max(box["x"] + box["width"] for box in boxes)
    bottom = max(box["y"] + box["height"] for box in boxes)
    return {"x": left, "y": top, "width": round(right - left), "height": round(bottom - top)}


def _save(seen, words, path):
    """Write a screenshot in 256 colours: a third of the size, and the same to the eye."""
    image = Image.open(io.BytesIO(seen)).convert("RGB")
    # Of the methods, the one that keeps rare colours.
    few = image.quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE, kmeans=1)
    about = PngImagePlugin.PngInfo()
    about.add_itxt(WORDS, words)
    few.save(path, optimize=True, pnginfo=about)
    return path


def main() -> int:
    """Make the pictures and say which."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=HERE)
    folder = parser.parse_args().folder
    expect.set_options(timeout=PATIENCE_MS)
    try:
        for path in make(folder):
            print(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB")
    except (RuntimeError, Error) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
