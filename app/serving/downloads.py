"""What the page saves: the run, as files."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from app import single_file
from app.figures.grid import CONFIG
from app.figures.palette import SCHEMES
from app.serving.answer import cdfs
from app.serving.asked import Asked, read
from app.serving.perfetto import perfetto
from app.serving.runs import ServingRuns
from app.serving.timelines import timelines
from app.serving.waterfall import waterfall
from simcore.errors import ScenarioError
from simcore.serving.results import ServingResult, as_json

STYLE = """main {
  display: grid; min-height: 100%;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 520px), 1fr));
}
main > div { height: 420px; min-width: 0; }
main > div:nth-child(n + 3) { height: 680px; }"""


@dataclass(frozen=True)
class File:
    """One kind of file.

    Attributes
    ----------
    label : in the list
    name : under which it is saved
    media_type : as HTTP has it
    content : the bytes
    """

    label: str
    name: str
    media_type: str
    content: Callable[[ServingResult, Asked], bytes]


def _requests_csv(result, asked):
    return result.requests.to_csv(index=False).encode()


def _requests_parquet(result, asked):
    target = io.BytesIO()
    result.requests.to_parquet(target, index=False, compression="zstd")
    return target.getvalue()


def _timelines_csv(result, asked):
    return pd.DataFrame(dict(result.served.replica_timeline)).to_csv(index=False).encode()


def _page(result, asked):
    figures = {}
    for scheme in SCHEMES:
        drawn = Asked(asked.seq, asked.settings, False, scheme)
        figures[scheme] = [
            *cdfs(result, drawn).values(), timelines(result, scheme), waterfall(result, scheme)
        ]  # fmt: skip
    page = single_file.blank_page(
        f"pdscope: {asked.settings.model}, {asked.settings.arrangement}, "
        f"{asked.settings.rate:g} requests/s",
        style=STYLE,
        config=CONFIG,
    )
    return page.replace(single_file.PLACE, single_file.json_of(figures), 1).encode()


FILES = {
    "scenario": File(
        "Scenario, YAML", "scenario.yaml", "application/yaml",
        lambda result, asked: result.scenario.to_yaml().encode(),
    ),
    "summary": File(
        "Summary, JSON", "summary.json", "application/json",
        lambda result, asked: json.dumps(as_json(result), indent=2, allow_nan=False).encode(),
    ),
    "requests-csv": File("Requests, CSV", "requests.csv", "text/csv", _requests_csv),
    "requests-parquet": File(
        "Requests, Parquet", "requests.parquet", "application/vnd.apache.parquet",
        _requests_parquet,
    ),
    "timelines-csv": File("Replicas over time, CSV", "replicas.csv", "text/csv", _timelines_csv),
    "perfetto": File("Trace for Perfetto", "serving.perfetto.json", "application/json",
                     lambda result, asked: perfetto(result)),
    "page": File("Charts, HTML", "serving.html", "text/html", _page),
}  # fmt: skip


def file_for(body, runs: ServingRuns) -> tuple[File, bytes]:
    """The file that is asked for; raises ScenarioError where that cannot be."""
    asked = read(body)
    name = body.get("file")
    if not isinstance(name, str) or name not in FILES:
        raise ScenarioError(f"`file` is one of {', '.join(FILES)}")
    return FILES[name], FILES[name].content(runs.of(asked.settings), asked)
