"""What the page's "Share" menu gives: the scenario, the trace and the chart, as files."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from app import numbers
from app.figures.gantt import gantt
from app.figures.palette import SCHEMES
from app.figures.timeline import bars_of
from app.gantt6d.answer import AFTER, title_of
from app.gantt6d.asked import read_window, scenario_in
from app.gantt6d.chart_html import gantt_page
from app.gantt6d.results import MOST_EVENTS, Pictures
from simcore import Scenario, ScenarioError, run
from simcore.exports import FORMATS, trace_bytes

# A saved chart cannot be zoomed into for more.
MOST_BARS = 2500
CHART_PX = 1200


@dataclass(frozen=True)
class Wanted:
    """A file that is asked for.

    Attributes
    ----------
    window : (from, to) [s] that a chart shows; None for all of the run
    pictures : where the page's simulations are kept
    """

    scenario: Scenario
    window: tuple[float, float] | None
    pictures: Pictures


@dataclass(frozen=True)
class File:
    """One kind of file.

    Attributes
    ----------
    label : in the menu; "" where it is not in there
    name : under which it is saved, whatever is in it
    media_type : as HTTP has it
    content : the bytes; raises PdscopeError where they cannot be made
    """

    label: str
    name: str
    media_type: str
    content: Callable[[Wanted], bytes]


def _scenario_json(wanted):
    return f"{wanted.scenario.to_json()}\n".encode()


def _scenario_yaml(wanted):
    return wanted.scenario.to_yaml().encode()


def _chart_html(wanted):
    figures = {scheme: figure_of(wanted, scheme) for scheme in SCHEMES}
    return gantt_page(f"pdscope: {chart_title_of(wanted.scenario)}", figures).encode()


def _chart_figures(wanted):
    return json.dumps({scheme: figure_of(wanted, scheme) for scheme in SCHEMES}).encode()


def _trace(name):
    return lambda wanted: trace_bytes(run(wanted.scenario, max_events=MOST_EVENTS), name)


def chart_title_of(scenario: Scenario) -> str:
    """All of the scenario in a line, as nothing else goes with a picture."""
    share = f"{100 * scenario.vram_limit_ratio:.3g}"
    return (
        f"{title_of(scenario)}, O {scenario.output_tokens}, {scenario.nics_told}, "
        f"{share} % of VRAM, {scenario.costs_told}"
    )


def figure_of(wanted: Wanted, scheme: str) -> dict:
    """The Gantt as Plotly draws it; raises ScenarioError where it cannot be run."""
    picture = wanted.pictures.of(wanted.scenario)
    window = wanted.window or (0.0, picture.events.end * (1 + AFTER))
    bars = bars_of(picture.events, window=window, pixels=CHART_PX, most=MOST_BARS)
    metrics = picture.metrics
    marks = {
        f"{name} {numbers.duration_text(moment)}": moment
        for name, moment in (("TTDS", metrics.ttds_s), ("TTFT", metrics.ttft_s))
    }
    return gantt(
        picture.events,
        bars,
        title=chart_title_of(wanted.scenario),
        window=window,
        pixels=CHART_PX,
        marks=marks,
        scheme=scheme,
    )


FILES = {
    "scenario-json": File(
        "Scenario, JSON", "pdscope-scenario.json", "application/json", _scenario_json
    ),
    "scenario-yaml": File(
        "Scenario, YAML", "pdscope-scenario.yaml", "application/yaml", _scenario_yaml
    ),
    **{
        f"trace-{name}": File(
            form.label, f"pdscope-trace{form.endings[0]}", form.media_type, _trace(name)
        )
        for name, form in FORMATS.items()
    },
    "chart-html": File("Chart, HTML", "pdscope-gantt.html", "text/html", _chart_html),
    # Not in the menu: the browser makes images of it.
    "chart-figures": File("", "pdscope-gantt.json", "application/json", _chart_figures),
}


def wanted_file(asked, pictures: Pictures) -> tuple[File, bytes]:
    """The file that is asked for and its bytes.

    `asked` is {"values": scenario fields, "file": a key of FILES, "window": [from, to] in s or
    nothing}. Raises PdscopeError for anything else and for what cannot be run.
    """
    scenario = scenario_in(asked)
    name, window = asked.get("file"), asked.get("window")
    if not isinstance(name, str) or name not in FILES:
        raise ScenarioError(f"`file` is one of {', '.join(FILES)}")
    window = None if window is None else read_window(window)
    return FILES[name], FILES[name].content(Wanted(scenario, window, pictures))
