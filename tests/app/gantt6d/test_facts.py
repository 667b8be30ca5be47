"""What is told of a bar: what it is, and how long it took by which formula."""

import numpy as np
import pytest

from app.figures.palette import KINDS, SOMETIMES
from app.gantt6d.facts import facts_of
from app.gantt6d.results import Pictures
from simcore import Scenario
from simcore.explain import explain_row

VALUES = {"pp": 4, "prompt_tokens": 2048, "chunk_tokens": 256}
NOTHING = {"lines": None, "how": []}


@pytest.fixture(scope="module")
def pictures():
    return Pictures()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in SOMETIMES])
def test_a_bar_of_one_event_tells_its_formula_with_the_values_put_in(pictures, kind):
    scenario = Scenario(**VALUES)
    events = pictures.of(scenario).events
    event = int(np.flatnonzero(events.kind == KINDS.index(kind))[0])
    window = [float(events.start_s[event]), float(events.end_s[event])]
    facts = facts_of(
        {"values": VALUES, "lane": int(events.lane[event]), "window": window}, pictures
    )
    told = explain_row(pictures.result_of(scenario), int(events.row[event]))
    assert facts["how"] == told.lines[1:]
    assert told.values in facts["how"]
    assert facts["how"][-1].startswith("Source: ")
    assert len(facts["lines"]) >= 3


def test_a_bar_of_many_events_tells_how_many_and_no_formula(pictures):
    facts = facts_of({"values": VALUES, "lane": 0, "window": [0.0, 1.0]}, pictures)
    assert facts["how"] == []
    assert facts["lines"][1] == "8 of them, chunk 0 to chunk 7"


@pytest.mark.parametrize(
    "asked",
    [
        None, [], {}, {"values": {}}, {"values": VALUES, "lane": 0, "window": [5.0, 6.0]},
        {"values": VALUES, "lane": -1, "window": [0.0, 1.0]},
        {"values": VALUES, "lane": True, "window": [0.0, 1.0]},
        {"values": VALUES, "lane": 10**9, "window": [0.0, 1.0]},
        {"values": VALUES, "lane": 0, "window": [1.0, 0.0]},
        {"values": {"pp": 1}, "lane": 0, "window": [0.0, 1.0]},
    ],
)  # fmt: skip
def test_what_names_no_bar_has_no_facts(pictures, asked):
    assert facts_of(asked, pictures) == NOTHING


TWO = {
    "pp": 2, "tp": 2, "decode_gpu": "NVIDIA H100", "topology": "hgx-rail", "prompt_tokens": 1024,
}  # fmt: skip


@pytest.mark.parametrize("opened", [None, [[0], [1]]])
@pytest.mark.parametrize("form", ["aggregated", "flows"])
@pytest.mark.parametrize("kind", ["prefill", "handoff", "collective", "decode collective"])
def test_stages_of_several_ranks_tell_whose_it_is(pictures, opened, form, kind):
    values = TWO | {"collectives": form}
    picture = pictures.of(Scenario(**values))
    events = picture.opened(tuple(map(tuple, opened)) if opened else ((), ()))
    event = int(np.flatnonzero(events.kind == KINDS.index(kind))[0])
    window = [float(events.start_s[event]), float(events.end_s[event])]
    lane = int(events.lane[event])
    told = facts_of({"values": values, "lane": lane, "window": window, "opened": opened}, pictures)
    assert "rank" in told["lines"][0]
    assert any(name in told["lines"][1] for name in ("chunk", "step"))
