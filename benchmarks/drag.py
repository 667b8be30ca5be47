"""How soon a drag is painted, in a real Chromium: at the default scenario and at 80,990 events.

    python benchmarks/drag.py

Serves the app and prints, for each of

- default: M's slider dragged to and fro, a step every 50 ms;
- large: the same for N, where every step simulates 80,990 events;
- large, simulated: the end of the time range dragged, so that nothing is simulated anew;

p50 and p95 of the time from a change of the slider to the frame that shows its result, of the
server's share of it and of the payload, main-thread CPU per update, and the most requests ever in
flight; for the large one also how soon a zoom is refined. Needs playwright and a Chromium (CHROMIUM
names it otherwise).
"""

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks._page import cpu_s, main_thread_of, opened, served, settle  # noqa: E402 - see above

# Notes, in the page, when requests start and end, and when a picture asked for has been painted.
PROBE = """
(name) => {
  const probe = (window.probe = {
    moves: [], asked: [], painted: [], served: [], bytes: [], flying: 0, most: 0,
  });
  const fetch = window.fetch;
  window.fetch = async (...args) => {
    if (!String(args[0]).endsWith("/picture")) return fetch(...args);
    const asked = JSON.parse(args[1].body);
    probe.asked.push({ t: performance.now(), seq: asked.seq, coarse: asked.coarse });
    probe.flying += 1;
    probe.most = Math.max(probe.most, probe.flying);
    try {
      const response = await fetch(...args);
      probe.served.push(Number(response.headers.get("Server-Timing").split("dur=")[1]));
      probe.bytes.push((await response.clone().arrayBuffer()).byteLength);
      return response;
    } finally { probe.flying -= 1; }
  };
  const page = document.getElementById("gantt6d-page");
  new MutationObserver(() => {
    const seq = Number(page.dataset.seq);
    // A task queued from a frame's callback runs once this drawing has reached the screen.
    const note = () => probe.painted.push({ t: performance.now(), seq });
    requestAnimationFrame(() => setTimeout(note, 0));
  }).observe(page, { attributes: true, attributeFilter: ["data-seq"] });
  const thumb = [...document.querySelectorAll("[role=slider]")].find(
    (slider) => slider.getAttribute("aria-label") === name);
  new MutationObserver(() => probe.moves.push(performance.now())).observe(
    thumb, { attributes: true, attributeFilter: ["aria-valuenow"] });
}
"""


LARGE = "v=1&pp=32&t=16384&m=32"
# What is dragged, from where to where of its slider, and the scenario.
DRAGS = {
    "default": ("Prefill chunk (M)", (0.05, 0.25), ""),
    "large": ("Batch size (N)", (0.0, 0.03), LARGE),
    "large, simulated": ("End of the time range", (0.4, 0.9), LARGE),
}
# While a result of a drag is awaited, not every mouse move can be.
STEPS_TO_AND_FRO = 12


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=120, help="slider steps")
    parser.add_argument("--pause-ms", type=float, default=50.0, help="between two steps")
    parser.add_argument("--only", choices=DRAGS, help="one of the drags")
    arguments = parser.parse_args()
    with served() as url:
        names = [arguments.only] if arguments.only else DRAGS
        figures = {name: measure(url, name, arguments) for name in names}
    print(json.dumps(figures, indent=2))


def measure(url, name, arguments) -> dict:
    """The figures of one drag."""
    slider, ends, query = DRAGS[name]
    with opened(f"{url}?{query}") as page:
        page.evaluate(PROBE, slider)
        main_thread = main_thread_of(page)
        before = cpu_s(main_thread)
        _drag(page, page.get_by_role("slider", name=slider, exact=True), ends, arguments)
        spent_s = cpu_s(main_thread) - before
        settle(page)
        figures = summarise(page.evaluate("window.probe"), spent_s)
        if query:
            figures["zoom_refined_ms"] = [_refined_ms(page) for _ in range(3)]
    return figures


def _drag(page, thumb, ends, arguments):
    """Drag a thumb to and fro, with the mouse, between two shares of its slider."""
    box = thumb.bounding_box()
    track = thumb.locator("xpath=../..").bounding_box()
    y = box["y"] + box["height"] / 2
    low, high = (track["x"] + end * track["width"] for end in ends)
    page.mouse.move(box["x"] + box["width"] / 2, y)
    page.mouse.down()
    for step in range(arguments.steps):
        place = step % (2 * STEPS_TO_AND_FRO)
        share = min(place, 2 * STEPS_TO_AND_FRO - place) / STEPS_TO_AND_FRO
        page.mouse.move(low + share * (high - low), y)
        page.wait_for_timeout(arguments.pause_ms)
    page.mouse.up()


def _refined_ms(page):
    """From a key that zooms in until the picture in full is painted [ms]."""
    return round(
        page.evaluate(
            """async () => {
                const page = document.getElementById("gantt6d-page");
                const stage = document.getElementById("gantt6d-stage");
                const seq = Number(page.dataset.seq);
                const began = performance.now();
                stage.dispatchEvent(new KeyboardEvent("keydown", { key: "w", bubbles: true }));
                while (!(page.dataset.settled === "true" && Number(page.dataset.seq) > seq))
                    await new Promise(requestAnimationFrame);
                return performance.now() - began; }"""
        ),
        1,
    )


def summarise(probe, cpu_s) -> dict:
    """Times in ms: each move to the first later frame that shows its value or a newer one."""
    asked = {request["seq"]: request for request in probe["asked"]}
    paints = [(paint["t"], asked[paint["seq"]]) for paint in probe["painted"]
              if paint["seq"] in asked]  # fmt: skip
    waits = []
    for move in probe["moves"]:
        # A request that left after the move carries its value or a newer one.
        done = [t for t, request in paints if request["t"] >= move]
        if done:
            waits.append(min(done) - move)
    return {
        "moves": len(probe["moves"]),
        "requests": len(probe["asked"]),
        "paints": len(paints),
        "slider_to_paint_ms": _percentiles(waits),
        "server_ms": _percentiles(probe["served"]),
        "payload_bytes": _percentiles(probe["bytes"]) | {"most": max(probe["bytes"])},
        "main_thread_cpu_ms_per_update": round(1e3 * cpu_s / len(paints), 1),
        "most_requests_in_flight": probe["most"],
    }


def _percentiles(values) -> dict:
    values = sorted(values)
    return {f"p{share}": round(values[len(values) * share // 100], 1) for share in (50, 95)}


if __name__ == "__main__":
    main()
