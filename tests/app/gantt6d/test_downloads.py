"""The files of the "Share" menu: they can be read, and they hold what they say."""

import json
import re

import pytest

from app.gantt6d.downloads import FILES, MOST_BARS, Wanted, figure_of
from app.gantt6d.results import MOST_EVENTS, Pictures
from app.shell import create_app
from simcore import Scenario, predicted_events, run
from simcore.exports import FORMATS, trace_bytes

FILE = "/gantt6d/file"
SCENARIO = Scenario(pp=4, decode_pp=6, prompt_tokens=2048)
VALUES = {"pp": 4, "decode_pp": 6, "prompt_tokens": 2048}


@pytest.fixture(scope="module")
def client():
    return create_app().server.test_client()


@pytest.fixture(scope="module")
def file(client):
    def get(name, **more):
        answer = client.post(FILE, json={"values": VALUES, "file": name, **more})
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{FILES[name].name}"'
        assert answer.mimetype == FILES[name].media_type
        return answer.data

    return get


@pytest.mark.parametrize("name", ["scenario-json", "scenario-yaml"])
def test_a_scenario_can_be_read_back(file, name):
    assert Scenario.from_text(file(name).decode()) == SCENARIO


@pytest.mark.parametrize("name", FORMATS)
def test_a_trace_is_that_of_run(file, name):
    assert file(f"trace-{name}") == trace_bytes(run(SCENARIO), name)


def test_a_trace_is_bounded_but_not_that_of_the_largest_picture(client):
    largest = {"pp": 32, "prompt_tokens": 16384, "chunk_tokens": 32}
    assert predicted_events(Scenario(**largest)) <= MOST_EVENTS
    more = client.post(FILE, json={"values": largest | {"chunk_tokens": 16}, "file": "trace-csv"})
    assert "more than 100,000; raise chunk_tokens" in more.json["error"]


def test_names_of_files_are_safe_and_differ():
    names = [file.name for file in FILES.values()]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"pdscope-[a-z]+(\.[a-z]+)+", name) for name in names)


def test_a_chart_in_html_holds_both_schemes_and_asks_nobody(file):
    page = file("chart-html").decode()
    assert "default-src 'none'" in page
    assert not re.search(r"<(?:script|link|img)[^>]+(?:src|href)=", page)
    data = re.search(r'id="figures">(.*?)</script>', page, re.S).group(1)
    figures = json.loads(data)
    assert set(figures) == {"light", "dark"}
    assert "{{" not in page.replace("%{", "")[: page.index("<script>")]
    saved = json.loads(file("chart-figures"))
    assert figures == {scheme: [figure] for scheme, figure in saved.items()}


def test_a_chart_says_all_of_its_scenario():
    scenario = Scenario(
        pp=4, output_tokens=7, prefill_nics=3, vram_limit_ratio=0.85, cost_model="reference"
    )
    title = figure_of(Wanted(scenario, None, Pictures()), "light")["layout"]["title"]["text"]
    assert title.startswith(f"{scenario.llm}, {scenario.prefill_gpu} → {scenario.decode_gpu}, PP 4")
    assert title.endswith(", O 7, K 3, 85 % of VRAM, reference costs")


def test_a_chart_shows_the_window_that_is_asked_for(file):
    whole = json.loads(file("chart-figures"))["light"]["layout"]["xaxis"]["range"]
    part = json.loads(file("chart-figures", window=[0.01, 0.02]))["light"]["layout"]["xaxis"]
    assert whole[0] == 0
    assert part["range"] == [10, 20]


def test_a_chart_has_few_bars_however_many_events_there_are():
    scenario = Scenario(pp=32, prompt_tokens=16384, chunk_tokens=32)
    figure = figure_of(Wanted(scenario, None, Pictures()), "light")
    bars = sum(len(trace["y"]["bdata"]) * 3 // 4 // 4 for trace in figure["data"])
    assert 1000 < bars <= MOST_BARS


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"values": {"pp": 1}, "file": "chart-html"}, "does not fit"),
        ({"values": {"pp": 0}, "file": "scenario-json"}, "pp = 0"),
        ({"values": {}, "file": "../etc/passwd"}, "`file` is one of scenario-json"),
        ({"values": {}, "file": None}, "`file` is one of"),
        ({"values": {}, "file": "chart-html", "window": [2, 1]}, "`window`"),
        ({"values": {}}, "`file`"),
        ({"file": "scenario-json"}, "`values`"),
        ([], "`values`"),
    ],
)
def test_what_cannot_be_made_is_said_and_is_no_file(client, asked, said):
    answer = client.post(FILE, json=asked)
    assert "Content-Disposition" not in answer.headers
    assert said in answer.json["error"]
