"""From plain data to a workload and back; what is wrong is said with its place."""

import math
from itertools import islice

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from simcore.errors import ScenarioError
from simcore.parameters import parameters_of
from simcore.serving.workload import Load, Workload, workload_of
from simcore.serving.workload.arrivals import ARRIVALS
from simcore.serving.workload.building import built, plain
from simcore.serving.workload.laws import LAWS
from tests.serving.workload.answering import requests_of, single

ALL = """
requests: 500
duration_s: 3600
clients:
  - name: chat
    priority: 1
    ttft_s: 0.5
    tpot_s: 0.05
    arrivals: {law: diurnal, rate_per_s: 4, swing: 0.6, period_s: 600}
    prompt: {law: lognormal, mean: 400, cv: 1.5}
    output: {law: normal, mean: 200, sd: 80}
    prefixes:
      - tokens: 800
      - {tokens: {law: uniform, low: 100, high: 3000}, groups: 40, exponent: 1.1}
    session:
      turns: {law: zipf, exponent: 1.2, low: 1, high: 12}
      think_s: {law: exponential, mean: 20}
      tools: {calls: {law: empirical, values: [0, 1, 5], weights: [5, 3, 1]}, seconds: 1.5}
      retrieval: {passages: 4, tokens: 300, corpus: 2000, exponent: 0.9}
      most_tokens: 32000
  - name: batch
    arrivals: {law: closed-loop, concurrency: 8, think_s: {law: lognormal, mean: 2, cv: 0.5}}
    prompt: {law: empirical, values: [100, 2000]}
    output: 30
    requests: 200
  - name: replay
    trace: {file: azure.csv, format: azure, speed: 2, block_tokens: 256, empty: skip}
"""


def test_a_description_goes_there_and_back():
    workload = workload_of(yaml.safe_load(ALL))
    assert workload_of(workload.plain()) == workload
    assert workload_of(yaml.safe_load(yaml.safe_dump(workload.plain()))) == workload
    assert hash(workload) == hash(workload_of(workload.plain()))
    chat, batch, replay = workload.clients
    assert chat.session.tools.seconds.value == 1.5
    assert (chat.client.ttft_s, chat.client.priority) == (0.5, 1)
    assert batch.output.value == 30.0 and replay.trace.speed == 2.0


@pytest.mark.parametrize(
    ("registry", "name"), [(r, name) for r in (ARRIVALS, LAWS) for name in r.names()]
)
def test_every_law_goes_there_and_back(registry, name):
    law = built(registry[name], "law", {})
    assert built(registry[name], "law", plain(law)) == law
    assert law == registry[name]()


def test_a_workload_of_one_client_needs_no_list():
    short = single(ttft_s=1.0)
    fields = {key: value for key, value in short.items() if key != "requests"}
    assert workload_of(short) == workload_of({"clients": [fields], "requests": 1000})


def test_the_workload_s_bound_is_that_of_a_single_closed_loop():
    law = {"law": "closed-loop", "concurrency": 3}
    assert len(requests_of(**single(arrivals=law, requests=50))) == 50
    both = workload_of({"clients": [plain_client(single(arrivals=law), requests=20)]})
    assert both.allowances == (20,)


def plain_client(description, **more):
    return {key: value for key, value in description.items() if key != "requests"} | more


def test_a_trace_takes_the_place_of_a_client():
    workload = workload_of(single(ttft_s=1.0, priority=2, session={"turns": 2}))
    replayed = workload.replaying("t.csv")
    [load] = replayed.clients
    assert load.trace.file == "t.csv" and load.arrivals is None and load.session is None
    assert (load.ttft_s, load.priority, replayed.requests) == (1.0, 2, 1000)
    with pytest.raises(ScenarioError, match="takes the place of one client, and there are 3"):
        workload_of(yaml.safe_load(ALL)).replaying("t.csv")


