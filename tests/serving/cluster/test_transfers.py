"""KV caches on wires: what is sent, how long it takes, and what it waits for."""

import pytest

from simcore.costs import COST_MODELS
from simcore.costs import transformer as tf
from simcore.serving.cluster import (
    ClusterSpec,
    KVTransfer,
    PartFault,
    PoolSpec,
    ReplicaFault,
    Status,
    serve,
)
from simcore.serving.replica import LinearClock, Role
from simcore.serving.request import Request
from simcore.topologies import TOPOLOGIES, Fleet, NicMapping, Place, Placement, PoolSize
from tests.serving.cluster.clusters import (
    GPU,
    LLM,
    Listed,
    disaggregated,
    machines,
    requests_at,
    sharing,
    simple,
)

TOKEN_BYTES = LLM.layers * tf.kv_bytes_per_token(LLM)


def slow(prefill, decode, factor=1e-3, **more):
    """Machines whose network is so slow that transfers take long."""
    fabric = machines(prefill, decode, **more)
    groups = [name for name in fabric.groups if "NIC" in name and "lane" not in name]
    return fabric.scaled(dict.fromkeys(groups, factor))


def slowest(fabric, source, target):
    path = fabric.path(Place("prefill", source), Place("decode", target))
    return min(channel.bandwidth_bps for channel in path), sum(c.latency_s for c in path)


def test_one_alone_takes_its_latency_and_its_bytes_over_the_slowest_channel():
    spec = disaggregated(1, 1)
    served = serve(spec, Listed(requests_at([0.0], prompt=1000)))
    [course] = served.courses
    transfer = course.transfer
    bandwidth, latency = slowest(spec.topology, 0, 0)
    assert transfer.bytes == 1000 * TOKEN_BYTES
    assert transfer.latency_s == pytest.approx(latency, rel=1e-12)
    assert transfer.serialisation_s == pytest.approx(1000 * TOKEN_BYTES / bandwidth, rel=1e-9)
    exposed = transfer.ended_s - transfer.prefilled_s
    assert exposed == pytest.approx(latency + transfer.serialisation_s, rel=1e-9)
    assert transfer.queue_s == 0 and abs(transfer.contention_s) < 1e-12
    assert course.job.decode_ready_s == transfer.ended_s
    assert course.job.first_token_s == transfer.prefilled_s < course.job.decode_started_s


def test_two_that_share_a_wire_are_each_slowed_by_what_the_other_takes():
    """Two of one size at once over one NIC: each gets half, and both end when the wire has carried
    both. Re-rated: the second to start has the wire for itself once the first is over."""
    plan = simple(clock=LinearClock(token_s=1e-5))
    fabric = slow(2, 1, nics=1)
    spec = disaggregated(2, 1, plan, topology=fabric)
    served = serve(spec, Listed([Request(0, 0.0, 1000, 2), Request(1, 0.0, 500, 2)]))
    first, second = (course.transfer for course in served.courses)
    bandwidth, latency = slowest(fabric, 0, 0)
    assert slowest(fabric, 1, 0)[0] == bandwidth
    # Request 1 has half the prompt: it begins earlier, and ends earlier.
    rate = bandwidth / TOKEN_BYTES  # tokens in a second
    begin_1, begin_0 = 500 * 1e-5 + latency, 1000 * 1e-5 + latency
    alone_1 = (begin_0 - begin_1) * rate  # that request 1 sends before the other begins
    end_1 = begin_0 + (500 - alone_1) / (rate / 2)
    end_0 = end_1 + (1000 - (500 - alone_1)) / rate
    assert second.ended_s == pytest.approx(end_1, rel=1e-9)
    assert first.ended_s == pytest.approx(end_0, rel=1e-9)
    assert second.contention_s == pytest.approx(end_1 - (begin_1 + 500 / rate), rel=1e-6)
    assert first.contention_s == pytest.approx(end_0 - (begin_0 + 1000 / rate), rel=1e-6)
    assert "NIC" in first.bottleneck and first.bottleneck == second.bottleneck
    # The link is fully used, and never more.
    busy = served.link_timeline[first.bottleneck]
    assert max(busy[:-1], default=0) <= 1 + 1e-9
    assert sum(busy * bandwidth) > 0


def test_no_link_carries_more_than_it_can():
    fabric = slow(2, 2, 3e-2, nics=1)
    requests = [Request(i, 0.05 * i, 800, 30) for i in range(150)]
    served = serve(disaggregated(topology=fabric), Listed(requests))
    shares = [s[:-1].max() for name, s in served.link_timeline.items() if name != "time_s"]
    assert 0.9 < max(shares) <= 1 + 1e-9
    assert max(c.transfer.contention_s for c in served.courses) > 0.01


