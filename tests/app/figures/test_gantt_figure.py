"""The Gantt, on the page and to save: bars where the trace has events."""

import base64

import numpy as np
import pytest

from app.figures.gantt import gantt
from app.figures.lanes import MOST_LABELS, PoolShape, lanes_of
from app.figures.overview import overview
from app.figures.palette import KINDS, SCHEMES, SOMETIMES
from app.figures.strip import CRITICAL, SINGLE, pool_spans, rows, strip
from app.figures.timeline import bars_of, timeline, unit_of
from simcore import Scenario, run

USUAL = [kind for kind in KINDS if kind not in SOMETIMES]


def decoded(array):
    return np.frombuffer(base64.b64decode(array["bdata"]), array["dtype"])


@pytest.fixture(scope="module")
def result():
    return run(Scenario(pp=4, decode_pp=3, prompt_tokens=2048, output_tokens=3))


@pytest.fixture(scope="module")
def events(result):
    critical = result.critical_path.rows
    return timeline(result.trace, prefill=PoolShape(4), decode=PoolShape(3), critical_rows=critical)


def drawn(events, window=None, most=2500, scheme="light"):
    window = window or (0.0, events.end)
    bars = bars_of(events, window=window, pixels=1000, most=most)
    marks = {"TTDS": 0.1, "TTFT": 0.2}
    return bars, gantt(
        events, bars, title="a run", window=window, pixels=1000, marks=marks, scheme=scheme
    )


@pytest.mark.parametrize("scheme", SCHEMES)
def test_there_is_one_bar_trace_for_each_kind(events, scheme):
    _, figure = drawn(events, scheme=scheme)
    assert [trace["type"] for trace in figure["data"]] == ["bar"] * len(USUAL)
    assert len({trace["marker"]["color"] for trace in figure["data"]}) == len(USUAL)


def test_each_event_has_its_bar(result, events):
    bars, figure = drawn(events, most=10**6)
    assert (bars.count == 1).sum() > 100
    for kind, trace in zip(USUAL, figure["data"], strict=True):
        rows_of_kind = result.trace[result.trace["kind"] == kind]
        base, length = decoded(trace["base"]), decoded(trace["x"])
        mine = events.kind[bars.first] == KINDS.index(kind)
        assert bars.count[mine].sum() == len(rows_of_kind)
        np.testing.assert_allclose(base, 1e3 * bars.start_s[mine])
        # Longer events leave a gap of a pixel, shorter ones are at least as wide as one.
        pixel = 1e3 * events.end / 1000
        np.testing.assert_allclose(
            length, 1e3 * (bars.end_s - bars.start_s)[mine], atol=1.001 * pixel
        )


def test_rows_lead_back_to_the_trace(result, events):
    trace = result.trace
    np.testing.assert_array_equal(events.start_s, trace["start_s"].to_numpy()[events.row])
    lanes = rows(events.lanes)
    kinds = np.array(KINDS)[decoded(lanes["kind"])[events.lane]]
    np.testing.assert_array_equal(kinds, trace["kind"].to_numpy()[events.row])
    stages = decoded(lanes["stage"])[events.lane]
    np.testing.assert_array_equal(stages, trace["stage"].to_numpy()[events.row])


@pytest.mark.parametrize("share", [1, 1e-3, 1e-6])
def test_nine_bytes_a_bar_say_where_it_is(events, share):
    middle = 0.6 * events.end
    window = (middle, middle + share * events.end)
    bars = bars_of(events, window=window, pixels=1000, most=1600)
    sent = {name: decoded(array) for name, array in strip(events, bars, window).items()}
    assert sum(sent[name].nbytes for name in ("start", "length", "state")) == 9 * len(bars)
    lane = np.repeat(np.arange(len(sent["per_lane"])), sent["per_lane"])
    np.testing.assert_array_equal(lane, events.lane[bars.first])
    span = window[1] - window[0]
    seen = (bars.start_s > window[0] - span) & (bars.end_s < window[1] + span)
    pixel = span / 1000
    start = window[0] + sent["start"] * span
    np.testing.assert_allclose(start[seen], bars.start_s[seen], rtol=0, atol=1e-2 * pixel)
    end = start + sent["length"] * span
    np.testing.assert_allclose(end[seen], bars.end_s[seen], rtol=0, atol=1e-2 * pixel)
    np.testing.assert_array_equal(sent["state"] >= CRITICAL, bars.marked)
    np.testing.assert_array_equal(sent["state"] % CRITICAL == SINGLE, bars.count == 1)


def test_bars_are_as_long_as_their_events_but_for_the_gap(events):
    window = (0.0, events.end / 20)
    bars, figure = drawn(events, window)
    mine = (events.kind[bars.first] == 0) & (bars.end_s < window[1])
    lasted = 1e3 * (bars.end_s - bars.start_s)[mine]
    gap = 1e3 * window[1] / 1000
    assert (lasted > 10 * gap).all()
    inside = (bars.end_s < window[1])[events.kind[bars.first] == 0]
    np.testing.assert_allclose(decoded(figure["data"][0]["x"])[inside], lasted - gap, rtol=1e-3)


def test_moments_and_lanes_are_where_the_page_says(events):
    _, figure = drawn(events)
    assert [shape["x0"] for shape in figure["layout"]["shapes"]] == pytest.approx([100, 200])
    assert [note["text"] for note in figure["layout"]["annotations"]] == ["TTDS", "TTFT"]
    (top, height), (second, _) = pool_spans(events.lanes)
    assert 0 < top < top + height < second < 1


@pytest.mark.parametrize("prefill, decode", [(1, 1), (8, 8), (3, 80), (1, 63), (80, 80), (80, 1)])
def test_lanes_are_in_order_do_not_overlap_and_are_named_sparingly(prefill, decode):
    lanes = lanes_of(PoolShape(prefill), PoolShape(decode))
    assert len(lanes.middle) == 3 * prefill + 2 * decode
    upper, lower = lanes.middle - lanes.height / 2, lanes.middle + lanes.height / 2
    assert (upper[1:] >= lower[:-1] - 1e-9).all()
    for stage in range(prefill):
        compute, handoff, activations = (lanes.number[place, stage] for place in range(3))
        assert compute + 2 == handoff + 1 == activations
    labels = [label for _, label in lanes.ticks]
    assert len(labels) == len(set(labels)) <= MOST_LABELS
    assert {"P0", "D0"} <= set(labels)
    assert lanes.named == tuple(sum(label[0] == pool for label in labels) for pool in "PD")


@pytest.mark.parametrize(
    "span_s, unit",
    [(5e-4, "µs"), (2e-3, "ms"), (0.45, "ms"), (0.999, "ms"), (1.0, "s"), (12.0, "s")],
)
def test_a_run_is_read_in_a_unit_that_suits_it(span_s, unit):
    assert unit_of(span_s)[0] == unit


def test_the_overview_adds_up_to_the_time_that_is_computed(result, events):
    prefill, decode = overview(events)
    busy = result.trace.assign(lasted=result.trace["end_s"] - result.trace["start_s"])
    for shares, kind, stages in ((prefill, "prefill", 4), (decode, "decode", 3)):
        computed = busy.loc[busy["kind"] == kind, "lasted"].sum()
        assert shares.mean() * events.end * stages == pytest.approx(computed)
