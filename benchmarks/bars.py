"""What drawing bars on a canvas saves: against the same bars as Plotly's, side by side.

    python benchmarks/bars.py

Serves the app, opens its default scenario in a real Chromium, and redraws it by turns as the page
does (bars on a canvas, axes by Plotly) and as a Plotly figure of the same bars. Prints main-thread
CPU of each redraw until it has reached the screen [ms], and their ratio. Needs playwright and a
Chromium (CHROMIUM names it otherwise).
"""

import argparse
import json
import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks._page import cpu_s, main_thread_of, opened, served  # noqa: E402 - see above

PREPARE = """
async () => {
  const { gantt6d: page } = window.pdscope;
  const answer = await fetch("/gantt6d/file", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ values: page.good, file: "chart-figures", window: null }),
  });
  const { data, layout } = (await answer.json()).light;
  const place = document.createElement("div");
  const { width, height } = page.byId("stage").getBoundingClientRect();
  Object.assign(place.style, { position: "fixed", inset: "0 auto auto 0", zIndex: 99 });
  document.body.append(place);
  // Like the page's own chart: no title, no legend.
  Object.assign(layout, { width, height, showlegend: false, title: undefined });
  const config = { displayModeBar: false, showSendToCloud: false };
  const shown = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
  window.redraw = {
    async canvas(n) {
      place.style.display = "none";
      page.tell("answer", { ...page.shown, end_s: page.shown.end_s * (1 + n / 1e4) });
      await shown();
    },
    async svg(n) {
      place.style.display = "block";
      const [low, high] = layout.xaxis.range;
      const xaxis = { ...layout.xaxis, range: [low, high * (1 + n / 1e4)] };
      window.Plotly.react(place, data, { ...layout, xaxis }, config);
      await shown();
    },
  };
  return data.reduce((sum, trace) => sum + atob(trace.base.bdata).length / 8, 0);
}
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--redraws", type=int, default=40, help="of each way")
    arguments = parser.parse_args()
    with served() as url:
        figures = measure(url, arguments.redraws)
    print(json.dumps(figures, indent=2))


def measure(url, redraws) -> dict:
    """Median CPU of a redraw each way [ms]."""
    with opened(url) as page:
        bars = page.evaluate(PREPARE)
        main_thread = main_thread_of(page)
        spent = {"canvas": [], "svg": []}
        for n in range(redraws):
            for way, times in spent.items():
                before = cpu_s(main_thread)
                page.evaluate("([way, n]) => window.redraw[way](n)", [way, n])
                times.append(1e3 * (cpu_s(main_thread) - before))
    canvas, svg = (round(statistics.median(spent[way]), 1) for way in ("canvas", "svg"))
    return {"bars": bars, "canvas_ms": canvas, "svg_ms": svg, "ratio": round(svg / canvas, 1)}


if __name__ == "__main__":
    main()