def test_only_what_the_target_lacks_is_sent():
    """The same beginning a second time: its blocks are where they were sent before."""
    requests = sharing(requests_at([0.0, 5.0], prompt=100), groups=1, shared=512)
    served = serve(disaggregated(1, 1), Listed(requests))
    first, second = (course.transfer for course in served.courses)
    assert first.tokens == 612
    assert second.tokens == 100  # 512 tokens are 32 whole blocks
    assert second.bytes == 100 * TOKEN_BYTES


def test_layer_by_layer_less_is_left_to_send_when_prefill_ends():
    requests = [Request(i, 0.3 * i, 4096, 10) for i in range(20)]
    fabric = slow(1, 1, 0.2)
    exposed = {}
    for how in KVTransfer:
        plan = simple(layer_groups=8, max_num_batched_tokens=1024)
        served = serve(
            disaggregated(1, 1, plan, topology=fabric, kv_transfer=how), Listed(requests)
        )
        transfers = [course.transfer for course in served.courses]
        assert all(t.bytes == pytest.approx(4096 * TOKEN_BYTES) for t in transfers)
        assert all(t.contention_s > -1e-12 for t in transfers)
        exposed[how] = sum(t.ended_s - t.prefilled_s for t in transfers)
    # Of 8 groups of layers and 4 chunks the last part is a 32nd.
    assert exposed[KVTransfer.LAYERS] == pytest.approx(exposed[KVTransfer.AFTER] / 32, rel=0.05)


def test_without_room_where_it_decodes_a_request_waits_and_blocks_prefill_in_turn():
    """Back-pressure: nothing is dropped, and prompts wait behind KV caches that cannot leave."""
    little = simple(blocks=80)  # 1,280 tokens
    spec = disaggregated(1, 1, simple(blocks=150), little)
    requests = [Request(i, 0.01 * i, 600, 200) for i in range(30)]
    served = serve(spec, Listed(requests))
    assert served.ledger.requests.completed == 30
    waited = [course.transfer.queue_s for course in served.courses]
    assert max(waited) > 1.0
    # 150 blocks hold three such prompts: no more are held at a time.
    timeline = served.replica_timeline
    assert timeline["sending"][timeline["replica"] == 0].max() == 3
    assert max(course.job.queue_s for course in served.courses) > 10.0
    # In the order in which they were prefilled.
    ready = sorted(served.courses, key=lambda c: c.transfer.prefilled_s)
    assert [c.transfer.reserved_s for c in ready] == sorted(c.transfer.reserved_s for c in ready)


def test_tensor_parallel_degrees_may_differ():
    plans = simple(tp=4), simple(tp=2)
    fabric = TOPOLOGIES["hgx-rail"](
        Fleet(
            prefill=PoolSize(name="prefill", gpu=GPU, stages=2, ranks=4),
            decode=PoolSize(name="decode", gpu=GPU, stages=3, ranks=2),
            placement=Placement.ACROSS,
            nics=8,
            mapping=NicMapping.MODULO,
            oversubscription=1.0,
            link=COST_MODELS["physical"].link,
            full_duplex=True,
        )
    )
    spec = ClusterSpec(
        pools=(
            PoolSpec(name="prefill", plan=plans[0], role=Role.PREFILL, replicas=2),
            PoolSpec(name="decode", plan=plans[1], role=Role.DECODE, replicas=3),
        ),
        topology=fabric,
    )
    served = serve(spec, Listed(requests_at([0.1 * i for i in range(40)], prompt=700)))
    assert all(c.transfer.bytes == pytest.approx(700 * TOKEN_BYTES) for c in served.courses)
    # Four GPUs send to two, each of which receives over a NIC of its own.
    [alone] = {round(c.transfer.serialisation_s, 12) for c in served.courses}
    bandwidth, _ = slowest(fabric, 0, 0)
    assert alone == pytest.approx(700 * TOKEN_BYTES / 2 / bandwidth, rel=1e-6)


def test_flows_kept_as_one_take_as_long_as_each_by_itself():
    """A fault of a NIC that nobody uses: from the start, every flow is kept by itself."""
    plan = simple(tp=4)
    requests = [Request(i, 0.02 * i, 300 + 37 * (i % 11), 20) for i in range(120)]
    fabric = slow(2, 2, 0.05, gpus=4)
    unused = PartFault(part="node 1 NIC 0", at_s=1e6)
    ends = []
    for faults in ((), (unused,)):
        served = serve(disaggregated(2, 2, plan, topology=fabric, faults=faults), Listed(requests))
        ends.append([course.ended_s for course in served.courses])
        assert served.ledger.bytes_arrived == pytest.approx(
            TOKEN_BYTES * sum(r.prompt_tokens for r in requests)
        )
    assert ends[0] == pytest.approx(ends[1], rel=1e-9)


