"""Timelines, shares and surfaces of the Lab page, from tables made by hand."""

import numpy as np
import pandas as pd
import pytest

from app.figures.lab_shares import parts_of, shares
from app.figures.lab_surface import surface
from app.figures.lab_timeline import (
    MOST_ARROWS,
    MOST_BARS,
    MOST_COARSE_ARROWS,
    Shape,
    View,
    seen_messages,
    timeline,
)
from tests.app.lab.drawn import traces, values

SPANS = pd.DataFrame(
    {
        "rank": [0, 1, 0, 1],
        "kind": pd.Categorical(
            ["compute", "communication", "communication", "compute"],
            categories=["compute", "communication"],
        ),
        "name": ["compute", "recv", "send", "compute"],
        "region": ["layer", "", "", ""],
        "start_s": [0.0, 0.0, 0.01, 0.03],
        "end_s": [0.01, 0.03, 0.03, 0.05],
    }
)
MESSAGES = pd.DataFrame(
    {"source": [0], "target": [1], "bytes": [2_000], "operation": ["send"],
     "start_s": [0.01], "end_s": [0.03]}
)  # fmt: skip
WHOLE = View((0.0, 0.05), 900.0, False, "light")


def many(count, ranks=4):
    """Messages one after the other, each rank to the next."""
    at = np.arange(count) / count
    source = np.arange(count) % ranks
    return pd.DataFrame(
        {"source": source, "target": (source + 1) % ranks, "bytes": 8, "operation": "send",
         "start_s": at, "end_s": at + 0.5 / count}
    )  # fmt: skip


def test_bars_stand_in_the_lanes_of_their_ranks_from_start_to_end():
    drawn = traces(timeline(SPANS, MESSAGES, Shape(2, 0.05), WHOLE))
    computes, waits = drawn["computes"], drawn["waits in communication"]
    assert values(computes["y"]).tolist() == [0, 1]
    assert values(computes["base"]) == pytest.approx([0, 30])  # in ms
    assert values(computes["x"]) == pytest.approx([10, 20])
    assert values(waits["base"]) == pytest.approx([10, 0])
    assert computes["hovertext"][0] == "computes: layer, 10 ms"
    assert waits["hovertext"] == [
        "waits in communication: send, 20 ms",
        "waits in communication: recv, 30 ms",
    ]


def test_an_arrow_leads_from_the_senders_lane_to_the_receivers():
    arrows = traces(timeline(SPANS, MESSAGES, Shape(2, 0.05), WHOLE))["messages"]
    x, y = values(arrows["x"]), values(arrows["y"])
    assert x[:2] == pytest.approx([10, 30]) and np.isnan(x[2])
    assert 0 < y[0] < 0.5 < y[1] < 1 and np.isnan(y[2])
    assert "send, rank 0 to 1<br>2\u202f000 B in 20 ms" in arrows["hovertext"]


@pytest.mark.parametrize("coarse", [False, True])
def test_however_much_there_is_as_much_is_drawn_as_can_be_seen(coarse):
    messages = many(20_000)
    spans = pd.DataFrame(
        {"rank": np.arange(40_000) % 64, "kind": "compute", "name": "compute", "region": "",
         "start_s": np.arange(40_000) / 40_000, "end_s": (np.arange(40_000) + 0.5) / 40_000}
    )  # fmt: skip
    view = View((0.0, 1.0), 900.0, coarse, "dark")
    figure = timeline(spans, messages, Shape(64, 1.0), view)
    drawn = traces(figure)
    assert 64 <= len(values(drawn["computes"]["x"])) <= MOST_BARS
    most = MOST_COARSE_ARROWS if coarse else MOST_ARROWS
    assert len(values(drawn["messages"]["x"])) == 3 * most
    assert len(figure["layout"]["yaxis"]["tickvals"]) == 32


def test_of_many_messages_none_of_the_ranks_is_left_out():
    messages = many(4 * MOST_ARROWS)
    rows, inside = seen_messages(messages, View((0.0, 1.0), 900.0, False, "light"))
    assert (len(rows), inside) == (MOST_ARROWS, 4 * MOST_ARROWS)
    assert len(set(rows)) == len(rows)
    # A step of four would only ever meet rank 0.
    assert set(messages["source"].to_numpy()[rows]) == {0, 1, 2, 3}


def test_a_window_has_its_own_messages_and_all_of_them_if_they_are_few():
    rows, inside = seen_messages(many(1000), View((0.5, 0.6), 900.0, False, "light"))
    assert inside == len(rows) == pytest.approx(100, abs=2)


def test_a_run_without_messages_or_spans_is_drawn():
    figure = timeline(SPANS[:0], MESSAGES[:0], Shape(3, 1e-9), View((0, 1e-9), 900, False, "dark"))
    assert all(not len(values(trace["x"])) for trace in figure["data"])


def test_the_parts_of_each_rank_are_all_of_the_run():
    table = pd.DataFrame(
        {
            "compute_s": [3.0, 1.0],
            "hidden_s": [1.0, 0.0],
            "exposed_s": [1.0, 2.0],
            "idle_s": [0.0, 1.0],
        }
    )
    parts = parts_of(table, 5.0)
    assert sum(parts.values()).tolist() == [5.0, 5.0]
    assert {name: part.tolist() for name, part in parts.items()} == {
        "alone": [2.0, 1.0], "hidden": [1.0, 0.0], "exposed": [1.0, 2.0], "idle": [0.0, 1.0],
        "ended": [1.0, 1.0],
    }  # fmt: skip
    drawn = traces(shares(parts, "light"))
    assert values(drawn["computes, messages hidden"]["x"]).tolist() == [1.0, 0.0]


def test_a_part_that_no_rank_has_is_not_in_the_legend():
    table = pd.DataFrame(
        {"compute_s": [3.0], "hidden_s": [-1e-16], "exposed_s": [2.0], "idle_s": [0.0]}
    )
    drawn = traces(shares(parts_of(table, 5.0), "light"))
    assert list(drawn) == ["computes", "waits, communication exposed"]


def test_a_surface_waits_for_its_heights():
    figure = surface([1, 10, 100], [1, 2], (["1", "10", "100"], ["1", "2"]), "a", "b", "light")
    whole, plane, *_ = figure["data"]
    assert whole["z"] == [[None] * 3] * 2 and whole["visible"] is False
    assert plane["z"] == [[1, 1], [1, 1]] and plane["x"] == [1, 100]
    assert figure["layout"]["scene"]["xaxis"]["tickvals"] == [1, 10, 100]
