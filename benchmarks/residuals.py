"""Why goals are missed: `python benchmarks/residuals.py [../shared/data] [--out FILE.html]`.

For each split of `accuracy.py` whose goal is out of reach it draws the relative error of every row,
as predicted by constants that had not seen it, over the quantity that explains it, and says in
numbers what is seen. --out writes the figures as one HTML file that needs nothing else; --pictures
as the PNG files of docs/accuracy.md (needs a Chromium; CHROMIUM names it otherwise).
"""

import argparse
import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Error, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from app.figures.palette import SCHEMES  # noqa: E402 - the path is set above
from app.single_file import PLACE, blank_page, json_of  # noqa: E402
from benchmarks._misses import Miss, misses  # noqa: E402
from benchmarks._residual_figure import figure  # noqa: E402
from benchmarks.accuracy import DATA  # noqa: E402
from tests.browser import chromium  # noqa: E402

PICTURES = ("residuals-dense", "residuals-experts", "residuals-ttft", "residuals-tp")
"""Names of the misses, and of their pictures in docs/pictures."""

WIDTH_PX, HEIGHT_PX = 980, 440
STYLE = f"""main {{ max-width: {WIDTH_PX}px; margin: 0 auto; }}
main > div {{ height: {HEIGHT_PX}px; margin-bottom: 24px; }}"""
CONFIG = {"responsive": True, "displaylogo": False, "showSendToCloud": False}
COLOURS_KEPT = 64


def html_of(found: list[Miss]) -> str:
    """The figures of misses as one HTML file."""
    page = blank_page("What the cost models miss, and why", style=STYLE, config=CONFIG)
    figures = {scheme: [figure(miss, scheme) for miss in found] for scheme in SCHEMES}
    return page.replace(PLACE, json_of(figures), 1)


def save_pictures(found: list[Miss], folder: Path) -> list[Path]:
    """A PNG of each figure in `folder`.

    Raises
    ------
    RuntimeError
        Where there is no Chromium.
    """
    path = chromium.find()
    if path is None:
        raise RuntimeError("there is no Chromium: install one, or let CHROMIUM name one")
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        file = Path(place) / "residuals.html"
        file.write_text(html_of(found), encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=path, args=chromium.flags())
        page = browser.new_page(
            viewport={"width": WIDTH_PX, "height": HEIGHT_PX}, color_scheme="light"
        )
        page.goto(file.as_uri())
        drawn = page.locator("main > div")
        drawn.nth(len(found) - 1).locator("svg.main-svg").first.wait_for()
        saved = [
            _save(drawn.nth(number).screenshot(), folder / f"{miss.name}.png")
            for number, miss in enumerate(found)
        ]
        browser.close()
    return saved


def _save(seen, path):
    few = Image.open(io.BytesIO(seen)).convert("RGB").quantize(COLOURS_KEPT, dither=0)
    few.save(path, optimize=True)
    return path


def tell(miss: Miss) -> None:
    """Print what a figure shows."""
    goals = miss.goals_told or f"goal {100 * miss.goal:.0f} %"
    print(f"{miss.title}: {100 * miss.error:.1f} %, {goals}")
    print("| | | rows | mean error % | mean absolute error % |")
    print("|---|---|---|---|---|")
    for (panel, group), part in miss.points.groupby(["panel", "group"]):
        mean, absolute = part["error"].mean(), part["error"].abs().mean()
        cells = (panel, group, str(len(part)), f"{100 * mean:+.1f}", f"{100 * absolute:.1f}")
        print(f"| {' | '.join(cells)} |")
    print(*miss.facts, sep="\n", end="\n\n", flush=True)


def main() -> int:
    """Find the misses, say what they show, and write what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, nargs="?", default=DATA)
    parser.add_argument("--out", type=Path, help="an HTML file to write")
    parser.add_argument("--pictures", type=Path, help="a folder to write PNG files to")
    asked = parser.parse_args()
    if not asked.data.is_dir():
        print(f"{asked.data}: no such folder; give that of the tables of measurements")
        return 2
    found = []
    for miss in misses(asked.data):
        tell(miss)
        found.append(miss)
    if asked.out:
        asked.out.write_text(html_of(found), encoding="utf-8")
    if asked.pictures:
        try:
            for path in save_pictures(found, asked.pictures):
                print(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB")
        except (RuntimeError, Error) as error:
            print(error, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
