"""The Gantt's figure: one trace for each kind, and bars where the trace has events."""

import base64

import numpy as np
import pytest

from app.figures.gantt import bars_of, facts, gantt, pool_spans, timeline, unit_of
from app.figures.lanes import MOST_LABELS, lanes_of
from app.figures.overview import overview
from app.figures.palette import KINDS, SCHEMES
from simcore import Scenario, run


def decoded(array):
    return np.frombuffer(base64.b64decode(array["bdata"]), array["dtype"])


@pytest.fixture(scope="module")
def result():
    return run(Scenario(pp=4, decode_pp=3, prompt_tokens=2048, output_tokens=3))


@pytest.fixture(scope="module")
def events(result):
    return timeline(result.trace, prefill_stages=4, decode_stages=3)


def drawn(events, window=None, most=2500, scheme="light"):
    window = window or (0.0, events.end)
    bars = bars_of(events, window=window, pixels=1000, most=most)
    marks = {"TTDS": 0.1, "TTFT": 0.2}
    return bars, gantt(events, bars, window=window, pixels=1000, marks=marks, scheme=scheme)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_there_is_one_bar_trace_for_each_kind(events, scheme):
    _, figure = drawn(events, scheme=scheme)
    assert [trace["type"] for trace in figure["data"]] == ["bar"] * len(KINDS)
    assert len({trace["marker"]["color"] for trace in figure["data"]}) == len(KINDS)


def test_each_event_has_its_bar_with_its_facts(result, events):
    bars, figure = drawn(events, most=10**6)
    trace = result.trace
    assert (bars.count == 1).sum() > 100
    for kind, drawn_trace, fact in zip(KINDS, figure["data"], facts(events, bars), strict=True):
        rows = trace[trace["kind"] == kind].sort_values(["stage", "start_s"])
        count = decoded(fact["count"])
        assert count.sum() == len(rows)
        assert len(decoded(drawn_trace["base"])) == len(count)
        if (count == 1).all():
            np.testing.assert_array_equal(decoded(fact["start_s"]), rows["start_s"])
            np.testing.assert_array_equal(decoded(fact["end_s"]), rows["end_s"])
            np.testing.assert_array_equal(decoded(fact["stage"]), rows["stage"])
            np.testing.assert_array_equal(decoded(fact["bytes"]), rows["bytes"])
            np.testing.assert_allclose(
                decoded(drawn_trace["base"]), 1e3 * rows["start_s"], rtol=1e-6, atol=1e-6
            )


def test_bars_are_as_long_as_their_events_but_for_the_gap(events):
    window = (0.0, events.end / 20)
    bars, figure = drawn(events, window)
    prefill, fact = figure["data"][0], facts(events, bars)[0]
    lasted = 1e3 * (decoded(fact["end_s"]) - decoded(fact["start_s"]))
    gap = 1e3 * window[1] / 1000
    assert (lasted > 10 * gap).all()
    np.testing.assert_allclose(decoded(prefill["x"]), lasted - gap, rtol=1e-3)


def test_moments_and_lanes_are_where_the_page_says(events):
    _, figure = drawn(events)
    assert [shape["x0"] for shape in figure["layout"]["shapes"]] == pytest.approx([100, 200])
    assert [note["text"] for note in figure["layout"]["annotations"]] == ["TTDS", "TTFT"]
    (top, height), (second, _) = pool_spans(events.lanes)
    assert 0 < top < top + height < second < 1


@pytest.mark.parametrize("prefill, decode", [(1, 1), (8, 8), (3, 80), (80, 80), (80, 1)])
def test_lanes_are_in_order_do_not_overlap_and_are_named_sparingly(prefill, decode):
    lanes = lanes_of(prefill, decode)
    assert len(lanes.middle) == 3 * prefill + 2 * decode
    upper, lower = lanes.middle - lanes.height / 2, lanes.middle + lanes.height / 2
    assert (upper[1:] >= lower[:-1] - 1e-9).all()
    for stage in range(prefill):
        compute, handoff, activations = (lanes.number[place, stage] for place in range(3))
        assert compute + 2 == handoff + 1 == activations
    labels = [label for _, label in lanes.ticks]
    assert len(labels) == len(set(labels)) <= MOST_LABELS
    assert {"P0", "D0"} <= set(labels)


@pytest.mark.parametrize(
    "span_s, unit", [(5e-4, "µs"), (2e-3, "ms"), (0.45, "ms"), (9.99, "ms"), (12.0, "s")]
)
def test_a_run_is_read_in_a_unit_that_suits_it(span_s, unit):
    assert unit_of(span_s)[0] == unit


def test_the_overview_adds_up_to_the_time_that_is_computed(result, events):
    prefill, decode = overview(events)
    busy = result.trace.assign(lasted=result.trace["end_s"] - result.trace["start_s"])
    for shares, kind, stages in ((prefill, "prefill", 4), (decode, "decode", 3)):
        computed = busy.loc[busy["kind"] == kind, "lasted"].sum()
        assert shares.mean() * events.end * stages == pytest.approx(computed)
