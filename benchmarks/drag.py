"""How soon a dragged slider is painted, at the default scenario, in a real Chromium.

    python benchmarks/drag.py

Serves the app, drags M's slider to and fro at one step every 50 ms, and prints p50 and p95 of the
time from a change of the slider to the frame that shows its result, main-thread CPU per update, and
the most requests ever in flight. Needs playwright and a Chromium (CHROMIUM names it otherwise).
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser import chromium  # noqa: E402 - the path is set above

# Notes, in the page, when requests start and end, and when a picture asked for has been painted.
PROBE = """
() => {
  const probe = (window.probe = { moves: [], asked: [], painted: [], flying: 0, most: 0 });
  const fetch = window.fetch;
  window.fetch = async (...args) => {
    if (!String(args[0]).endsWith("/picture")) return fetch(...args);
    const asked = JSON.parse(args[1].body);
    probe.asked.push({ t: performance.now(), seq: asked.seq, coarse: asked.coarse,
                       m: asked.values.chunk_tokens });
    probe.flying += 1;
    probe.most = Math.max(probe.most, probe.flying);
    try { return await fetch(...args); } finally { probe.flying -= 1; }
  };
  const page = document.getElementById("gantt6d-page");
  new MutationObserver(() => {
    const seq = Number(page.dataset.seq);
    // A task queued from a frame's callback runs once this drawing has reached the screen.
    requestAnimationFrame(() => setTimeout(() => probe.painted.push({ t: performance.now(), seq }), 0));
  }).observe(page, { attributes: true, attributeFilter: ["data-seq"] });
  const thumb = document.querySelector("#gantt6d-chunk_tokens-slider [role=slider]");
  new MutationObserver(() => probe.moves.push(
    { t: performance.now(), m: Number(thumb.getAttribute("aria-valuenow")) }
  )).observe(thumb, { attributes: true, attributeFilter: ["aria-valuenow"] });
}
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=120, help="slider steps")
    parser.add_argument("--pause-ms", type=float, default=50.0, help="between two steps")
    parser.add_argument("--query", default="", help='a scenario, as "pp=16&chunk_tokens=64"')
    arguments = parser.parse_args()
    port = _free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "app", "serve", "--port", str(port)],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        _wait_for(port)
        figures = measure(f"http://127.0.0.1:{port}/?{arguments.query}", arguments)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()
    print(json.dumps(figures, indent=2))


def measure(url, arguments) -> dict:
    """The figures of one drag."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=chromium.flags())
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(url)
        page.locator("#gantt6d-page[data-settled=true]").wait_for()
        page.evaluate(PROBE)
        devtools = page.context.new_cdp_session(page)
        # CPU time of the main thread, not wall time, which others on the machine would lengthen.
        devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
        before = _metrics(devtools)
        _drag(page, arguments)
        after = _metrics(devtools)
        page.locator("#gantt6d-page[data-settled=true]").wait_for()
        probe = page.evaluate("window.probe")
        browser.close()
    return summarise(probe, after["TaskDuration"] - before["TaskDuration"])


def _drag(page, arguments):
    """Drag M to and fro, with the mouse, over the first half of its slider."""
    box = page.locator("#gantt6d-chunk_tokens-slider").bounding_box()
    thumb = page.locator("#gantt6d-chunk_tokens-slider [role=slider]").bounding_box()
    y = thumb["y"] + thumb["height"] / 2
    x = thumb["x"] + thumb["width"] / 2
    step = box["width"] / 63
    page.mouse.move(x, y)
    page.mouse.down()
    place, way = 0, 1
    for _ in range(arguments.steps):
        place += way
        if place in (0, 12):
            way = -way
        page.mouse.move(x + place * step, y)
        page.wait_for_timeout(arguments.pause_ms)
    page.mouse.up()


def summarise(probe, cpu_s) -> dict:
    """Times in ms: each move to the first later frame that shows its value or a newer one."""
    asked = {request["seq"]: request for request in probe["asked"]}
    paints = [(paint["t"], asked[paint["seq"]]) for paint in probe["painted"]
              if paint["seq"] in asked]  # fmt: skip
    waits = []
    for move in probe["moves"]:
        # A request that left after the move carries its value or a newer one.
        done = [t for t, request in paints if request["t"] >= move["t"]]
        if done:
            waits.append(min(done) - move["t"])
    waits.sort()
    return {
        "moves": len(probe["moves"]),
        "requests": len(probe["asked"]),
        "paints": len(paints),
        "slider_to_paint_p50_ms": round(waits[len(waits) // 2], 1),
        "slider_to_paint_p95_ms": round(waits[int(len(waits) * 0.95)], 1),
        "main_thread_cpu_ms_per_update": round(1e3 * cpu_s / len(paints), 1),
        "most_requests_in_flight": probe["most"],
    }


def _metrics(devtools):
    return {m["name"]: m["value"] for m in devtools.send("Performance.getMetrics")["metrics"]}


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(port):
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


if __name__ == "__main__":
    main()