@pytest.mark.parametrize("failing", ["prefill", "decode"])
def test_a_replica_fails_in_the_middle_of_a_transfer(failing):
    """The KV cache is lost with where it was prefilled; not with where it was to decode."""
    fabric = slow(2, 2, 1e-3)
    spec = disaggregated(topology=fabric)
    plain = serve(spec, Listed(requests_at([0.0], prompt=1000))).courses[0]
    middle = (plain.transfer.started_s + plain.transfer.ended_s) / 2
    index = plain.transfer.source if failing == "prefill" else plain.transfer.target - 2
    fault = ReplicaFault(pool=failing, replica=index, at_s=middle, back_s=1e4)
    served = serve(
        disaggregated(topology=fabric, faults=(fault,)), Listed(requests_at([0.0], prompt=1000))
    )
    [course] = served.courses
    assert course.status is Status.COMPLETED
    assert served.ledger.bytes_lost > 0
    if failing == "prefill":
        assert course.attempts == 2 and course.lost_s == pytest.approx(middle)
        assert course.transfer.source != plain.transfer.source
    else:
        assert course.attempts == 1
        assert course.transfer.target != plain.transfer.target
        assert course.transfer.started_s == pytest.approx(middle)
    assert course.transfer.bytes == 1000 * TOKEN_BYTES


def test_a_nic_fails_in_the_middle_of_a_transfer_and_what_is_left_goes_another_way():
    fabric = slow(1, 1, 1e-3)
    requests = requests_at([0.0], prompt=1000)
    plain = serve(disaggregated(1, 1, topology=fabric), Listed(requests)).courses[0].transfer
    middle = (plain.started_s + plain.ended_s) / 2
    fault = PartFault(part="node 0 NIC 0", at_s=middle)
    served = serve(disaggregated(1, 1, topology=fabric, faults=(fault,)), Listed(requests))
    transfer = served.courses[0].transfer
    # As fast a NIC takes what is left; it only has to cross the wires anew.
    assert plain.ended_s < transfer.ended_s < plain.ended_s + 1e-3
    assert served.ledger.bytes_lost == 0
    assert "NIC 0" not in transfer.bottleneck


def test_where_nothing_joins_two_replicas_a_request_waits_for_the_wire():
    fabric = slow(1, 1, 1e-3, nics=1)
    requests = requests_at([0.0], prompt=1000)
    plain = serve(disaggregated(1, 1, topology=fabric), Listed(requests)).courses[0].transfer
    middle = (plain.started_s + plain.ended_s) / 2
    for back_s, status in ((50.0, Status.COMPLETED), (float("inf"), Status.FAILED)):
        fault = PartFault(part="node 0 NIC 0", at_s=middle, back_s=back_s)
        served = serve(disaggregated(1, 1, topology=fabric, faults=(fault,)), Listed(requests))
        [course] = served.courses
        assert course.status is status
        if status is Status.COMPLETED:
            assert course.transfer.started_s == pytest.approx(back_s)
        else:
            assert "can be reached" in course.reason


def test_two_requests_do_not_wait_for_each_other_layer_by_layer():
    """One has blocks where it decodes and lost those where it is prefilled; another, which holds
    those, would wait for the first. What is reserved for a preempted prompt is given back."""
    plan = simple(blocks=120, layer_groups=2, max_num_batched_tokens=256, prefix_caching=False)
    requests = [Request(i, 0.011 * i, 1300 + 37 * (i % 5), 20 + i) for i in range(30)]
    served = serve(disaggregated(1, 1, plan, kv_transfer=KVTransfer.LAYERS), Listed(requests))
    assert served.ledger.requests.completed == 30
    assert served.ledger.free_blocks == served.ledger.blocks


def test_an_answer_of_one_token_gives_back_what_was_reserved_for_it():
    plan = simple(layer_groups=4, max_num_batched_tokens=256)
    requests = [Request(i, 0.02 * i, 900, 1 + i % 2) for i in range(20)]
    served = serve(disaggregated(1, 1, plan, kv_transfer=KVTransfer.LAYERS), Listed(requests))
    assert served.ledger.requests.completed == 20
    assert served.ledger.free_blocks == served.ledger.blocks
    assert all(
        c.job.decode_replica == (1 if c.request.output_tokens > 1 else -1) for c in served.courses
    )
