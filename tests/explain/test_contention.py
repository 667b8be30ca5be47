"""Who shared what: the costs of all channels are what all transfers took longer than alone."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings

from simcore import CommChannel, Scenario, ScenarioError, run
from simcore.engine.execute import execute
from simcore.engine.graph import COMPUTE
from simcore.explain.channel_use import Flow
from simcore.explain.contention import Contention
from simcore.machine import rules_of, topology_of
from simcore.pipelines import make_plan, pipeline_graph
from simcore.run import cost_model_of
from tests.engine.task_graphs import graph_of
from tests.properties.test_random_scenarios import scenarios

BUSY = Scenario(batch_size=64, prompt_tokens=2048, chunk_tokens=64, prefill_nics=2)


def contention_of(tasks, critical=()):
    graph = graph_of(tasks)
    return Contention(graph, *map(np.array, execute(graph)), critical)


def longer_than_alone(result):
    """Of each transfer, by how much [s]."""
    graph = result.graph
    route = np.array(graph.route)
    transfers = np.flatnonzero(route != COMPUTE)
    # The shards of a stage wait for each other, too, where they meet on a wire.
    rates = [min(c.bandwidth_bps / one.count(c) for c in one) for one in graph.routes.one]
    alone = np.array(graph.latency_s)[transfers]
    alone += np.array(graph.amount)[transfers] / np.array(rates)[route[transfers]]
    shards = np.maximum(graph.facts["shards"][transfers], 1)
    return shards * ((result.end_s - result.start_s)[transfers] - alone)


@settings(max_examples=40)
@given(scenarios())
def test_the_costs_of_channels_are_what_transfers_took_longer_than_alone(scenario):
    try:
        result = run(scenario, max_events=20_000)
    except ScenarioError:
        assume(False)
    found = Contention.of(result)
    late = longer_than_alone(result)
    rounding = 1e-9 * max(result.end_s.max(), float(np.abs(late).sum()))
    assert found.delay_s == pytest.approx(late.sum(), abs=rounding)
    for use in found.channels:
        assert use.delay_s == pytest.approx(sum(one.delay_s for one in use.sharers))
        assert 0 <= use.critical_s <= use.delay_s * (1 + 1e-9)
        assert use.shared_s <= use.busy_s * (1 + 1e-9)
        assert (use.most > 1) == (use.shared_s > 0)
        assert max(one.shared_s for one in use.sharers) <= use.shared_s * use.most + rounding


def test_two_that_share_all_the_time_cost_each_other_their_time_alone():
    wire = CommChannel("wire", 10.0)
    [use] = contention_of([(10, [wire], []), (10, [wire], [])], critical=[1]).channels
    assert (use.channel, use.most) == (wire, 2)
    assert (use.busy_s, use.shared_s, use.delay_s, use.critical_s) == (2.0, 2.0, 2.0, 1.0)
    [both] = use.sharers
    assert (both.transfers, both.bytes, both.moving_s, both.shared_s) == (2, 20.0, 4.0, 4.0)


def test_a_delay_is_put_down_to_the_bottleneck_of_the_moment():
    """The slow wire holds the first and the third to 1 B/s; the second has what they leave."""
    fast, slow = CommChannel("fast", 4.0), CommChannel("slow", 2.0)
    found = contention_of([(2, [fast, slow], []), (6, [fast], []), (4, [slow], [])])
    costs = {use.channel: use.delay_s for use in found.channels}
    assert costs == pytest.approx({slow: 2.0, fast: 0.5})
    assert [use.channel for use in found.channels] == [slow, fast]
    assert [use.busy_s for use in found.channels] == pytest.approx([3.0, 2.0])
    assert [use.shared_s for use in found.channels] == pytest.approx([2.0, 2.0])


def test_who_follows_at_once_shares_nothing():
    wire = CommChannel("wire", 10.0, 0.5)
    [use] = contention_of([(10, [wire], []), (10, [wire], [0])]).channels
    assert (use.most, use.busy_s, use.shared_s, use.delay_s) == (1, 2.0, 0.0, 0.0)


def test_a_run_without_transfers_has_no_channels():
    found = contention_of([(1, None, [])])
    assert found.channels == () and found.delay_s == 0
    assert found.mean_shares(np.array([0.0, 1.0])) == {}


def test_the_nic_of_a_busy_pool_costs_handoffs_most():
    result = run(BUSY)
    first = Contention.of(result).channels[0]
    assert first.channel.name.startswith("prefill NIC") and first.delay_s > 0
    [*_, least] = first.sharers
    assert {one.flow.kind for one in first.sharers} == {"handoff"}
    assert first.sharers[0].delay_s >= least.delay_s
    assert sum(one.transfers for one in first.sharers) == 4 * result.plan.chunks
    # Stage r hands over through NIC r mod 2, to the decode stage of the same layers.
    nic = int(first.channel.name.split()[2])
    assert {one.flow for one in first.sharers} == {
        Flow("handoff", stage, stage, rank=0, to_rank=0) for stage in range(nic, 8, 2)
    }


def test_who_is_on_a_channel_at_a_moment_fills_it_where_it_is_the_bottleneck():
    found = Contention.of(run(BUSY))
    channel = found.channels[0].channel
    seen = 0
    for moment in np.linspace(0, found.end_s, 201):
        crossing = found.crossing(channel, moment)
        if any(one.bound_by is channel for one in crossing):
            seen += 1
            assert sum(one.rate for one in crossing) == pytest.approx(channel.bandwidth_bps)
        assert all(one.rate <= one.alone * (1 + 1e-9) for one in crossing)
        assert all(found.graph.tag(one.task).kind == one.flow.kind for one in crossing)
    assert seen > 5


def test_the_fullest_moment_is_that_at_which_most_move():
    wire = CommChannel("wire", 10.0)
    found = contention_of([(1, None, []), (30, [wire], []), (10, [wire], [0]), (4, None, []),
                           (10, [wire], [3])])  # fmt: skip
    assert found.fullest(wire, 0.0, 9.0) == 1.0
    assert found.fullest(wire, 0.0, 0.5) == 0.0
    # One from 1 s to 3 s, both ended by 4 s, a third from then on.
    assert found.fullest(wire, 3.5, 9.0) == 3.5
    assert len(found.crossing(wire, 1.0)) == 2 and len(found.crossing(wire, 3.5)) == 1


def test_mean_shares_carry_every_byte():
    result = run(BUSY)
    found = Contention.of(result)
    edges = np.linspace(0, found.end_s, 101)
    carried = dict(zip(*result.metrics.channel_use[["channel", "bytes"]].T.values, strict=True))
    for channel, shares in found.mean_shares(edges).items():
        assert 0 <= shares.min() <= shares.max() <= 1
        sizes = shares * np.diff(edges) * channel.bandwidth_bps
        assert sizes.sum() == pytest.approx(carried[channel.name], rel=1e-6)


def executed(scenario, *, one_by_one):
    """The contention of a run in which transfers alike are one, or each is by itself."""
    costs = cost_model_of(scenario)
    topology = topology_of(scenario, costs)
    plan = make_plan(
        costs,
        topology,
        workload=scenario.workload,
        prefill=scenario.prefill_pool,
        decode=scenario.decode_pool,
        rules=replace(rules_of(scenario, topology), one_by_one=one_by_one),
    )
    graph = pipeline_graph(plan)
    return Contention(graph, *map(np.array, execute(graph)))


SEVERAL = {"llm": "LLaMA-3.1-8B", "prompt_tokens": 2048, "chunk_tokens": 1024, "tp": 4}


@pytest.mark.parametrize(
    "fields",
    [
        {"topology": "hgx-rail", "pp": 2, "decode_gpu": "NVIDIA H100", "prefill_nics": 2},
        {"topology": "hgx-rail", "pp": 2, "decode_gpu": "NVIDIA H100", "decode_tp": 2},
        {"topology": "pcie-host", "pp": 1, "prefill_gpu": "NVIDIA L40S",
         "decode_gpu": "NVIDIA L40S"},
        {"topology": "mi300x", "pp": 1, "prefill_gpu": "AMD Instinct MI300X",
         "decode_gpu": "AMD Instinct MI300X"},
    ],
    ids=lambda fields: "-".join(map(str, fields.values()))[:30],
)  # fmt: skip
def test_those_that_stand_for_several_cost_as_much_as_each_by_itself(fields):
    scenario = Scenario(**SEVERAL, **fields)
    together, apart = (executed(scenario, one_by_one=each) for each in (False, True))
    assert together.delay_s == pytest.approx(apart.delay_s)
    assert len(together.graph) < len(apart.graph)
    alone = {use.channel.name: use for use in apart.channels}
    told = {c.name: use for use in together.channels for c in (use.channel, *use.alike)}
    assert set(told) == set(alone)
    rounding = 1e-9 * apart.end_s
    for name, use in told.items():
        mine = alone[name]
        assert use.busy_s == pytest.approx(mine.busy_s, abs=rounding)
        assert use.shared_s == pytest.approx(mine.shared_s, abs=rounding)
        assert sum(one.transfers for one in use.sharers) == sum(
            one.transfers for one in mine.sharers
        )
        assert sum(one.bytes for one in use.sharers) == pytest.approx(
            sum(one.bytes for one in mine.sharers)
        )
    edges = np.linspace(0, apart.end_s, 50)
    shares, theirs = ({c.name: share for c, share in each.mean_shares(edges).items()}
                      for each in (together, apart))  # fmt: skip
    assert set(shares) == set(theirs)
    for name, share in shares.items():
        assert share == pytest.approx(theirs[name], abs=1e-6)


@pytest.mark.parametrize(
    "trouble",
    [
        {"failures": "prefill NIC 1 @ 1 s"},
        {"background": "prefill NIC 1 cable out: 3 GB @ 0.1 s; prefill NIC cables: 20 %"},
        {"handoff": "at the end", "handoff_by": "pull"},
    ],
    ids=str,
)
def test_costs_add_up_whatever_else_is_on_the_wires(trouble):
    result = run(BUSY.replace(**trouble))
    found = Contention.of(result)
    late = longer_than_alone(result)
    assert late.sum() > 0.01
    assert found.delay_s == pytest.approx(late.sum(), rel=1e-9)
    if "failures" in trouble:
        nic = next(c.channel for c in found.channels if c.channel.name == "prefill NIC 1 cable out")
        after = found.mean_shares(np.array([0.0, 1.0, found.end_s]))[nic]
        assert after[0] > 0 == after[1]
