"""Metrics of traces made by hand, each figure worked out beside it."""

import pytest

from simcore import CommChannel, ComputeJob, DataBatch, Device, Scenario, run
from simcore.engine.trace import Trace
from simcore.metrics import Work, measure
from simcore.pipelines import (
    Activations,
    DecodePass,
    Handoff,
    PrefillCollective,
    PrefillPass,
)

WIRE, OTHER = CommChannel("wire", 10.0), CommChannel("other", 4.0)
GPUS = [Device(f"prefill GPU {i}") for i in range(5)]
DECODE = Device("decode GPU 0")
WORK = Work(prompt_tokens=600, output_tokens=12, prefill_gpus=3, decode_gpus=2)


def job(tag, device, start, end):
    item = ComputeJob("", end - start, device, tag)
    item.start_time, item.end_time = start, end
    return item


def transfer(tag, size, path, start, end):
    item = DataBatch("", size, path, tag)
    item.start_time, item.end_time = start, end
    return item


def metrics(*items):
    items = sorted(items, key=lambda item: item.end_time)
    batches = [item for item in items if isinstance(item, DataBatch)]
    jobs = [item for item in items if isinstance(item, ComputeJob)]
    return measure(Trace.of(batches, jobs), (WIRE, OTHER), WORK)


def prefill(start, end, stage=0, chunk=0):
    return job(PrefillPass(stage, chunk), GPUS[stage], start, end)


def handoff(start, end, chunk=0, size=10.0, path=(WIRE,)):
    return transfer(Handoff(0, 0, chunk), size, path, start, end)


def decode(start, end, step=0, stage=0, microbatch=0):
    return job(DecodePass(stage, step, microbatch), DECODE, start, end)


def test_ttds_tpot_and_ttft():
    m = metrics(prefill(0, 2), handoff(2, 3), decode(3, 5, 0), decode(5, 9, 1), decode(9, 12, 2))
    # Steps of 2, 4 and 3 s.
    assert (m.ttds_s, m.tpot_s, m.ttft_s) == (3, 3, 5)


def test_tokens_per_second_of_the_pools_and_of_each_gpu():
    m = metrics(prefill(0, 2), prefill(1, 5, stage=1), handoff(5, 6), decode(6, 7), decode(9, 10))
    # 600 tokens in 5 s on 3 GPUs, 12 in 4 s on 2.
    assert (m.prefill_tokens_per_s, m.prefill_tokens_per_s_per_gpu) == (120, 40)
    assert (m.decode_tokens_per_s, m.decode_tokens_per_s_per_gpu) == (3, 1.5)


def test_time_between_tokens_of_micro_batches():
    m = metrics(
        prefill(0, 1), handoff(1, 2),
        decode(2, 3, 0, microbatch=0), decode(3, 5, 0, microbatch=1),
        decode(5, 6, 1, microbatch=0), decode(6, 9, 1, microbatch=1),
    )  # fmt: skip
    # 3 s and 4 s from the first token to the second; all have their first at 5 s.
    assert (m.tpot_s, m.ttft_s) == (3.5, 5)
    # With one step alone there is nothing between: 1 s and 2 s of passes.
    alone = metrics(
        prefill(0, 1), handoff(1, 2), decode(2, 3, microbatch=0), decode(3, 5, microbatch=1)
    )
    assert alone.tpot_s == 1.5


def test_a_stage_that_exchanges_data_is_not_idle():
    whole = metrics(prefill(0, 4), handoff(4, 5), decode(5, 6))
    parts = metrics(
        job(PrefillPass(0, 0, 0), GPUS[0], 0, 1), job(PrefillCollective(0, 0, 0), GPUS[0], 1, 2),
        job(PrefillPass(0, 0, 1), GPUS[0], 2, 3),
        transfer(PrefillCollective(0, 0, 1, 0, 1), 5.0, (WIRE,), 3, 4),
        handoff(4, 5), decode(5, 6),
    )  # fmt: skip
    assert whole.bubble == parts.bubble == 0
    assert parts.events == 4 + 2 * 2


def test_a_transfer_that_stands_for_several_counts_as_often():
    m = metrics(
        prefill(0, 2), decode(6, 10),
        transfer(Handoff(0, 0, 0, shards=4), 3.0, (WIRE, WIRE, OTHER), 2, 4),
    )  # fmt: skip
    use = m.channel_use.set_index("channel").bytes
    assert use.to_dict() == {"wire": 6, "other": 3}
    [row] = m.trace.to_frame().query("kind == 'handoff'").itertuples()
    assert (row.bytes, row.path) == (12, "wire ×2 > other")


def test_a_step_lasts_from_its_first_stage_s_start_to_its_last_stage_s_end():
    m = metrics(
        prefill(0, 1), handoff(1, 2),
        decode(2, 3, 0, stage=0), decode(3.5, 5, 0, stage=1),
        decode(5, 6, 1, stage=0), decode(7, 10, 1, stage=1),
    )  # fmt: skip
    assert m.tpot_s == ((5 - 2) + (10 - 5)) / 2


