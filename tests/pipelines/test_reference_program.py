"""The reference model reproduces the specification's program."""

import pytest

from simcore import Scenario, run

# As calculated by an exact event-by-event run of the specification's formulas.
TTDS_S = 0.4688125328475931
TPOT_S = 0.106644466012786


@pytest.fixture(scope="module")
def result():
    return run(
        Scenario(
            llm="LLaMA-3.1-70B",
            prefill_gpu="NVIDIA H100",
            decode_gpu="NVIDIA RTX PRO 6000",
            pp=8,
            prefill_nics=1,
            batch_size=1,
            prompt_tokens=8192,
            chunk_tokens=128,
            cost_model="reference",
        )
    )


def test_the_specification_s_check_to_the_last_digit(result):
    assert result.metrics.ttds_s == pytest.approx(TTDS_S, rel=1e-12)
    assert result.metrics.tpot_s == pytest.approx(TPOT_S, rel=1e-12)


def test_the_program_s_ten_microsecond_steps_print_almost_that(result):
    """It prints 0.46932 and 0.10663: up to a step off at each event that something waits for."""
    step = 10e-6
    assert result.metrics.ttds_s == pytest.approx(0.46932, abs=3 * (64 + 7) * step)
    assert result.metrics.tpot_s == pytest.approx(0.10663, abs=3 * 8 * step)


def test_tpot_by_hand(result):
    """Eight passes, and seven times 16 KiB over the narrowest wire after six latencies."""
    traffic = 70554470400 * 2 // 8 + (2 * 2 * 8192 * 80 * 8 * 128) // 8
    one_pass = traffic / (0.8 * 1694.5e9)
    # Lanes 12.5 us, cables 15 us; Ethernet 10.5 GB/s.
    hop = 4 * 12.5e-6 + 2 * 15e-6 + 2 * 8192 / 10.5e9
    assert result.metrics.tpot_s == pytest.approx(8 * one_pass + 7 * hop, rel=1e-12)


def test_a_stage_starts_when_activations_and_the_previous_handoff_are_there(result):
    table = result.trace
    rows = {
        kind: table[table.kind == kind].set_index(["stage", "chunk"])
        for kind in ("prefill", "handoff", "activations")
    }
    for stage in range(1, 8):
        for chunk in range(64):
            before = stage - 1, chunk
            ready = max(rows["handoff"].end_s[before], rows["activations"].end_s[before])
            assert rows["prefill"].start_s[stage, chunk] == ready


def test_decode_starts_with_the_last_stage_s_last_handoff(result):
    table = result.trace
    handoffs = table[(table.kind == "handoff") & (table.stage == 7)]
    decode = table[table.kind == "decode"]
    assert decode.start_s.min() == handoffs.end_s.max() == result.metrics.ttds_s