LAW = {"law": "poisson"}
CLOSED = {"law": "closed-loop"}
WRONG = {
    "no mapping": (7, None, "must be a mapping"),
    "nothing": ({}, "clients", "there is no client"),
    "no list": ({"clients": 7}, "clients", "clients = 7 must be a list"),
    "no client": ({"clients": [7]}, "clients[0]", "must be a mapping with the keys name"),
    "too many": ({"clients": [{}] * 65}, "clients", "lists 65; use 64 or fewer"),
    "unknown key": (single(promt=1), "promt", "promt is unknown; did you mean 'prompt'"),
    "unknown in a client": (
        {"clients": [{"ouput": 1}]}, "clients[0].ouput", "did you mean 'output'",
    ),
    "unknown law": (
        single(prompt={"law": "gauss"}), "prompt.law", "unknown law of amounts 'gauss'; use one of",
    ),
    "misspelt law": (single(arrivals={"law": "poison"}), "arrivals.law", "did you mean 'poisson'"),
    "no law": (single(arrivals=8), "arrivals", "must be a mapping with a law, one of closed-loop"),
    "a text": (single(prompt="long"), "prompt", "must be a number, or a mapping with a law"),
    "negative": (single(prompt=-5), "prompt.value", "-5 is out of range; use a number from 0"),
    "not finite": (single(prompt=math.nan), "prompt.value", "nan is out of range"),
    "endless": (single(output=math.inf), "output.value", "inf is out of range"),
    "true": (single(prompt=True), "prompt", "must be a number"),
    "no rate": (
        single(arrivals={"law": "poisson", "rate_per_s": 0}), "arrivals.rate_per_s",
        "use a number from 1e-06 to 100,000.0 1/s",
    ),
    "bounds": (
        single(prompt={"law": "uniform", "low": 9, "high": 3}), "prompt.low",
        "prompt: low = 9 is above high = 3; swap them",
    ),
    "deep": (
        single(session={"tools": {"calls": {"law": "exponential", "men": 3}}}),
        "session.tools.calls.men", "did you mean 'mean'",
    ),
    "an item": (
        single(prefixes=[{"tokens": 5}, {"groups": 0}]), "prefixes[1].groups",
        "= 0 is out of range",
    ),
    "weights": (
        single(prompt={"law": "empirical", "values": [1, "x"]}), "prompt.values",
        r"prompt.values\[1\] = 'x' is out of range",
    ),
    "no values": (
        single(prompt={"law": "empirical", "values": []}), "prompt.values", "is empty; give one",
    ),
    "no bound": (
        {"arrivals": LAW, "prompt": 1, "output": 1}, "requests",
        "never stops asking; give requests",
    ),
    "no bound of users": (
        {"arrivals": CLOSED, "prompt": 1, "output": 1, "duration_s": 5}, "requests",
        "asks again whenever it has an answer; give requests, how often in all",
    ),
    "no bound of some users": (
        {"clients": [{"name": "a", "arrivals": CLOSED, "prompt": 1, "output": 1},
                     {"name": "b", "arrivals": LAW, "prompt": 1, "output": 1}], "requests": 50},
        "clients[0].requests", r"give clients\[0\].requests",
    ),
    "bound of no users": (
        {"clients": [plain_client(single(), requests=5)], "requests": 50},
        "clients[0].requests", "bounds a closed loop; bound the whole workload instead",
    ),
    "missing": ({"arrivals": LAW, "output": 1, "requests": 1}, "prompt", "prompt is missing; give"),
    "same name": (
        {"clients": [plain_client(single())] * 2, "requests": 9}, "clients[1].name",
        "two clients are called 'client'",
    ),
    "trace and session": (
        {"trace": {"file": "t"}, "session": {}}, "session", "cannot go with a trace",
    ),
    "trace and prefixes": (
        {"trace": {"file": "t"}, "prefixes": [{}]}, "prefixes", "cannot go with a trace",
    ),
    "format": (
        {"trace": {"file": "t", "format": "mooncak"}}, "trace.format", "did you mean 'mooncake'",
    ),
    "too much shared": (
        single(prefixes=[{"groups": 100_000}] * 3), "clients", "300,000 prefixes and passages",
    ),
    "no name": (single(name=" "), "name", "must be a text"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said_with_its_place(case):
    description, field, says = WRONG[case]
    with pytest.raises(ScenarioError, match=says) as caught:
        workload_of(description)
    assert caught.value.field == field
    with pytest.raises(ScenarioError) as caught:
        workload_of(description, "workload")
    assert caught.value.field == (f"workload.{field}" if field else "workload")


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*parameters_of(Load), *parameters_of(Workload), "law", "values", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150)
@given(JUNK | st.dictionaries(st.sampled_from([*parameters_of(Load), "requests"]), JUNK))
def test_whatever_is_described_is_a_workload_or_an_error_in_one_line(description):
    try:
        workload = workload_of(description)
    except ScenarioError as error:
        assert str(error) and "\n" not in str(error)
    else:
        assert workload_of(workload.plain()) == workload


@settings(max_examples=60)
@given(st.data())
def test_any_change_of_a_whole_description_is_drawn_or_an_error(data):
    description = yaml.safe_load(ALL)
    del description["clients"][2]  # its file is not there
    at = description
    while True:
        keys = list(range(len(at))) if isinstance(at, list) else list(at)
        key = data.draw(st.sampled_from(keys))
        if not isinstance(at[key], dict | list) or not at[key] or data.draw(st.booleans()):
            break
        at = at[key]
    at[key] = data.draw(JUNK)
    try:
        workload = workload_of(description)
        source = workload.source(0)
        for request in islice(source, 30):
            assert request.prompt_tokens >= 1 and request.output_tokens >= 1
            assert 0 <= request.arrival_s < math.inf
            assert all(r.arrival_s >= 1e9 for r in source.after(request, 1e9))
    except ScenarioError as error:
        assert "\n" not in str(error)
