"""NICs and wires that fail while a pipeline runs."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simcore import Scenario, ScenarioError, run
from tests.pipelines.planned import times

# Four rails; GPUs of a stage hand over on one each, and meet on what is left.
RAILS = Scenario(
    llm="Mistral-Small-24B", pp=2, tp=4, batch_size=8, prompt_tokens=3000, chunk_tokens=500,
    cost_model="physical", topology="hgx-rail", prefill_nics=4, prefill_gpu="NVIDIA H200",
    decode_gpu="NVIDIA H200", collectives="aggregated",
)  # fmt: skip
USUAL = run(RAILS)
SENT = ("handoff", "activations", "decode activations")


def bytes_by_kind(result):
    table = result.trace
    return {kind: table.bytes[table.kind == kind].sum() for kind in SENT}


def failing(text):
    return run(RAILS.replace(failures=text))


@given(
    st.lists(
        st.tuples(st.sampled_from(["0", "1", "2"]), st.floats(0.001, 0.25)), min_size=1, max_size=3
    )
)
@settings(max_examples=25, deadline=None)
def test_the_same_bytes_arrive_whatever_fails_when(failures):
    text = "; ".join(f"node 0 NIC {nic} @ {at:.4f} s" for nic, at in failures)
    result = failing(text)
    assert bytes_by_kind(result) == pytest.approx(bytes_by_kind(USUAL), rel=1e-9)
    assert result.metrics.ttds_s >= USUAL.metrics.ttds_s * (1 - 1e-9)
    assert (result.metrics.channel_use.utilisation <= 1 + 1e-9).all()
    path = result.critical_path
    borders = [0.0, *(segment.end_s for segment in path.segments)]
    assert [segment.start_s for segment in path.segments] == borders[:-1]
    assert borders[-1] == result.metrics.ttft_s


def test_nothing_crosses_a_nic_after_it_failed():
    at = 0.08
    table = failing(f"node 0 NIC 1 @ {at} s").trace
    over = table[table.path.astype(str).str.contains("node 0 NIC 1 cable")]
    assert len(over)
    assert (over.end_s <= at).all()
    before = USUAL.trace
    assert (before[before.path.astype(str).str.contains("node 0 NIC 1 cable")].end_s > at).any()


def test_what_was_under_way_goes_on_with_what_was_left():
    """It stands in the trace twice: until the failure, and from it on."""
    handoffs = USUAL.trace[USUAL.trace.kind == "handoff"]
    one = handoffs[handoffs.path.astype(str).str.contains("node 0 NIC 1 cable")].iloc[1]
    at = float(one.start_s + one.end_s) / 2
    table = failing(f"node 0 NIC 1 @ {at!r} s").trace
    facts = ["stage", "to_stage", "chunk", "rank", "to_rank"]
    same = table[(table.kind == "handoff") & (table[facts] == one[facts]).all(axis=1)]
    first, rest = same.sort_values("start_s").itertuples()
    assert first.end_s == rest.start_s == pytest.approx(at, rel=1e-6)
    assert "NIC 1 cable" in first.path and "node 0 NIC 1 cable" not in rest.path
    assert 0 < first.bytes < one.bytes
    assert first.bytes + rest.bytes == pytest.approx(one.bytes)


def test_to_fail_at_once_is_to_fail_from_the_start():
    early, never = failing("node 0 NIC 1 @ 0.000001 s"), failing("node 0 NIC 1")
    assert times(early.metrics) == pytest.approx(times(never.metrics), rel=1e-9)


def test_to_fail_when_all_is_over_changes_nothing():
    late = failing("node 0 NIC 1 @ 1000 s")
    assert times(late.metrics) == pytest.approx(times(USUAL.metrics), rel=1e-9)


def test_what_cannot_be_reached_any_more_is_named():
    text = "; ".join(f"node 0 NIC {i} @ 0.05 s" for i in range(4))
    with pytest.raises(ScenarioError, match=r"cannot reach decode GPU 0 while node 0 NIC 0") as no:
        failing(text)
    assert no.value.field == "failures"


def test_an_unknown_part_is_named_before_anything_runs():
    with pytest.raises(ScenarioError, match="node 9 NIC 0") as no:
        failing("node 9 NIC 0 @ 0.1 s")
    assert no.value.field == "failures"


@pytest.mark.parametrize("form", ["aggregated", "flows"])
def test_collectives_go_on_at_the_pace_of_what_is_left(form):
    """Without its NVSwitch a stage exchanges over PCIe."""
    scenario = RAILS.replace(collectives=form, output_tokens=4)
    usual, slower = run(scenario), run(scenario.replace(failures="node 0 NVSwitch @ 0.05 s"))
    never = run(scenario.replace(failures="node 0 NVSwitch"))
    assert usual.metrics.ttds_s < slower.metrics.ttds_s < never.metrics.ttds_s


def test_it_is_the_same_each_time():
    text = "node 0 NIC 1 @ 0.05 s; node 0 NIC 2 @ 0.09 s"
    assert failing(text).trace.to_csv() == failing(text).trace.to_csv()


def test_a_time_limit_holds_for_all_of_it():
    with pytest.raises(ScenarioError, match="takes longer than"):
        run(RAILS.replace(failures="node 0 NIC 1 @ 0.05 s"), time_limit_s=0.0)


def test_a_share_of_others_slows_and_an_amount_delays():
    """A tenth of each cable is left; or a flood over one is there when the last handoffs are."""
    less = run(RAILS.replace(background="NIC cables: 90 %"))
    assert less.metrics.ttds_s > USUAL.metrics.ttds_s
    flood = run(RAILS.replace(background="node 0 NIC 1 cable out: 8 GB @ 0.12 s"))
    assert flood.metrics.ttds_s > USUAL.metrics.ttds_s
    table = flood.trace
    others = table[table.kind == "background"]
    assert others.start_s.tolist() == [0.12]
    assert others.bytes.tolist() == [8e9]
    use = flood.metrics.channel_use.set_index("channel").bytes
    assert use["node 0 NIC 1 cable out"] > 8e9
