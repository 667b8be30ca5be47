"""What twice as fast would change: found by running that, a slice at a time."""

import pytest

from app.fabric.answer import answer_to
from app.fabric.faster import KIND, MOST_NAMES, WIRE, Studies, Study, faster_wires
from app.fabric.results import FabricRuns
from app.metrics_told import DURATIONS
from simcore import Scenario, run

BUSY = {"batch_size": 64, "prompt_tokens": 2048, "chunk_tokens": 64, "prefill_nics": 2}
METRICS = tuple(DURATIONS.values())


def all_of(what, values=BUSY, runs=None):
    """The complete answer, and after how many requests it was."""
    studies = Studies(runs or FabricRuns())
    for count in range(1, 50):
        told = faster_wires({"values": values, "what": what}, studies)
        if told["complete"]:
            return told["rows"], count
    raise AssertionError("it never ends")


@pytest.mark.parametrize("what, key", [(WIRE, "wire"), (KIND, "group")])
def test_each_contended_wire_or_kind_is_tried(what, key):
    runs = FabricRuns()
    contended = answer_to({"seq": 1, "values": BUSY}, runs)["contended"]
    rows, _ = all_of(what, runs=runs)
    assert list(rows) == list(dict.fromkeys(row[key] for row in contended))[:MOST_NAMES]
    before = run(Scenario(**BUSY)).metrics
    for name, row in rows.items():
        after = run(Scenario(**BUSY), faster={name: 2}).metrics
        for metric, cell in zip(METRICS, row["cells"], strict=True):
            then, now = getattr(after, metric.field), getattr(before, metric.field)
            assert cell["then"] == metric.text(then)
            assert cell["share"] == pytest.approx(then / now - 1, abs=1e-6)


def test_what_changes_nothing_says_so():
    rows, _ = all_of(WIRE)
    tpot = [metric.symbol for metric in METRICS].index("TPOT")
    for name in ("prefill NIC 0 cable", "prefill NIC 1 cable"):
        assert rows[name]["cells"][tpot]["change"] == "as now"


def test_all_of_a_kind_help_more_than_one_of_it():
    ttds = [metric.symbol for metric in METRICS].index("TTDS")
    values = {**BUSY, "background": "prefill NIC cables: 95 %"}
    one, _ = all_of(WIRE, values)
    all_alike, _ = all_of(KIND, values)
    best = min(row["cells"][ttds]["share"] for name, row in one.items() if "NIC" in name)
    assert all_alike["prefill NIC cables"]["cells"][ttds]["share"] < best < 0


def test_a_request_takes_a_slice(monkeypatch):
    monkeypatch.setattr("app.fabric.faster.SLICE_S", 1e-3)
    rows, count = all_of(WIRE)
    assert count > len(rows) > 3


def test_a_run_that_takes_too_long_is_told_of(monkeypatch):
    runs = FabricRuns()
    study = Study(runs.of(Scenario(**BUSY)), WIRE)
    monkeypatch.setattr("app.fabric.faster.MOST_RUN_S", 0.0)
    while not (told := study.advance())["complete"]:
        pass
    assert all("longer than" in row["reason"] for row in told["rows"].values())


@pytest.mark.parametrize("asked", [None, {}, {"values": 1}, {"values": {}, "what": "all"},
                                   {"values": {"pp": 1}, "what": WIRE},
                                   {"values": {}, "what": [WIRE]}])  # fmt: skip
def test_what_makes_no_sense_is_refused(asked):
    assert "wrong" in faster_wires(asked, Studies(FabricRuns()))


def test_a_fabric_that_is_not_drawn_is_not_tried_either(monkeypatch):
    monkeypatch.setattr("app.fabric.results.MOST_WIRES", 10)
    told = faster_wires({"values": BUSY, "what": WIRE}, Studies(FabricRuns()))
    assert told == {"rows": {}, "complete": True, "why_not": told["why_not"]}
    assert "too large" in told["why_not"]