def test_a_handoff_is_hidden_while_any_prefill_runs_and_exposed_after():
    # Prefill 0-4; KV on its way 1-2, 3-6: hidden 1-2 and 3-4, exposed 4-6.
    m = metrics(prefill(0, 4), handoff(1, 2, 0), handoff(3, 6, 1), decode(6, 7))
    assert (m.handoff_hidden_s, m.handoff_exposed_s) == (2, 2)


def test_time_is_not_counted_twice_where_handoffs_or_passes_overlap():
    # KV on its way 2-7 in all (2-5, 4-7); prefill 0-3 and 1-4 in all 0-4, and 6-6.5.
    m = metrics(
        prefill(0, 3, 0), prefill(1, 4, 1), prefill(6, 6.5, 1, 1),
        handoff(2, 5, 0), handoff(4, 7, 1), decode(7, 8),
    )  # fmt: skip
    assert m.handoff_hidden_s == pytest.approx((4 - 2) + 0.5)
    assert m.handoff_exposed_s == pytest.approx((6 - 4) + (7 - 6.5))


def test_a_gap_between_passes_exposes_what_moves_in_it():
    # Prefill 0-1 and 3-4; KV 1-2 exposed in the gap, and 4-5 after the end.
    m = metrics(
        prefill(0, 1, chunk=0), prefill(3, 4, chunk=1),
        handoff(1, 2, 0), handoff(4, 5, 1), decode(5, 6),
    )  # fmt: skip
    assert (m.handoff_hidden_s, m.handoff_exposed_s) == (0, 2)


def test_the_bubble_is_the_idle_share_of_the_prefill_pool_until_its_last_pass_ends():
    # Two stages for 3 s each, of which 2 and 2 are worked: 2 of 6 idle. Decode does not count.
    m = metrics(
        prefill(0, 1, 0, 0), prefill(1, 2, 0, 1), prefill(1, 2, 1, 0), prefill(2, 3, 1, 1),
        handoff(2, 4), decode(4, 100),
    )  # fmt: skip
    assert m.bubble == pytest.approx(2 / 6)


def test_the_bubble_of_equal_passes_is_that_of_theory():
    """(p - 1) / (m + p - 1), for p stages and m chunks (Huang et al., GPipe, 2019)."""
    stages, chunks = 5, 12
    passes = [prefill(s + c, s + c + 1, s, c) for s in range(stages) for c in range(chunks)]
    m = metrics(*passes, handoff(16, 17), decode(17, 18))
    assert m.bubble == pytest.approx((stages - 1) / (chunks + stages - 1))


def test_a_lone_stage_that_never_waits_has_no_bubble():
    passes = [prefill(c * 0.1, (c + 1) * 0.1, 0, c) for c in range(50)]
    m = metrics(*passes, handoff(5, 6), decode(6, 7))
    assert m.bubble == pytest.approx(0, abs=1e-12)
    assert m.bubble >= 0


def test_busy_time_by_device_and_bytes_by_channel():
    m = metrics(
        prefill(0, 2, 0), prefill(2, 5, 1),
        transfer(Activations(0, 1, 0), 3.0, (OTHER,), 2, 3),
        handoff(2, 4, size=10.0, path=(WIRE, OTHER)),
        handoff(5, 6, 1, size=5.0, path=(WIRE,)),
        decode(6, 10),
    )  # fmt: skip
    busy = m.device_busy.set_index("device")
    assert busy.busy_s.to_dict() == {"prefill GPU 0": 2, "prefill GPU 1": 3, "decode GPU 0": 4}
    assert busy.share.to_dict() == {"prefill GPU 0": 0.2, "prefill GPU 1": 0.3, "decode GPU 0": 0.4}
    use = m.channel_use.set_index("channel")
    assert use.bytes.to_dict() == {"wire": 15, "other": 13}
    # Of what each could have carried in 10 s.
    assert use.utilisation.to_dict() == {"wire": 15 / 100, "other": 13 / 40}


def test_a_run_s_devices_and_channels_are_listed_in_the_order_of_the_machine():
    m = run(Scenario(pp=12, decode_pp=11)).metrics
    assert list(m.device_busy.device) == [
        *(f"prefill GPU {i}" for i in range(12)),
        *(f"decode GPU {i}" for i in range(11)),
    ]
    lanes = [name for name in m.channel_use.channel if name.startswith("prefill GPU")]
    assert lanes == [f"prefill GPU {i} lane {way}" for i in range(12) for way in ("out", "in")]


def test_events_are_two_for_a_transfer_and_one_for_a_job():
    m = metrics(prefill(0, 2), handoff(2, 3), decode(3, 5, 0), decode(5, 9, 1))
    assert m.events == 2 * 1 + 3
